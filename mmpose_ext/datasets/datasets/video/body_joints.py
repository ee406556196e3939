"""The 49 joints of many bodies."""

import numpy as np
import torch

from mmpose_ext.body_models import SMPLLayer
from mmpose_ext.geometry import axis_angle_to_matrix
from mmpose_ext.skeletons import SPIN49

_CHUNK = 512


def spin49_joints(
    pose: np.ndarray,
    betas: np.ndarray,
    transl: np.ndarray,
    genders: np.ndarray,
    body_model: str | None = None,
) -> np.ndarray:
    """Joints of :data:`SPIN49` of M bodies in the frame of their parameters.

    Only the vertices that joints are read off are skinned.

    Args:
        pose: Rotation vectors, (M, 24, 3) or (M, 72).
        betas: Shape parameters, (M, 10).
        transl: Translations in metres, (M, 3).
        genders: Names of genders, (M,).
        body_model: SMPL file or folder, see :func:`mmpose_ext.body_models.load_body_model`.

    Returns:
        (M, 49, 3) float32 in metres.
    """
    joints = np.zeros((len(pose), SPIN49.num_keypoints, 3), np.float32)
    for gender in np.unique(genders):
        rows = np.flatnonzero(genders == gender)
        layer = SMPLLayer(body_model, str(gender), joints='spin49')
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            rotations = axis_angle_to_matrix(torch.from_numpy(pose[part].reshape(-1, 24, 3)))
            with torch.no_grad():
                joints[part] = layer.joints(rotations, torch.from_numpy(betas[part])).numpy()
    return joints + np.asarray(transl, np.float32)[:, None]
