"""Bring people from Anny's rest pose to SMPL's."""

import numpy as np

from mmpose_ext.body_models.joints import JOINTS, PARENTS

PELVIS = np.array([0.0, -0.2233, 0.0282])
"""Where SMPL's neutral template has the pelvis joint."""


def rotations_to_t_pose(joints: np.ndarray, knuckles: np.ndarray) -> np.ndarray:
    """Global rotation (N, 24, 3, 3) that brings each joint's limb to SMPL's T-pose.

    Arms become horizontal with palms down, so that elbows bend about the vertical axis and
    forward, as in SMPL; legs become nearly parallel; trunk, head and feet keep their direction.
    """
    rotations = np.broadcast_to(np.eye(3), (*joints.shape[:-1], 3, 3)).copy()

    def bone(first: str, second: str) -> np.ndarray:
        return joints[:, JOINTS.index(second)] - joints[:, JOINTS.index(first)]

    upper, lower = bone('left_shoulder', 'left_elbow'), bone('left_elbow', 'left_wrist')
    hinge = np.cross(upper, lower)
    arm = frame(np.array([1.0, 0, 0]), np.array([0, -1.0, 0]))
    thigh = frame(np.array([0.05, -1, 0.02]), np.array([1.0, 0, 0]))
    shank = frame(np.array([-0.01, -1, -0.08]), np.array([1.0, 0, 0]))
    sideways = np.array([1.0, 0, 0])
    middle = knuckles.mean(1) - joints[:, JOINTS.index('left_wrist')]
    across = np.cross(middle, knuckles[:, 0] - knuckles[:, 1])
    left = {
        'shoulder': arm @ frame(upper, hinge).swapaxes(1, 2),
        'elbow': arm @ frame(lower, hinge).swapaxes(1, 2),
        'wrist': arm @ frame(middle, across).swapaxes(1, 2),
        'hip': thigh @ frame(bone('left_hip', 'left_knee'), sideways).swapaxes(1, 2),
        'knee': shank @ frame(bone('left_knee', 'left_ankle'), sideways).swapaxes(1, 2),
    }
    left['hand'] = left['wrist']
    reflect = np.diag([-1.0, 1, 1])
    for name, rotation in left.items():
        rotations[:, JOINTS.index(f'left_{name}')] = rotation
        rotations[:, JOINTS.index(f'right_{name}')] = reflect @ rotation @ reflect
    return rotations


def unpose(
    vertices: np.ndarray, joints: np.ndarray, rotations: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Invert linear blend skinning: the T-pose whose posing gives ``vertices`` exactly."""
    posed = np.empty_like(joints)
    posed[:, 0] = PELVIS
    for index, parent in enumerate(PARENTS[1:], start=1):
        offset = joints[:, index] - joints[:, parent]
        posed[:, index] = posed[:, parent] + np.einsum('nij,nj->ni', rotations[:, parent], offset)
    inverse = rotations.swapaxes(-1, -2)
    shift = joints - np.einsum('njab,njb->nja', inverse, posed)
    linear = np.einsum('vj,njab->nvab', weights, inverse)
    offset = np.einsum('vj,nja->nva', weights, shift)
    return np.linalg.solve(linear, (vertices - offset)[..., None])[..., 0], posed


def frame(forward: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Orthonormal columns (..., 3, 3): ``forward``, ``side`` made orthogonal, their product."""
    forward = forward / np.linalg.norm(forward, axis=-1, keepdims=True)
    side = side - (side * forward).sum(-1, keepdims=True) * forward
    side = side / np.linalg.norm(side, axis=-1, keepdims=True)
    return np.stack([forward, side, np.cross(forward, side)], axis=-1)
