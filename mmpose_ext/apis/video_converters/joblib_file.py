"""Read what ``joblib.dump`` wrote, without running what it may contain."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path
from typing import IO, Any

import numpy as np

from mmpose_ext.datasets.datasets.mesh.plain_npz import PlainUnpickler, find_plain_class

_WRAPPER = ('joblib.numpy_pickle', 'NumpyArrayWrapper')
_COMPRESSED = (b'\x78', b'\x1f\x8b', b'BZh', b'\xfd7zXZ', b']\x00', b'\x04"M\x18')
_DAMAGES = (
    *(pickle.UnpicklingError, OSError, EOFError, ValueError, TypeError, AttributeError),
    *(IndexError, KeyError, MemoryError, OverflowError, struct.error),
)
# Larger arrays stay in the file.
_LARGEST_READ = 1 << 20


def read_joblib(path: str | Path) -> Any:
    """Read a file of arrays, dicts, lists, strings and numbers that joblib wrote, uncompressed.

    joblib itself runs any code that the file asks for. Large arrays are mapped, not read.

    Args:
        path: The file, such as VIBE's ``*_db.pt``.

    Returns:
        What was written. Large arrays are read-only.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If it is compressed, another kind of file, damaged, or asks for anything but
            arrays and plain objects.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path.absolute()} does not exist')
    with path.open('rb') as file:
        start = file.read(6)
        file.seek(0)
        if start[:2] == b'PK':
            raise ValueError(f'{path} is a zip archive, such as torch.save writes, not of joblib')
        if start.startswith(_COMPRESSED):
            raise ValueError(
                f'{path} is compressed; write it anew with joblib: '
                'joblib.dump(joblib.load(old), new)'
            )
        try:
            return _JoblibUnpickler(file, path).load()
        except _DAMAGES as error:
            raise ValueError(f'{path} is not a readable file of joblib: {error}') from error


class _ArrayWrapper:
    """Stands for joblib's description of an array whose bytes follow in the file."""

    shape: tuple[int, ...]
    dtype: np.dtype
    order: str
    numpy_array_alignment_bytes: int | None = None


# Only the unpickler in Python lets bytes lie between its opcodes.
class _JoblibUnpickler(pickle._Unpickler):
    dispatch = pickle._Unpickler.dispatch.copy()

    def __init__(self, file: IO[bytes], path: Path) -> None:
        super().__init__(file)
        self._bytes, self._path = file, path

    def find_class(self, module: str, name: str) -> Any:
        """Only arrays, and joblib's description of them."""
        return _ArrayWrapper if (module, name) == _WRAPPER else find_plain_class(module, name)

    def load_build(self) -> None:
        """Finish an object; if it describes an array, read that in its place."""
        super().load_build()
        if isinstance(self.stack[-1], _ArrayWrapper):
            self.stack[-1] = self._read(self.stack[-1])

    dispatch[pickle.BUILD[0]] = load_build

    def _read(self, wrapper: _ArrayWrapper) -> np.ndarray:
        dtype, shape = wrapper.dtype, tuple(wrapper.shape)
        if dtype.hasobject:
            return PlainUnpickler(self._bytes, encoding='latin1').load()
        if wrapper.numpy_array_alignment_bytes is not None:
            (padding,) = self._bytes.read(1)
            self._bytes.read(padding)
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if size > _LARGEST_READ:
            place = self._bytes.tell()
            # Raises where the file is too short.
            array = np.memmap(self._path, dtype, 'r', place, shape, wrapper.order)
            self._bytes.seek(place + size)
            return array
        data = self._bytes.read(size)
        if len(data) != size:
            raise EOFError(f'an array ends after {len(data)} of {size} bytes')
        return np.ndarray(shape, dtype, data, order=wrapper.order)
