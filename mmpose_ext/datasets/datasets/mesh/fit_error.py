"""How far SMPL bodies are from the joints they were fitted to."""

import numpy as np

from mmpose_ext.body_models import BodyModel, regressor
from mmpose_ext.skeletons import H36M17, KeypointMap, Skeleton

from .posed_regressor import PosedRegressor
from .smpl_fits import SMPLFits


def fit_errors_mm(
    fits: SMPLFits, joints: np.ndarray, skeleton: Skeleton, body: BodyModel
) -> np.ndarray:
    """Mean distance of joints after their means were put together.

    The joints are those of Human3.6M's regressor that the skeleton has too; 3DCrowdNet judges fits
    so. The error does not depend on the position of the camera.

    Args:
        fits: M fits.
        joints: What they were fitted to, (M, K, 3) in metres, in the frame of the fits.
        skeleton: What the K joints are.
        body: The body model, with a ``h36m17`` regressor.

    Returns:
        np.ndarray: (M,) in millimetres.

    Raises:
        ValueError: If the body has no such regressor.
    """
    pairs = KeypointMap.between(skeleton, H36M17).pairs()
    annotated = joints[:, [source for source, _ in pairs]]
    matrix = regressor(body, 'h36m17')[[target for _, target in pairs]]
    fitted = PosedRegressor(body, matrix)(fits.pose, fits.betas)
    fitted = fitted - fitted.mean(axis=1, keepdims=True)
    annotated = annotated - annotated.mean(axis=1, keepdims=True)
    return np.linalg.norm(fitted - annotated, axis=-1).mean(axis=1) * 1000
