"""Read SMPL's model files without running what they may contain, and write plain ones."""

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

KEYS = ('v_template', 'shapedirs', 'posedirs', 'J_regressor', 'weights', 'kintree_table', 'f')


def read_smpl_file(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of a SMPL file.

    The official ``.pkl`` files hold chumpy objects and SciPy matrices. Unpickling in general runs
    code of the file's choice; here it can only make arrays.

    Args:
        path: A ``.pkl`` or ``.npz`` file.

    Returns:
        Dense arrays by name, at least :data:`KEYS`.

    Raises:
        ValueError: If the file is damaged, asks for anything but arrays, or lacks a key.
    """
    read = _read_npz if path.suffix == '.npz' else _read_pickle
    content = read(path)
    missing = [key for key in KEYS if key not in content]
    if missing:
        raise ValueError(f'{path}: got no {", ".join(missing)}, expected a SMPL body model')
    arrays = {}
    for key in KEYS:
        try:
            arrays[key] = np.asarray(_dense(content[key]))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f'{path}: {key} is damaged: {error}') from error
        if arrays[key].dtype.kind not in 'fiu':
            raise ValueError(f'{path}: {key} got {arrays[key].dtype}, expected numbers')
    return arrays


def write_smpl_file(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write a SMPL file of plain arrays; a reader never sees half of it.

    Args:
        path: A ``.npz`` file, which is compressed and can hold nothing but arrays, or a ``.pkl``
            file, the only kind that ``smplx.SMPL`` opens by itself. Its folder is made.
        arrays: Arrays by name, as :func:`read_smpl_file` returns them.

    Raises:
        ValueError: If the suffix is another.
    """
    if path.suffix not in ('.npz', '.pkl'):
        raise ValueError(f'SMPL file got the name {path.name!r}, expected .npz or .pkl')
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.tmp-{os.getpid()}')
    content: dict[str, Any] = dict(arrays)
    try:
        with temporary.open('wb') as file:
            if path.suffix == '.npz':
                np.savez_compressed(file, **content)
            else:
                content.update(bs_type='lrotmin', bs_style='lbs')
                pickle.dump(content, file, protocol=2)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _read_npz(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in KEYS if key in file}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f'{path}: not a readable .npz file of plain arrays: {error}') from error


def _read_pickle(path: Path) -> dict[str, Any]:
    try:
        with path.open('rb') as file:
            content = _ArrayUnpickler(file, encoding='latin1').load()
    except (
        pickle.UnpicklingError,
        EOFError,
        AttributeError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
        UnicodeDecodeError,
        OverflowError,
        MemoryError,
    ) as error:
        raise ValueError(f'{path}: not a readable SMPL pickle: {error}') from error
    if not isinstance(content, dict):
        raise ValueError(f'{path}: got a {type(content).__name__}, expected a dict of arrays')
    return content


class _Recorded:
    """Stands for an object of a foreign class: keeps its state, has none of its behaviour."""

    def __init__(self, *_: Any) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.state = state


class _ChumpyArray(_Recorded):
    """``chumpy.ch.Ch``: a differentiable array whose value is ``x``."""


class _ChumpySelection(_Recorded):
    """``chumpy.reordering.Select``: elements ``idxs`` of the flattened ``a``."""


class _SparseMatrix(_Recorded):
    """``scipy.sparse.csc_matrix`` and its row-wise sibling."""

    layout: type[sparse.spmatrix]


class _SparseColumns(_SparseMatrix):
    layout = sparse.csc_matrix


class _SparseRows(_SparseMatrix):
    layout = sparse.csr_matrix


def _dense(value: Any) -> np.ndarray:
    if isinstance(value, _ChumpyArray):
        return _dense(value.state['x'])
    if isinstance(value, _ChumpySelection):
        selected = _dense(value.state['a']).ravel()[np.asarray(value.state['idxs'])]
        return selected.reshape(value.state['preferred_shape'])
    if isinstance(value, _SparseMatrix):
        state = value.state
        shape = state.get('_shape', state.get('shape'))
        matrix = value.layout((state['data'], state['indices'], state['indptr']), shape=shape)
        matrix.check_format(full_check=True)
        return matrix.toarray()
    return value


def _reconstructor(cls: type, base: type, state: Any) -> Any:
    """``copyreg._reconstructor`` for recorded objects, the only ones old pickles make so."""
    if not (isinstance(cls, type) and issubclass(cls, _Recorded)):
        raise pickle.UnpicklingError(f'asks to construct {cls!r}')
    return cls()


def _encode(text: str, encoding: str) -> bytes:
    """``_codecs.encode``, by which protocol 2 stores bytes."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError(f'asks for the encoding {encoding!r}')
    return text.encode('latin1')


# NumPy's own functions under the names that NumPy 1 and 2, and SciPy's, have written to files.
_ALLOWED: dict[tuple[str, str], Any] = {
    ('numpy', 'ndarray'): np.ndarray,
    ('numpy', 'dtype'): np.dtype,
    ('_codecs', 'encode'): _encode,
    ('copy_reg', '_reconstructor'): _reconstructor,
    ('copyreg', '_reconstructor'): _reconstructor,
    ('__builtin__', 'object'): object,
    ('builtins', 'object'): object,
    ('__builtin__', 'set'): set,
    ('builtins', 'set'): set,
    ('chumpy.ch', 'Ch'): _ChumpyArray,
    ('chumpy.reordering', 'Select'): _ChumpySelection,
}
for _core in ('numpy.core.multiarray', 'numpy._core.multiarray'):
    _ALLOWED[_core, '_reconstruct'] = np.empty(0).__reduce__()[0]
    _ALLOWED[_core, 'scalar'] = np.float64(0).__reduce__()[0]
for _package in ('scipy.sparse.', 'scipy.sparse._'):
    _ALLOWED[f'{_package}csc', 'csc_matrix'] = _SparseColumns
    _ALLOWED[f'{_package}csr', 'csr_matrix'] = _SparseRows


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickles arrays, and records chumpy objects and sparse matrices."""

    def find_class(self, module: str, name: str) -> Any:
        allowed = _ALLOWED.get((module, name))
        if allowed is None:
            raise pickle.UnpicklingError(
                f'asks for {module}.{name}; only arrays are loaded, nothing was run'
            )
        return allowed
