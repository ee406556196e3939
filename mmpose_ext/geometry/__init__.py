"""Rotations, cameras and alignment: pure functions on numpy arrays and tensors."""

from .cameras import PinholeCamera, project, project_points, unify_cameras, unproject
from .crop_cameras import crop_camera, fold_affine
from .predicted_cameras import (
    crop_translation,
    image_camera,
    image_translation,
    predicted_to_crop,
    predicted_to_image,
)
from .procrustes import procrustes, similarity_align
from .rotations import (
    axis_angle_to_matrix,
    interleaved_to_columns,
    matrix_to_axis_angle,
    matrix_to_rotation_6d,
    rotation_6d_to_matrix,
)
from .smpl_frames import mirror_smpl, world_to_camera_smpl
from .weak_perspective import (
    weak_full_image_camera,
    weak_image_intrinsics,
    weak_to_crop,
    weak_to_image,
    weak_translation,
)

__all__ = [
    'PinholeCamera',
    'axis_angle_to_matrix',
    'crop_camera',
    'crop_translation',
    'fold_affine',
    'image_camera',
    'image_translation',
    'interleaved_to_columns',
    'matrix_to_axis_angle',
    'matrix_to_rotation_6d',
    'mirror_smpl',
    'predicted_to_crop',
    'predicted_to_image',
    'procrustes',
    'project',
    'project_points',
    'rotation_6d_to_matrix',
    'similarity_align',
    'unify_cameras',
    'unproject',
    'weak_full_image_camera',
    'weak_image_intrinsics',
    'weak_to_crop',
    'weak_to_image',
    'weak_translation',
    'world_to_camera_smpl',
]
