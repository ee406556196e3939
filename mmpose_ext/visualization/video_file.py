"""Films as MP4 files."""

from __future__ import annotations

import math
import os
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

_CODEC = 'mp4v'


class VideoFile:
    """Writes pictures into an MP4 file, which appears when it is complete.

    A context manager. The first picture decides the size; odd ones lose a column or a row, which
    MPEG-4 does not allow. At the end the file is read again: OpenCV says nothing where a codec is
    missing or a disk is full.

    Args:
        path: The file, ending with ``.mp4``. Its folder is made.
        fps: Pictures per second.

    Raises:
        ValueError: If the file has another suffix, or ``fps`` is not positive.
    """

    def __init__(self, path: str | Path, fps: float) -> None:
        self.path = Path(path)
        if self.path.suffix.lower() != '.mp4':
            raise ValueError(f'{path}: got suffix {self.path.suffix!r}, expected .mp4')
        if not (math.isfinite(fps) and fps > 0):
            raise ValueError(f'{path}: fps got {fps!r}, expected a positive number')
        self.fps = float(fps)
        self.count = 0
        self._writer: cv2.VideoWriter | None = None
        self._size: tuple[int, int] | None = None
        self._temporary = self.path.with_name(f'.{self.path.stem}.tmp-{os.getpid()}.mp4')

    def write(self, picture: np.ndarray) -> None:
        """Append a picture.

        Args:
            picture: (H, W, 3) uint8, RGB.

        Raises:
            ValueError: If it has another size than the first one.
            RuntimeError: If OpenCV cannot write films.
        """
        if self._writer is None:
            self._open(picture)
        if picture.shape[1::-1] != self._shape:
            raise ValueError(
                f'{self.path}: picture {self.count} got {picture.shape[1]} x {picture.shape[0]} '
                f'pixels, expected {self._shape[0]} x {self._shape[1]} as the first one'
            )
        width, height = self._size
        self._writer.write(np.ascontiguousarray(picture[:height, :width, ::-1]))
        self.count += 1

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.release()
        try:
            if kind is None:
                self._check()
                os.replace(self._temporary, self.path)
        finally:
            self._temporary.unlink(missing_ok=True)

    def _open(self, picture: np.ndarray) -> None:
        self._shape = picture.shape[1::-1]
        self._size = tuple(side // 2 * 2 for side in self._shape)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        code = cv2.VideoWriter.fourcc(*_CODEC)
        self._writer = cv2.VideoWriter(str(self._temporary), code, self.fps, self._size)
        if not self._writer.isOpened():
            raise RuntimeError(_explain(self.path, 'OpenCV cannot open it for writing'))

    def _check(self) -> None:
        if self._writer is None:
            raise ValueError(f'{self.path}: got no pictures, expected at least one')
        capture = cv2.VideoCapture(str(self._temporary))
        found = 0
        while capture.grab():
            found += 1
        capture.release()
        if found != self.count:
            raise RuntimeError(
                _explain(self.path, f'of {self.count} pictures {found} can be read again')
            )


def _explain(path: Path, problem: str) -> str:
    return (
        f'{path}: {problem}. Films need an OpenCV with FFmpeg and room on the disk; the wheels '
        f'opencv-python and opencv-python-headless have it (codec {_CODEC!r})'
    )
