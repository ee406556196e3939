"""Rows of other people's files in the order of clip files."""

import re

import numpy as np


def order_rows(tracks: np.ndarray, frames: np.ndarray, what: str) -> np.ndarray:
    """Rows in order of tracks, as they come, and of time.

    Args:
        tracks: Track of every row, (N,).
        frames: Number of its frame, (N,).
        what: What file it is, the start of messages.

    Returns:
        Indices of rows, (N,).

    Raises:
        ValueError: If a track has a frame twice.
    """
    names, first, code = np.unique(tracks, return_index=True, return_inverse=True)
    rank = np.empty(len(names), np.int64)
    rank[np.argsort(first)] = np.arange(len(names))
    order = np.lexsort([frames, rank[code.ravel()]])
    same = (tracks[order][1:] == tracks[order][:-1]) & (np.diff(frames[order]) == 0)
    if same.any():
        row = int(order[1:][same][0])
        raise ValueError(f'{what}: track {str(tracks[row])!r} has frame {int(frames[row])} twice')
    return order


def texts(values: np.ndarray) -> np.ndarray:
    """Strings or bytes as strings."""
    values = np.asarray(values)
    if values.dtype.kind == 'O':
        values = np.array([v.decode() if isinstance(v, bytes) else str(v) for v in values.tolist()])
    return np.char.decode(values, 'utf-8') if values.dtype.kind == 'S' else values.astype(str)


def frame_numbers(values: np.ndarray, what: str) -> np.ndarray:
    """Numbers of frames, or those at the end of names such as ``frame_000012.jpg``.

    Raises:
        ValueError: If a name has no number.
    """
    values = np.asarray(values)
    if values.dtype.kind in 'iuf':
        return values.astype(np.int64)
    numbers = [re.search(r'(\d+)(?:\.\w+)?$', name) for name in texts(values).tolist()]
    if None in numbers:
        row = numbers.index(None)
        raise ValueError(f'{what}: frame {str(values[row])!r} has no number at its end')
    return np.array([int(match[1]) for match in numbers if match], np.int64)
