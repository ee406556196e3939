"""Boxes of 3DPW's people, which its files do not have."""

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

_GROW = 1.1
_MEDIAN, _SIGMA = 11, 8.0


def smooth_boxes(points: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Square boxes around keypoints, whose centre and size change smoothly.

    The side is the diagonal of the keypoints' own box, grown by a tenth; frames without keypoints
    are filled in linearly, then outliers go by a median over 11 frames and jitter by a Gaussian of
    8, as methods since HMMR (Kanazawa et al., CVPR 2019) track people in 3DPW.

    Args:
        points: (F, K, 2) in pixels.
        known: Which keypoints count, (F, K) bool; frames with fewer than two count as without.

    Returns:
        Left, top, width, height and score 1, (F, 5) float32. Before the first and after the last
        frame with keypoints it is that frame's box.

    Raises:
        ValueError: If no frame has keypoints.
    """
    frames = np.flatnonzero(known.sum(axis=1) >= 2)
    if not len(frames):
        raise ValueError('got no frame with two keypoints')
    low = np.where(known[frames, :, None], points[frames], np.inf).min(axis=1)
    high = np.where(known[frames, :, None], points[frames], -np.inf).max(axis=1)
    diagonal = np.maximum(np.linalg.norm(high - low, axis=1), 1)
    # Sizes are averaged as scales, 1 / size, in which a doubling counts as a halving does.
    curves = np.concatenate([(low + high) / 2, 1 / diagonal[:, None]], axis=1)
    every = np.arange(len(points))
    filled = np.stack([np.interp(every, frames, curve) for curve in curves.T], axis=1)
    smooth = median_filter(filled, (_MEDIAN, 1), mode='nearest')
    smooth = gaussian_filter1d(smooth, _SIGMA, axis=0, mode='nearest')
    side = _GROW / smooth[:, 2:]
    ones = np.ones((len(points), 1))
    return np.concatenate([smooth[:, :2] - side / 2, side, side, ones], axis=1).astype(np.float32)
