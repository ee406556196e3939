"""What metrics read from the data sample of one clip, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from .person_fields import as_numpy


class Measured(NamedTuple):
    """What is measured of R frames of a clip.

    Attributes:
        errors: One row per frame, one column per metric, (R, M) float64.
        predicted: Joints relative to their root in metres, (R, J, 3).
        target: The true ones, same shape.
    """

    errors: np.ndarray
    predicted: np.ndarray
    target: np.ndarray

    @classmethod
    def nothing(cls, metrics: int, joints: int) -> Measured:
        """No frames."""
        return cls(np.zeros((0, metrics)), *np.zeros((2, 0, joints, 3)))


def clip_of(sample: Mapping[str, Any]) -> str:
    """The video and the frames of a data sample, for messages."""
    frames = as_numpy(sample.get('frame_ids', ())).ravel()
    span = f'frames {frames[0]} to {frames[-1]}' if len(frames) else 'no frame_ids'
    return f'video {str(sample.get("video_id"))!r}, {span}'


def frame_of(sample: Mapping[str, Any], row: int) -> str:
    """One frame of a data sample, with its image where that is known, for messages."""
    frame = f'video {str(sample.get("video_id"))!r}, frame {as_numpy(sample["frame_ids"])[row]}'
    paths = sample.get('img_paths') or ()
    return f'{frame}, image {str(paths[row])!r}' if len(paths) > row else frame


def clip_key(sample: Mapping[str, Any]) -> tuple[Any, Any]:
    """What tells clips apart: a distributed sampler repeats some, sources may share ids.

    Raises:
        ValueError: If the sample lacks ``id``, ``video_id`` or ``frame_ids``.
    """
    for name in ('id', 'video_id', 'frame_ids'):
        if sample.get(name) is None:
            raise ValueError(
                f'{clip_of(sample)}: the sample has no {name}, expected it in its metainfo'
            )
    return sample.get('source'), sample['id']


def read_rows(sample: Mapping[str, Any], part: str, key: str, shape: tuple[int, ...]) -> np.ndarray:
    r"""Read an array of a clip that has a row per frame.

    Args:
        sample: A data sample as a dict, with ``frame_ids`` (T,).
        part: ``'pred_instances'`` or ``'gt_instances'``.
        key: Name of the array there, (T, \\*shape).
        shape: Expected shape of a row.

    Returns:
        The array, which may hold NaN, see :func:`read_finite`.

    Raises:
        ValueError: If there is no such array, or its shape is another. Names the clip.
    """
    fields = sample.get(part, {})
    if key not in fields:
        raise ValueError(f'{clip_of(sample)}: {part} has no {key!r}, got {sorted(fields)}')
    array = as_numpy(fields[key])
    expected = (len(as_numpy(sample['frame_ids'])), *shape)
    if array.shape != expected:
        raise ValueError(
            f'{clip_of(sample)}: {part} {key} got shape {array.shape}, expected {expected}: '
            'a row per frame'
        )
    return array


def read_finite(
    sample: Mapping[str, Any],
    part: str,
    key: str,
    shape: tuple[int, ...],
    rows: np.ndarray | None = None,
) -> np.ndarray:
    r"""Read an array as :func:`read_rows` does, and check some of its rows.

    Args:
        sample: The data sample.
        part: As of :func:`read_rows`.
        key: As of :func:`read_rows`.
        shape: Expected shape of a row.
        rows: Rows to take, (R,) int; all if omitted.

    Returns:
        (R, \\*shape).

    Raises:
        ValueError: As :func:`read_rows`, or if a value in these rows is not finite. Names the first
            such frame.
    """
    array = read_rows(sample, part, key, shape)
    rows = np.arange(len(array)) if rows is None else rows
    taken = array[rows]
    bad = ~np.isfinite(taken).reshape(len(rows), math.prod(shape))
    if bad.any():
        row = int(bad.any(axis=1).argmax())
        raise ValueError(
            f'{frame_of(sample, int(rows[row]))}: {part} {key} got {int(bad[row].sum())} values of '
            f'{bad.shape[1]} that are NaN or infinite, expected finite ones'
        )
    return taken
