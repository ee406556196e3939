"""The joints that datasets of videos annotate, read off a posed body by name."""

from functools import lru_cache

import numpy as np
from scipy import sparse

from mmpose_ext.body_models import JOINTS, BodyModel
from mmpose_ext.body_models.spin_joints import spin_chain, spin_regressor
from mmpose_ext.skeletons import MPI_INF_3DHP28, SPIN24, SPIN49, Skeleton

# What SPIN's annotated joints lack of MPI-INF-3DHP's: SMPL's joints and toes, in parts. Its spine
# is the middle of the trunk, and the further three lie between that and the neck.
_OF_OTHERS = {
    'spine2': {'smpl_spine3': 1.0},
    'spine3': {'smpl_spine3': 0.67, 'neck': 0.33},
    'spine4': {'smpl_spine3': 0.33, 'neck': 0.67},
    **{f'{side}_clavicle': {f'smpl_{side}_collar': 1.0} for side in ('left', 'right')},
    **{f'{side}_hand': {f'smpl_{side}_hand': 1.0} for side in ('left', 'right')},
    **{f'{side}_foot': {f'smpl_{side}_foot': 1.0} for side in ('left', 'right')},
    **{f'{side}_toe': {f'op_{side}_big_toe': 1.0} for side in ('left', 'right')},
}


def annotated_joints(
    skeleton: Skeleton, body: BodyModel, vertices: np.ndarray, joints: np.ndarray
) -> np.ndarray:
    """Read a convention's joints off a posed body.

    Joints that SPIN's annotated 24 have are those, so that labels in any convention and SPIN's
    joints of the SMPL parameters are the same points.

    Args:
        skeleton: The convention, one of those of video datasets.
        body: The body model.
        vertices: (V, 3).
        joints: SMPL's joints, (24, 3).

    Returns:
        (K, 3) float64.

    Raises:
        KeyError: If the convention has a joint that is not known here.
    """
    of_vertices, of_joints = _matrices(skeleton, body)
    return of_vertices @ vertices.astype(np.float64) + of_joints @ joints.astype(np.float64)


@lru_cache
def _matrices(skeleton: Skeleton, body: BodyModel) -> tuple[sparse.csr_matrix, np.ndarray]:
    names = [*SPIN49.keypoints, *(f'smpl_{joint}' for joint in JOINTS)]
    parts = np.zeros((skeleton.num_keypoints, len(names)))
    for row, name in enumerate(skeleton.keypoints):
        own = {name: 1.0} if name in SPIN24.keypoints else _OF_OTHERS[name]
        for part, share in own.items():
            parts[row, names.index(part)] = share
    spin, smpl = parts[:, : SPIN49.num_keypoints], parts[:, SPIN49.num_keypoints :]
    return sparse.csr_matrix(spin @ spin_regressor(body)), spin @ spin_chain() + smpl


def studio_joints(body: BodyModel, vertices: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """MPI-INF-3DHP's 28 joints, (28, 3); see :func:`annotated_joints`."""
    return annotated_joints(MPI_INF_3DHP28, body, vertices, joints)
