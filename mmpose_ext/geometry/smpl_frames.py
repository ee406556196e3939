"""SMPL parameters under changes of the coordinate frame.

SMPL turns a body about its root joint J0, which depends on the shape and is not the origin:
``vertices = R0 (x - J0) + J0 + transl``. Parameters therefore change frames with a pivot term.
"""

from collections.abc import Sequence

from mmpose_ext.geometry.arrays import (
    Array,
    as_float,
    astype_of,
    broadcast_to,
    concatenate,
    library_of,
    transform,
)
from mmpose_ext.geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle


def world_to_camera_smpl(
    pose: Array, transl: Array, root_joint: Array, rotation: Array, translation: Array
) -> tuple[Array, Array]:
    """Rewrite SMPL parameters so that the body is moved rigidly, exactly.

    The new vertices are ``rotation @ vertices + translation``. That takes
    ``transl' = R transl + t + (R - I) J0``; without the last term the body is displaced.

    Args:
        pose: Rotation vectors, (..., 24, 3) in radians, or any number of joints; the first is the
            global orientation.
        transl: Translation of the body in metres, (..., 3).
        root_joint: The root joint of the body at rest, J0(betas), (..., 3) in metres.
        rotation: Rotation of the new frame's axes, such as a camera's extrinsic one, (..., 3, 3).
        translation: Translation of the extrinsics in metres, (..., 3).

    Returns:
        Pose and translation in the new frame, in the type of ``pose``; the angle of the global
        orientation is at most pi.

    Raises:
        ValueError: If a shape is another.
        TypeError: If tensors are mixed with numpy arrays.
    """
    library_of(pose, transl, root_joint, rotation, translation)
    pose, rotation = as_float(pose, (3,)), as_float(rotation, (3, 3))
    transl, root_joint = as_float(transl, (3,)), as_float(root_joint, (3,))
    translation = as_float(translation, (3,))
    root = rotation @ axis_angle_to_matrix(pose[..., 0, :])
    moved = transform(rotation, transl + root_joint) + translation - root_joint
    return _with_root(pose, matrix_to_axis_angle(root)), astype_of(pose, moved)


def mirror_smpl(
    pose: Array, transl: Array, root_joint: Array, flip_indices: Sequence[int]
) -> tuple[Array, Array]:
    """Rewrite SMPL parameters so that they describe the mirror image x -> -x of a body.

    The root joint mirrors exactly; the vertices do to the extent that the body at rest is
    symmetric, each landing on the mirror image of its partner on the other side.

    Args:
        pose: Rotation vectors, (..., 24, 3) in radians.
        transl: Translation of the body in metres, (..., 3).
        root_joint: The root joint of the body at rest, J0(betas), (..., 3) in metres.
        flip_indices: For each of the 24 joints the index of its mirror image.

    Returns:
        Pose and translation of the mirrored body.

    Raises:
        ValueError: If a shape is another.
        TypeError: If tensors are mixed with numpy arrays.
    """
    library_of(pose, transl, root_joint)
    pose = as_float(pose, (len(flip_indices), 3))
    transl, root_joint = as_float(transl, (3,)), as_float(root_joint, (3,))
    # A mirrored rotation turns the other way about the mirrored axis: x stays, y and z change sign.
    swapped = pose[..., list(flip_indices), :]
    mirrored = concatenate([swapped[..., :1], -swapped[..., 1:]])
    root = transl + root_joint
    transl = concatenate([-root[..., :1], root[..., 1:]]) - root_joint
    return mirrored, astype_of(pose, transl)


def _with_root(pose: Array, root: Array) -> Array:
    body: Array = pose[..., 1:, :]
    if root.shape[:-1] != pose.shape[:-2]:
        body = broadcast_to(body, (*root.shape[:-1], *body.shape[-2:]))
    return concatenate([astype_of(pose, root)[..., None, :], body], axis=-2)
