"""Read .npz files and pickles of plain objects, without running what they may contain."""

import pickle
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from .columns import check_file


def _encode(text: str, encoding: str) -> bytes:
    """``_codecs.encode``, by which protocol 2 stores bytes."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError(f'asks for the encoding {encoding!r}')
    return text.encode('latin1')


# NumPy's own functions under the names that NumPy 1 and 2 have written to files.
_ALLOWED: dict[tuple[str, str], Any] = {
    ('numpy', 'ndarray'): np.ndarray,
    ('numpy', 'dtype'): np.dtype,
    ('_codecs', 'encode'): _encode,
}
for _module in ('numpy.core.multiarray', 'numpy._core.multiarray'):
    _ALLOWED[_module, '_reconstruct'] = np.empty(0).__reduce__()[0]
    _ALLOWED[_module, 'scalar'] = np.float64(0).__reduce__()[0]


_DAMAGES = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
)


def find_plain_class(module: str, name: str) -> Any:
    """What a pickle of arrays and plain objects may ask for.

    Raises:
        pickle.UnpicklingError: If it asks for anything else.
    """
    allowed = _ALLOWED.get((module, name))
    if allowed is None:
        raise pickle.UnpicklingError(
            f'asks for {module}.{name}; only arrays and plain objects are loaded, nothing was run'
        )
    return allowed


def read_plain_pickle(file: str, what: str) -> Any:
    """Read a pickle of arrays, numbers, strings, lists and dicts, such as 3DPW's.

    Args:
        file: Path of a local file, of Python 2 or 3.
        what: What the file is, for messages.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If it is damaged, or asks for anything but arrays and plain objects.
    """
    check_file(file, what)
    try:
        with open(file, 'rb') as stream:
            return PlainUnpickler(stream, encoding='latin1').load()
    except _DAMAGES as error:
        raise ValueError(f'{what} {file!r} is not a readable pickle: {error}') from error


def read_plain_npz(file: str, what: str) -> dict[str, Any]:
    """Read an .npz file whose entries are arrays, or objects of arrays, numbers, strings and lists.

    NumPy reads such objects only with ``allow_pickle=True``, which lets a file run any code.

    Args:
        file: Path of a local file.
        what: What the file is, for messages.

    Returns:
        dict: Arrays by name; an object that was stored as a whole comes as that object.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If it is damaged, or asks for anything but arrays and plain objects.
    """
    check_file(file, what)
    try:
        with zipfile.ZipFile(file) as archive:
            content = {}
            for name in archive.namelist():
                with archive.open(name) as stream:
                    content[Path(name).stem] = _read_array(stream)
            return content
    except _DAMAGES as error:
        raise ValueError(f'{what} {file!r} is not a readable .npz file: {error}') from error


def _read_array(stream: IO[bytes]) -> Any:
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise ValueError(f'got a .npy entry of version {version}, expected 1.0 or 2.0')
    shape, fortran, dtype = read_header(stream)
    if dtype.hasobject:
        array = PlainUnpickler(stream, encoding='latin1').load()
        return array.item() if isinstance(array, np.ndarray) and array.ndim == 0 else array
    count = int(np.prod(shape, dtype=np.int64))
    data = stream.read(count * dtype.itemsize)
    array = np.frombuffer(data, dtype, count)
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


class PlainUnpickler(pickle.Unpickler):
    """Unpickles arrays and what needs no class: dicts, lists, strings, numbers."""

    def find_class(self, module: str, name: str) -> Any:
        """Only NumPy's arrays."""
        return find_plain_class(module, name)
