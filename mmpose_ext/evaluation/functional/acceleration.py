"""Accelerations of joints in a track: second differences, in the points' unit per frame squared.

A second difference of 1 mm per frame squared is 0.9 m/s² at 30 frames per second, 0.625 m/s² at 25:
numbers of videos with other frame rates cannot be compared.
"""

from __future__ import annotations

import numpy as np


def acceleration(points: np.ndarray) -> np.ndarray:
    """Mean over joints of the length of their acceleration.

    It tells how much a motion shakes, and nothing of whether the truth moves alike: a frozen body
    has 0. See :func:`acceleration_error`.

    Args:
        points: (F, J, 3), frame by frame.

    Returns:
        (F - 2,) float64, of all frames but the first and the last; empty for F below 3.

    Raises:
        ValueError: If the shape is another.
    """
    points = np.asarray(points)
    if points.ndim != 3 or points.shape[-1] != 3:
        raise ValueError(f'points got shape {points.shape}, expected (F, J, 3)')
    if len(points) < 3:
        return np.zeros(0)
    points = points.astype(np.float64)
    second = points[:-2] - 2 * points[1:-1] + points[2:]
    return np.linalg.norm(second, axis=-1).mean(-1)


def acceleration_error(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Mean over joints of the distance between predicted and true acceleration.

    Args:
        predicted: (F, J, 3), frame by frame.
        target: Same shape.

    Returns:
        (F - 2,) float64, as :func:`acceleration`.

    Raises:
        ValueError: If the shapes differ.
    """
    predicted, target = np.asarray(predicted), np.asarray(target)
    if predicted.shape != target.shape:
        raise ValueError(f'got shapes {predicted.shape} and {target.shape}, expected the same')
    # The second difference is linear.
    return acceleration(predicted.astype(np.float64) - target)


def whole_triples(valid: np.ndarray) -> np.ndarray:
    """Which accelerations are made of three valid frames.

    Args:
        valid: (F,) bool.

    Returns:
        (F - 2,) bool; empty for F below 3.
    """
    valid = np.asarray(valid, bool)
    return valid[:-2] & valid[1:-1] & valid[2:]


def consecutive_triples(tracks: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Which accelerations are made of three frames that follow each other in one track.

    Args:
        tracks: Number of each row's track, (F,); rows of a track in the order of their frames.
        frames: Number of each row's frame in its video, (F,).

    Returns:
        (F - 2,) bool; empty for F below 3.
    """
    tracks, frames = np.asarray(tracks), np.asarray(frames)
    follows = (tracks[1:] == tracks[:-1]) & (frames[1:] - frames[:-1] == 1)
    return follows[:-1] & follows[1:]
