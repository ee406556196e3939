"""Compiled loops over vertices, for which NumPy would copy every mesh several times."""

from __future__ import annotations

import numpy as np
from numba import njit

# NaN and infinity must survive: the metrics look for them in the results.
_FAST = {'reassoc', 'contract', 'arcp', 'nsz'}


@njit(cache=True, nogil=True, fastmath=_FAST)
def regress(
    vertices: np.ndarray, starts: np.ndarray, columns: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Multiply a sparse (K, V) matrix with every mesh (B, V, 3); (B, K, 3) float64."""
    last = len(vertices) - 1
    joints = np.empty((len(vertices), len(starts) - 1, 3))
    # Two meshes at a time, which share the entries of the matrix. An odd one is done twice.
    for first in range(0, last + 1, 2):
        second = min(first + 1, last)
        mesh, other = vertices[first], vertices[second]
        for k in range(len(starts) - 1):
            x = y = z = other_x = other_y = other_z = 0.0
            for i in range(starts[k], starts[k + 1]):
                vertex, weight = columns[i], weights[i]
                x += weight * mesh[vertex, 0]
                y += weight * mesh[vertex, 1]
                z += weight * mesh[vertex, 2]
                other_x += weight * other[vertex, 0]
                other_y += weight * other[vertex, 1]
                other_z += weight * other[vertex, 2]
            joints[first, k, 0], joints[first, k, 1], joints[first, k, 2] = x, y, z
            joints[second, k, 0], joints[second, k, 1] = other_x, other_y
            joints[second, k, 2] = other_z
    return joints


@njit(cache=True, nogil=True, fastmath=_FAST)
def mean_distances(first: np.ndarray, second: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Mean distance of the points of (B, V, 3) from others that were shifted by (B, 3)."""
    means = np.empty(len(first))
    for b in range(len(first)):
        total = 0.0
        shift_x, shift_y, shift_z = shifts[b, 0], shifts[b, 1], shifts[b, 2]
        for v in range(first.shape[1]):
            x = first[b, v, 0] - second[b, v, 0] - shift_x
            y = first[b, v, 1] - second[b, v, 1] - shift_y
            z = first[b, v, 2] - second[b, v, 2] - shift_z
            total += np.sqrt(x * x + y * y + z * z)
        means[b] = total / first.shape[1]
    return means
