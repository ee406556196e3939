"""Conversions between representations of 3D rotations, of numpy arrays and of tensors.

Tensors stay tensors, with gradients; the formulas for them are in
:mod:`mmpose_ext.geometry.torch_rotations`.
"""

import numpy as np
import torch

from mmpose_ext.geometry import torch_rotations
from mmpose_ext.geometry.arrays import Array, as_float, concatenate

# The first elements of the two columns, the second ones, the third ones: columns of a 3x2 matrix.
_COLUMNS = [0, 2, 4, 1, 3, 5]


def axis_angle_to_matrix(axis_angle: Array) -> Array:
    """Turn rotation vectors into matrices by Rodrigues' formula.

    Args:
        axis_angle: Rotation vectors in radians, (..., 3).

    Returns:
        Rotation matrices, (..., 3, 3).

    Raises:
        ValueError: If the last dimension is not 3.
    """
    axis_angle = as_float(axis_angle, (3,))
    if isinstance(axis_angle, torch.Tensor):
        return torch_rotations.axis_angle_to_matrix(axis_angle)
    angle = np.linalg.norm(axis_angle, axis=-1)[..., None, None]
    # sinc keeps both coefficients exact at angle 0, where sin(a)/a is 0/0.
    first = np.sinc(angle / np.pi)
    second = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    skew = _skew(axis_angle)
    matrix = np.eye(3) + first * skew + second * (skew @ skew)
    return matrix.astype(axis_angle.dtype, copy=False)


def matrix_to_axis_angle(matrix: Array) -> Array:
    """Turn rotation matrices into rotation vectors of length at most pi.

    Goes through the unit quaternion, whose largest component is never close to zero, so that
    angles near 0 and near pi keep their accuracy. Any finite matrix has a finite result.

    Args:
        matrix: Rotation matrices, (..., 3, 3).

    Returns:
        Rotation vectors in radians, (..., 3).

    Raises:
        ValueError: If the last two dimensions are not (3, 3).
    """
    matrix = as_float(matrix, (3, 3))
    if isinstance(matrix, torch.Tensor):
        return torch_rotations.matrix_to_axis_angle(matrix)
    quaternion = _matrix_to_quaternion(matrix.astype(np.float64))
    # q and -q are one rotation; a non-negative real part selects the angle in [0, pi].
    quaternion = np.where(quaternion[..., :1] < 0, -quaternion, quaternion)
    real, imaginary = quaternion[..., :1], quaternion[..., 1:]
    sine = np.linalg.norm(imaginary, axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, real)
    scale = np.where(sine > 1e-12, angle / np.where(sine > 1e-12, sine, 1), 2)
    return (imaginary * scale).astype(matrix.dtype, copy=False)


def rotation_6d_to_matrix(rotation_6d: Array) -> Array:
    """Turn the continuous 6D representation into matrices by Gram-Schmidt.

    The six numbers are the first two *columns* of the matrix, one after the other (Zhou et al.,
    "On the Continuity of Rotation Representations in Neural Networks", CVPR 2019).

    Args:
        rotation_6d: (..., 6). Where the two vectors are zero or parallel there is no such rotation,
            and the result is finite but not one.

    Returns:
        Rotation matrices, (..., 3, 3).

    Raises:
        ValueError: If the last dimension is not 6.
    """
    rotation_6d = as_float(rotation_6d, (6,))
    if isinstance(rotation_6d, torch.Tensor):
        return torch_rotations.rotation_6d_to_matrix(rotation_6d)
    first = _normalize(rotation_6d[..., :3])
    second = rotation_6d[..., 3:]
    second = _normalize(second - (first * second).sum(-1, keepdims=True) * first)
    return np.stack([first, second, np.cross(first, second)], axis=-1)


def interleaved_to_columns(rotation_6d: Array) -> Array:
    """Reorder six numbers that were read as a 3x2 matrix, row by row, to its two columns.

    HMR's successors (SPIN, VIBE, 3DCrowdNet) reshape a network's output so; their checkpoints need
    ``rotation_6d_to_matrix(interleaved_to_columns(output))``.

    Args:
        rotation_6d: (..., 6).

    Returns:
        (..., 6), see :func:`rotation_6d_to_matrix`.

    Raises:
        ValueError: If the last dimension is not 6.
    """
    return as_float(rotation_6d, (6,))[..., _COLUMNS]


def matrix_to_rotation_6d(matrix: Array) -> Array:
    """Take the first two columns of rotation matrices as one vector of six.

    Args:
        matrix: Rotation matrices, (..., 3, 3).

    Returns:
        (..., 6), see :func:`rotation_6d_to_matrix`.

    Raises:
        ValueError: If the last two dimensions are not (3, 3).
    """
    matrix = as_float(matrix, (3, 3))
    return concatenate([matrix[..., 0], matrix[..., 1]])


def _skew(vector: np.ndarray) -> np.ndarray:
    x, y, z = np.moveaxis(vector, -1, 0)
    zero = np.zeros_like(x)
    rows = [zero, -z, y, z, zero, -x, -y, x, zero]
    return np.stack(rows, axis=-1).reshape(*vector.shape[:-1], 3, 3)


def _matrix_to_quaternion(matrix: np.ndarray) -> np.ndarray:
    diagonal = matrix[..., [0, 1, 2], [0, 1, 2]]
    trace = diagonal.sum(-1)
    # Row k holds 4 q_k (w, x, y, z); the row of the largest q_k is the accurate one.
    outer = np.empty((*matrix.shape[:-2], 4, 4))
    outer[..., 0, 0] = 1 + trace
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        outer[..., i + 1, i + 1] = 1 - trace + 2 * diagonal[..., i]
        difference = matrix[..., k, j] - matrix[..., j, k]
        total = matrix[..., j, k] + matrix[..., k, j]
        outer[..., 0, i + 1] = outer[..., i + 1, 0] = difference
        outer[..., j + 1, k + 1] = outer[..., k + 1, j + 1] = total
    largest = outer[..., range(4), range(4)].argmax(-1)
    row = np.take_along_axis(outer, largest[..., None, None], axis=-2)[..., 0, :]
    return row / np.linalg.norm(row, axis=-1, keepdims=True)


def _normalize(vector: np.ndarray) -> np.ndarray:
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-12)
