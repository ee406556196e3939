"""Keypoints and parts of a body."""

import numpy as np

from mmpose_ext.body_models.body_model import BodyModel
from mmpose_ext.body_models.keypoint_sets import REGRESSOR_FILES


def regressor(body: BodyModel, name: str) -> np.ndarray:
    """Matrix that reads a named set of keypoints off a body's vertices, posed or not.

    Args:
        body: The body.
        name: A name of :data:`KEYPOINT_SETS`, or ``'smpl24'`` for SMPL's own joint regressor,
            which is exact for bodies at rest only: for posed ones :meth:`BodyModel.skin` returns
            the joints.

    Returns:
        (K, V) float32; rows sum to one.

    Raises:
        ValueError: If the body has no such set.
    """
    if name == 'smpl24':
        return body.J_regressor
    if name not in body.regressors:
        known = sorted([*body.regressors, 'smpl24'])
        hint = ''
        if name in REGRESSOR_FILES:
            hint = f'; put {REGRESSOR_FILES[name]} beside the model file'
        raise ValueError(f'{body.name}: keypoint set got {name!r}, expected one of {known}{hint}')
    return body.regressors[name]


def body_parts(body: BodyModel) -> np.ndarray:
    """Label every vertex with the joint that moves it most.

    Args:
        body: The body.

    Returns:
        (V,) uint8, indices of :data:`JOINTS`.
    """
    return body.weights.argmax(axis=1).astype(np.uint8)
