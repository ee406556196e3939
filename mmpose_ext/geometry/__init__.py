"""Rotations and cameras: pure functions on arrays."""

from .cameras import PinholeCamera, project, unproject
from .rotations import (
    axis_angle_to_matrix,
    matrix_to_axis_angle,
    matrix_to_rotation_6d,
    rotation_6d_to_matrix,
)

__all__ = [
    'PinholeCamera',
    'axis_angle_to_matrix',
    'matrix_to_axis_angle',
    'matrix_to_rotation_6d',
    'project',
    'rotation_6d_to_matrix',
    'unproject',
]
