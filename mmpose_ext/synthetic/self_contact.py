"""A cheap test for bodies whose limbs run through each other."""

import numpy as np

from mmpose_ext.body_models.joints import PARENTS
from mmpose_ext.geometry import axis_angle_to_matrix

# Capsules: start joint, end joint, extension beyond the end (in bone lengths), radius in metres.
_CAPSULES = dict(
    belly=(0, 6, 0, 0.12),
    chest=(6, 12, -0.15, 0.115),
    head=(12, 15, 1.1, 0.095),
    left_thigh=(1, 4, 0, 0.065),
    right_thigh=(2, 5, 0, 0.065),
    left_shank=(4, 7, 0.1, 0.045),
    right_shank=(5, 8, 0.1, 0.045),
    left_arm=(16, 18, 0, 0.04),
    right_arm=(17, 19, 0, 0.04),
    left_forearm=(18, 20, 0.5, 0.035),
    right_forearm=(19, 21, 0.5, 0.035),
)
_PAIRS = (
    *(
        (f'{side}_forearm', part)
        for side in ('left', 'right')
        for part in ('belly', 'chest', 'head', 'left_thigh', 'right_thigh')
    ),
    ('left_forearm', 'right_forearm'),
    ('left_forearm', 'right_arm'),
    ('right_forearm', 'left_arm'),
    ('left_arm', 'head'),
    ('right_arm', 'head'),
    ('left_shank', 'right_shank'),
    ('left_shank', 'right_thigh'),
    ('right_shank', 'left_thigh'),
    ('left_thigh', 'right_thigh'),
)
# The thighs start next to each other in the hips, so they are compared from a third downwards.
_SAMPLES = np.linspace(0, 1, 7)
_THIGH_SAMPLES = np.linspace(0.35, 1, 7)
_NAMES = tuple(_CAPSULES)
_STARTS, _ENDS, _EXTENSIONS, _RADII = (np.array(column) for column in zip(*_CAPSULES.values()))
_POSITIONS = np.stack([_THIGH_SAMPLES if 'thigh' in name else _SAMPLES for name in _NAMES])
_FIRST, _SECOND = (np.array([_NAMES.index(pair[i]) for pair in _PAIRS]) for i in range(2))


def joint_positions(pose: np.ndarray, rest_joints: np.ndarray) -> np.ndarray:
    """Move the joints of a body by forward kinematics.

    Args:
        pose: Axis-angle rotations, (..., 24, 3).
        rest_joints: Joints of the rest pose in metres, (24, 3).

    Returns:
        (..., 24, 3) posed joints; the root stays where it is.
    """
    return joint_frames(pose, rest_joints)[0]


def joint_frames(pose: np.ndarray, rest_joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move the joints of a body, and tell how each is turned.

    Args:
        pose: Axis-angle rotations, (..., 24, 3).
        rest_joints: Joints of the rest pose in metres, (24, 3).

    Returns:
        (..., 24, 3) posed joints, the root where it is, and (..., 24, 3, 3) their rotations
        relative to the rest pose.
    """
    rotations = axis_angle_to_matrix(np.asarray(pose, np.float64))
    joints = np.broadcast_to(np.asarray(rest_joints, np.float64), np.shape(pose)).copy()
    for joint, parent in enumerate(PARENTS[1:], start=1):
        turned = rotations[..., parent, :, :]
        bone = rest_joints[joint] - rest_joints[parent]
        joints[..., joint, :] = joints[..., parent, :] + turned @ bone
        rotations[..., joint, :, :] = turned @ rotations[..., joint, :, :]
    return joints, rotations


def penetration(pose: np.ndarray, rest_joints: np.ndarray) -> float:
    """Measure how deep limbs run into each other or into the trunk.

    The body is a set of capsules, much thinner than the flesh, so that resting hands and crossed
    legs touch without counting.

    Args:
        pose: Axis-angle rotations, (24, 3).
        rest_joints: Joints of the rest pose in metres, (24, 3).

    Returns:
        Depth of the deepest overlap in metres, negative if all parts are apart.
    """
    joints = joint_positions(pose, rest_joints)
    along = (joints[_ENDS] - joints[_STARTS]) * (1 + _EXTENSIONS)[:, None]
    points = joints[_STARTS][:, None] + _POSITIONS[..., None] * along[:, None]
    gaps = points[_FIRST][:, :, None] - points[_SECOND][:, None]
    distances = np.sqrt((gaps**2).sum(-1).reshape(len(_PAIRS), -1).min(-1))
    return float((_RADII[_FIRST] + _RADII[_SECOND] - distances).max())
