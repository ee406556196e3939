"""Boxes of people: from files, from poses, and how far they overlap."""

import numpy as np


def boxes_from_xywh(boxes: np.ndarray) -> np.ndarray:
    """Turn left, top, width, height into left, top, right, bottom.

    A file's width counts pixels, so that the last pixel of a box lies ``width - 1`` right of the
    first.

    Args:
        boxes: (N, 4), in pixels.

    Returns:
        np.ndarray: (N, 4), the centres of the corner pixels.
    """
    size = np.maximum(boxes[:, 2:] - 1, 0)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + size], axis=1)


def boxes_from_poses(
    points: np.ndarray, valid: np.ndarray, growth: float = 1.2
) -> tuple[np.ndarray, np.ndarray]:
    """Tight boxes of the valid joints of poses, grown about their centres.

    Args:
        points: (N, J, 2), in pixels.
        valid: (N, J).
        growth: Factor per side; 1.2 is what 3DCrowdNet does for its test boxes.

    Returns:
        tuple: Boxes (N, 4) as left, top, right, bottom, and whether each is one (N,) bool: it takes
            two valid joints that are apart in both directions.
    """
    seen = valid[..., None] > 0
    low = np.where(seen, points, np.inf).min(axis=1, initial=np.inf)
    high = np.where(seen, points, -np.inf).max(axis=1, initial=-np.inf)
    found = (high > low).all(axis=1)
    low, high = (np.where(found[:, None], corner, 0) for corner in (low, high))
    centre, half = (low + high) / 2, (high - low) / 2 * growth
    return np.concatenate([centre - half, centre + half], axis=1), found


def lies_inside(boxes: np.ndarray, widths: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Which boxes (N, 4) have a part of positive area in their images, (N,) bool."""
    limits = np.stack([widths - 1, heights - 1], axis=1)
    low = np.clip(boxes[:, :2], 0, limits)
    high = np.clip(boxes[:, 2:], 0, limits)
    return (high > low).all(axis=1)


def intersection_over_union(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """IoU of a box (4,) with boxes (N, 4), (N,)."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    area = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1) - common
    return common / np.maximum(area, 1e-9)
