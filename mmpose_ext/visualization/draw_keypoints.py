"""Draw keypoints and skeleton links on an image, sized to the person."""

import cv2
import numpy as np

from mmpose_ext.skeletons import KeypointMap, Skeleton, get_skeleton

# RGB. Skeletons colour their sides green, orange and blue; red is kept for keypoints a dataset did
# not have.
ADDED_COLOR = (255, 0, 0)

# OpenCV takes coordinates as integers with this many binary digits after the point.
_SUBPIXEL_BITS = 4
_REFERENCE_PERSON_PX = 300.0


def added_keypoints(skeleton: Skeleton, base: str | Skeleton) -> np.ndarray:
    """Which keypoints of a skeleton a dataset with the skeleton ``base`` does not label.

    Args:
        skeleton: The skeleton that is drawn.
        base: Name of the dataset's own skeleton, or the skeleton itself.

    Returns:
        Shape (K,), bool.
    """
    return ~KeypointMap.between(get_skeleton(base), skeleton).mapped


def person_scale(keypoints: np.ndarray, shown: np.ndarray) -> float:
    """Size of marks relative to a person 300 px tall, between 0.4 and 4.

    Args:
        keypoints: Shape (K, 2).
        shown: Shape (K,), bool; the other keypoints do not count.

    Returns:
        The factor.
    """
    if not shown.any():
        return 1.0
    extent = np.ptp(keypoints[shown], axis=0).max()
    return float(np.clip(extent / _REFERENCE_PERSON_PX, 0.4, 4.0))


def draw_keypoints(
    image: np.ndarray,
    keypoints: np.ndarray,
    scores: np.ndarray | None = None,
    skeleton: str | Skeleton = 'union21',
    base: str | Skeleton | None = None,
    threshold: float = 0.3,
    radius: float = 4.0,
    thickness: float = 2.0,
    channel_order: str = 'bgr',
    indices: bool = False,
) -> np.ndarray:
    """Draw one or several people.

    Args:
        image: Shape (H, W, 3), uint8. It is not changed.
        keypoints: Pixel coordinates in shape (K, 2) or (N, K, 2).
        scores: Scores or visibilities in shape (K,) or (N, K). All 1 by default.
        skeleton: Skeleton of the keypoints, or its name.
        base: Skeleton of the dataset, or its name. Keypoints it does not have are drawn in red,
            with the links that lead to them.
        threshold: Keypoints with a score below are left out.
        radius: Radius of a keypoint in pixels on a person 300 px tall.
        thickness: Width of a link in pixels on a person 300 px tall.
        channel_order: ``'bgr'`` or ``'rgb'``, the order of ``image``.
        indices: Whether to write the index beside every keypoint.

    Returns:
        The picture, shape (H, W, 3), uint8.

    Raises:
        ValueError: If the shapes do not fit the skeleton, or ``channel_order`` is another word.
    """
    skeleton = get_skeleton(skeleton)
    if channel_order not in ('bgr', 'rgb'):
        raise ValueError(f"channel_order: got {channel_order!r}, expected 'bgr' or 'rgb'")
    people = np.asarray(keypoints, dtype=np.float64)
    people = people.reshape(-1, *people.shape[-2:])[..., :2]
    if people.shape[1] != skeleton.num_keypoints:
        raise ValueError(
            f'keypoints of skeleton {skeleton.name!r}: got {people.shape[1]} per person, '
            f'expected {skeleton.num_keypoints}'
        )
    scores = np.ones(people.shape[:2]) if scores is None else np.asarray(scores, dtype=np.float64)
    if scores.size != people.shape[0] * people.shape[1]:
        raise ValueError(f'scores: got shape {scores.shape}, expected {people.shape[:2]}')
    scores = scores.reshape(people.shape[:2])

    colors = skeleton.colors.copy()
    added = np.zeros(skeleton.num_keypoints, dtype=bool)
    if base is not None:
        added = added_keypoints(skeleton, base)
        colors[added] = ADDED_COLOR
    if channel_order == 'bgr':
        colors = colors[:, ::-1]
    links = [tuple(skeleton.indices(pair)) for pair in skeleton.links]

    canvas = np.ascontiguousarray(image).copy()
    for points, person_scores in zip(people, scores, strict=True):
        shown = (person_scores >= threshold) & np.isfinite(points).all(axis=1)
        scale = person_scale(points, shown)
        width = max(1, round(thickness * scale))
        for first, second in links:
            if shown[first] and shown[second]:
                # A link takes the colour of the end that says more: an added keypoint, else the
                # one with a side.
                end = max((first, second), key=lambda k: (added[k], _is_sided(skeleton, k)))
                _line(canvas, points[first], points[second], colors[end], width)
        for k in np.flatnonzero(shown):
            _dot(canvas, points[k], radius * scale, colors[k])
            if indices:
                _label(canvas, points[k], str(k), colors[k], scale)
    return canvas


def _is_sided(skeleton: Skeleton, index: int) -> bool:
    return skeleton.flip_indices[index] != index


def _fixed_point(point: np.ndarray) -> tuple[int, int]:
    # Far away points would overflow OpenCV's fixed-point numbers.
    clipped = np.clip(point, -20_000, 20_000) * (1 << _SUBPIXEL_BITS)
    return int(round(clipped[0])), int(round(clipped[1]))


def _line(
    image: np.ndarray, start: np.ndarray, end: np.ndarray, color: np.ndarray, width: int
) -> None:
    cv2.line(
        image,
        _fixed_point(start),
        _fixed_point(end),
        color.tolist(),
        width,
        cv2.LINE_AA,
        _SUBPIXEL_BITS,
    )


def _dot(image: np.ndarray, center: np.ndarray, radius: float, color: np.ndarray) -> None:
    # A dark rim keeps the dot readable on cloth of its own colour.
    one_pixel = 1 << _SUBPIXEL_BITS
    size = max(round(radius * one_pixel), one_pixel)
    point = _fixed_point(center)
    cv2.circle(image, point, size + one_pixel // 2, (0, 0, 0), -1, cv2.LINE_AA, _SUBPIXEL_BITS)
    cv2.circle(image, point, size, color.tolist(), -1, cv2.LINE_AA, _SUBPIXEL_BITS)


def _label(
    image: np.ndarray, center: np.ndarray, text: str, color: np.ndarray, scale: float
) -> None:
    origin = (int(center[0] + 5 * scale), int(center[1] - 5 * scale))
    size = max(0.3, 0.4 * scale)
    cv2.putText(image, text, origin, cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(image, text, origin, cv2.FONT_HERSHEY_SIMPLEX, size, color.tolist(), 1, cv2.LINE_AA)
