"""What the converters of video datasets share."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from mmpose_ext.apis.sharded_work import map_tasks
from mmpose_ext.datasets.datasets.video import ClipFile
from mmpose_ext.datasets.transforms.image_bytes import image_shape

_HEADER_BYTES = 1 << 16


class Converted(NamedTuple):
    """What became of a video, or of all.

    Args:
        table: Its rows; None if nothing is left.
        skipped: How much was left out, by reason.
    """

    table: ClipFile | None
    skipped: Counter[str]


class VideoConverter:
    """Turns the annotations of a dataset into the rows of a clip file, video by video.

    Subclasses say which videos there are and read one; videos are converted in many processes, and
    the rows come in the order of the videos whatever their number.
    """

    #: The dataset, the start of messages.
    title = ''

    def videos(self) -> Sequence[Any]:
        """What to convert, in the order of the rows: small and picklable.

        Raises:
            FileNotFoundError: If there is nothing.
        """
        raise NotImplementedError

    def convert(self, video: Any) -> Converted:
        """Read one of :meth:`videos`."""
        raise NotImplementedError

    def absent(self) -> Counter[str]:
        """What the dataset should have and is not there, by reason."""
        return Counter()

    def check(self, table: ClipFile) -> None:
        """Refuse what only shows in all rows together.

        Raises:
            ValueError: If the table cannot be right.
        """

    def __call__(self, task: tuple[int, Any]) -> tuple[int, Converted]:
        number, video = task
        return number, self.convert(video)


def convert_videos(
    converter: VideoConverter,
    workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Converted:
    """Convert a dataset.

    Args:
        converter: The dataset.
        workers: Number of processes; 0 works in this one.
        progress: Called with the number of finished and of all videos.

    Raises:
        FileNotFoundError: If files are missing.
        ValueError: If a file is damaged or wrong, or nothing is left.
    """
    videos = converter.videos()
    skipped = converter.absent()
    results: dict[int, Converted] = {}
    for number, result in map_tasks(converter, list(enumerate(videos)), len(videos), workers):
        results[number] = result
        if progress:
            progress(len(results), len(videos))
    parts = [results[number] for number in sorted(results)]
    for part in parts:
        skipped.update(part.skipped)
    tables = [part.table for part in parts if part.table is not None]
    if not tables:
        raise ValueError(f'{converter.title}: nothing is left, skipped: {dict(skipped)}')
    table = ClipFile.concatenate(_with_one_set_of_columns(tables, skipped))
    table.check(converter.title)
    converter.check(table)
    return Converted(table, skipped)


def _with_one_set_of_columns(tables: list[ClipFile], skipped: Counter[str]) -> list[ClipFile]:
    """Cameras of all rows or of none; bodies where there are any."""
    if any(table.camera is None for table in tables):
        if number := sum(table.camera is not None for table in tables):
            skipped['cameras of videos beside some that have none'] += number
        tables = [replace(table, camera=None) for table in tables]
    if all(table.has_smpl is None for table in tables):
        return tables
    return [table if table.has_smpl is not None else _without_bodies(table) for table in tables]


def _without_bodies(table: ClipFile) -> ClipFile:
    number = len(table)
    sizes = dict(smpl_pose=72, smpl_betas=10, smpl_transl=3)
    return replace(
        table,
        has_smpl=np.zeros(number, np.float32),
        gender=np.full(number, 'neutral'),
        **{name: np.zeros((number, size), np.float32) for name, size in sizes.items()},
    )


def read_mat(file: Path, needed: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Any]:
    """Read variables of a MATLAB file.

    Raises:
        ValueError: If it is damaged, or lacks one that is needed.
    """
    try:
        content = loadmat(file, variable_names=[*needed, *optional])
    except (
        *(MatReadError, zlib.error, ValueError, KeyError, TypeError, IndexError, OSError),
        *(NotImplementedError, OverflowError, MemoryError),
    ) as error:
        raise ValueError(f'{file} is not a readable MATLAB file: {error}') from error
    missing = [key for key in needed if key not in content]
    if missing:
        raise ValueError(f'{file} has no {missing}, it has {sorted(content)}')
    return content


def with_confidence(points: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Points (N, K, D) and confidences (N, K) as one array (N, K, D + 1) float32.

    What has no confidence is at the origin, so that nothing can depend on it.
    """
    known = confidence > 0
    points = np.where(known[..., None], points, 0)
    return np.concatenate([points, confidence[..., None]], axis=-1).astype(np.float32)


def joint_boxes(points: np.ndarray, known: np.ndarray, grow: float) -> np.ndarray:
    """Boxes around joints, grown about their centres because joints lie inside of a body.

    Args:
        points: (N, K, 2) in pixels.
        known: Which joints count, (N, K) bool, at least two in every row.
        grow: Factor of width and height.

    Returns:
        Left, top, width, height and score 1, (N, 5) float32; at least a pixel wide and high.
    """
    low = np.where(known[..., None], points, np.inf).min(axis=1)
    high = np.where(known[..., None], points, -np.inf).max(axis=1)
    size = np.maximum(grow * (high - low), 1)
    ones = np.ones((len(points), 1))
    return np.concatenate([(low + high - size) / 2, size, ones], axis=1).astype(np.float32)


def inside_image(points: np.ndarray, width: int, height: int) -> np.ndarray:
    """Whether all joints (N, K, 2) lie in the image, (N,) bool; those that are no number do not."""
    return ((points >= 0) & (points < [width, height])).all(axis=(1, 2))


def first_image_size(path: Path, default: tuple[int, int]) -> tuple[int, int]:
    """Width and height of a JPEG if it is there, else the default."""
    if not path.is_file():
        return default
    with path.open('rb') as file:
        shape = image_shape(file.read(_HEADER_BYTES))
    return default if shape is None else (shape[1], shape[0])


def fit_camera(points: np.ndarray, pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """The intrinsics that project points to pixels, by least squares.

    Args:
        points: In camera axes, (N, K, 3).
        pixels: Their images, (N, K, 2).

    Returns:
        Camera matrix (3, 3), and the median distance in pixels between projections and pixels.
    """
    points, pixels = points.reshape(-1, 3), pixels.reshape(-1, 2)
    camera = np.eye(3)
    projected = np.empty_like(pixels)
    for axis in range(2):
        slope = points[:, axis] / points[:, 2]
        line = np.stack([slope, np.ones_like(slope)], axis=1)
        (camera[axis, axis], camera[axis, 2]), *_ = np.linalg.lstsq(
            line, pixels[:, axis], rcond=None
        )
        projected[:, axis] = line @ [camera[axis, axis], camera[axis, 2]]
    return camera, float(np.median(np.linalg.norm(projected - pixels, axis=1)))
