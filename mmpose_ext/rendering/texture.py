"""Smoothing that takes texture away and leaves structure."""

import cv2
import numpy as np
from scipy.sparse import diags
from scipy.sparse.linalg import cg

# Keep the weights finite where the picture is flat; the second also says what a sharp edge is.
_FLAT = 1e-3
_SHARP = 0.02
_FINEST_SCALE = 0.5


def smooth_texture(
    gray: np.ndarray, strength: float = 0.01, scale: float = 3.0, iterations: int = 4
) -> np.ndarray:
    """Smooth a picture by its relative total variation.

    Xu et al., "Structure Extraction from Texture via Relative Total Variation", SIGGRAPH Asia
    2012: gradients that cancel out in their neighbourhood are texture and cost more than those
    that add up. Each iteration solves a linear system over all pixels, by conjugate gradients; a
    picture of 256 x 256 pixels takes about half a second.

    Args:
        gray: (H, W) uint8, or float32 in [0, 1].
        strength: Weight of the smoothness.
        scale: Standard deviation in pixels of the neighbourhood, the size of what is texture;
            halved after every iteration.
        iterations: Number of iterations.

    Returns:
        (H, W) in the type and range of the input.

    Raises:
        ValueError: If the picture is not grey, or an argument is not positive.
    """
    if gray.ndim != 2 or gray.dtype not in (np.uint8, np.float32):
        raise ValueError(f'gray got {gray.dtype} {gray.shape}, expected (H, W) uint8 or float32')
    for name, value in dict(strength=strength, scale=scale, iterations=iterations).items():
        if not value > 0:
            raise ValueError(f'{name} got {value!r}, expected a positive number')
    unit = 255 if gray.dtype == np.uint8 else 1
    picture = smooth = gray.astype(np.float64) / unit
    for _ in range(iterations):
        smooth = _solve(picture, smooth, strength, scale)
        scale = max(scale / 2, _FINEST_SCALE)
    if gray.dtype == np.uint8:
        return np.rint(np.clip(unit * smooth, 0, unit)).astype(np.uint8)
    return smooth.astype(np.float32)


def _solve(picture: np.ndarray, smooth: np.ndarray, strength: float, scale: float) -> np.ndarray:
    width = picture.shape[1]
    # The last column has no right neighbour and the last row none below: their weights are zero.
    right = strength * _weights(np.diff(smooth, axis=1, append=smooth[:, -1:]), scale)
    down = strength * _weights(np.diff(smooth, axis=0, append=smooth[-1:]), scale)
    right[:, -1] = down[-1] = 0
    right, down = right.ravel(), down.ravel()
    diagonal = 1 + right + down
    diagonal[1:] += right[:-1]
    diagonal[width:] += down[:-width]
    system = diags(
        [diagonal, -right[:-1], -right[:-1], -down[:-width], -down[:-width]],
        [0, 1, -1, width, -width],
        format='csr',
    )
    solution, failed = cg(
        system, picture.ravel(), x0=smooth.ravel(), rtol=1e-4, M=diags(1 / diagonal)
    )
    if failed:
        raise RuntimeError(f'conjugate gradients did not converge in {failed} iterations')
    return solution.reshape(picture.shape)


def _weights(gradient: np.ndarray, scale: float) -> np.ndarray:
    cancelled = np.abs(cv2.GaussianBlur(gradient, (0, 0), scale))
    texture = cv2.GaussianBlur(1 / (cancelled + _FLAT), (0, 0), scale)
    return texture / (np.abs(gradient) + _SHARP)
