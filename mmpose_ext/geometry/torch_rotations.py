"""The conversions of :mod:`mmpose_ext.geometry.rotations` for tensors.

All have finite gradients everywhere, the identity and half turns included. Nothing here is a matrix
product, so autocast leaves the precision alone.
"""

import torch
from torch import Tensor

# Below this square of an angle the first three terms of a series are exact in float64.
_SMALL = 1e-6


def axis_angle_to_matrix(axis_angle: Tensor) -> Tensor:
    """Rodrigues' formula, (..., 3) to (..., 3, 3)."""
    squared = (axis_angle * axis_angle).sum(-1)[..., None, None]
    small = squared < _SMALL
    # The root of zero has no derivative, so it is not taken where the series serves.
    angle = torch.where(small, 1, squared).sqrt()
    first = torch.where(
        small, 1 - squared / 6 + squared**2 / 120, torch.sin(angle) / angle
    )  # sin(a) / a
    second = torch.where(
        small, 0.5 - squared / 24 + squared**2 / 720, 2 * (torch.sin(angle / 2) / angle) ** 2
    )  # (1 - cos(a)) / a^2
    x, y, z = axis_angle.unbind(-1)
    zero = torch.zeros_like(x)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1)
    skew = skew.reshape(*axis_angle.shape[:-1], 3, 3)
    outer = axis_angle[..., :, None] * axis_angle[..., None, :]
    identity = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    return (1 - second * squared) * identity + first * skew + second * outer


def matrix_to_axis_angle(matrix: Tensor) -> Tensor:
    """Logarithm through the unit quaternion, (..., 3, 3) to (..., 3)."""
    quaternion = _matrix_to_quaternion(matrix)
    # q and -q are one rotation; a non-negative real part selects the angle in [0, pi].
    quaternion = torch.where(quaternion[..., :1] < 0, -quaternion, quaternion)
    real, imaginary = quaternion[..., :1], quaternion[..., 1:]
    squared = (imaginary * imaginary).sum(-1, keepdim=True)
    small = squared < _SMALL
    sine = torch.where(small, 1, squared).sqrt()
    near_one = torch.where(small, real, 1)
    ratio = squared / near_one**2
    # angle / sine, where angle = 2 atan(sine / real)
    scale = torch.where(
        small,
        2 / near_one * (1 - ratio / 3 + ratio**2 / 5),
        2 * torch.atan2(sine, real) / sine,
    )
    return imaginary * scale


def rotation_6d_to_matrix(rotation_6d: Tensor) -> Tensor:
    """Gram-Schmidt of two columns, (..., 6) to (..., 3, 3)."""
    first = _normalize(rotation_6d[..., :3])
    second = rotation_6d[..., 3:]
    second = _normalize(second - (first * second).sum(-1, keepdim=True) * first)
    return torch.stack([first, second, torch.linalg.cross(first, second)], -1)


def _matrix_to_quaternion(matrix: Tensor) -> Tensor:
    entry = [[matrix[..., i, j] for j in range(3)] for i in range(3)]
    x, y, z = (entry[i][i] for i in range(3))
    differences = [entry[k][j] - entry[j][k] for j, k in ((1, 2), (2, 0), (0, 1))]
    xy, xz, yz = (entry[j][k] + entry[k][j] for j, k in ((0, 1), (0, 2), (1, 2)))
    # Row k holds 4 q_k (w, x, y, z).
    rows = [
        [1 + x + y + z, *differences],
        [differences[0], 1 + x - y - z, xy, xz],
        [differences[1], xy, 1 - x + y - z, yz],
        [differences[2], xz, yz, 1 - x - y + z],
    ]
    outer = torch.stack([torch.stack(row, -1) for row in rows], -2)
    # In the row chosen so, 4 q_k^2 is never below 1 by more than rounding, whatever the matrix.
    chosen = torch.where(z < 1e-6, torch.where(x > y, 1, 2), torch.where(x < -y, 3, 0))
    row = torch.take_along_dim(outer, chosen[..., None, None], -2)[..., 0, :]
    return row / row.norm(dim=-1, keepdim=True)


def _normalize(vector: Tensor) -> Tensor:
    norm = vector.norm(dim=-1, keepdim=True)
    # A vector without a direction becomes zero, with zero instead of enormous gradients.
    return vector / torch.where(norm > 1e-12, norm, torch.inf)
