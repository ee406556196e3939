"""The area of a person that annotated keypoints alone vouch for."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from mmpose_ext.skeletons import Skeleton

# Diameters in torso lengths; a part is drawn where both of its points are known.
_LIMBS = {
    'upper_arm': (('shoulder', 'elbow'), 0.22),
    'forearm': (('elbow', 'wrist'), 0.18),
    'hand': (('wrist', 'hand'), 0.16),
    'thigh': (('hip', 'knee'), 0.34),
    'shank': (('knee', 'ankle'), 0.24),
    'foot': (('ankle', 'toe'), 0.16),
}
_NECK_DIAMETER = 0.22
_TORSO_MARGIN = 0.10
# Of the distance between neck and head top; of the torso where there is no head top.
_HEAD_RADIUS = 0.5
_FACE_RADIUS = 0.25
_TORSO_PER_BOX = 0.3

# What conventions call the points that parts are drawn between, best first.
_NAMES = {
    'hand': ('hand', 'middle_finger', 'hand_tip'),
    'toe': ('big_toe', 'toe', 'foot', 'small_toe'),
    'neck': ('neck', 'thorax', 'upper_neck'),
    'head_top': ('head_top',),
}
_FACE = ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear')

DEFAULT_WIDTH = 0.7
"""Factor on all widths: what is drawn must lie inside of the person, as nothing removes it."""


def keypoint_capsules(
    keypoints: np.ndarray,
    visible: np.ndarray,
    skeleton: Skeleton,
    shape: tuple[int, int],
    bbox_xywh: Sequence[float] | None = None,
    width: float = DEFAULT_WIDTH,
) -> np.ndarray:
    """Draw limbs, torso and head of a person as filled shapes around the keypoints.

    Limbs are capsules, the torso is the hull of shoulders and hips with a margin, the head is a
    disc. Points are found by name in any convention: what it lacks, and what is not visible, is not
    drawn. Widths are proportional to the torso's length, and where that is not known to the box.

    Args:
        keypoints: (K, 2) in pixels; pixel centres have integer coordinates.
        visible: (K,), positive where a keypoint is known; of several keypoints for one point the
            surest is taken.
        skeleton: Their convention.
        shape: Height and width of the image.
        bbox_xywh: Box of the person in pixels, at least four numbers.
        width: Factor on all widths.

    Returns:
        (H, W) bool.

    Raises:
        ValueError: If the number of keypoints is not the skeleton's, or a visible one is not
            finite.
    """
    points = _named_points(np.asarray(keypoints, np.float64), np.asarray(visible), skeleton)
    mask = np.zeros(shape, bool)
    torso = _torso_length(points, bbox_xywh)
    if torso is None:
        return mask
    unit = torso * width
    for side in ('left', 'right'):
        for ends, diameter in _LIMBS.values():
            start, end = (_find(points, name, side) for name in ends)
            if start is not None and end is not None:
                draw_capsule(mask, start, end, diameter / 2 * unit)
    _draw_torso(mask, points, _TORSO_MARGIN * unit)
    _draw_head(mask, points, torso, width)
    return mask


def draw_capsule(mask: np.ndarray, start: np.ndarray, end: np.ndarray, radius: float) -> None:
    """Set the pixels whose centres are no farther from a segment than a radius.

    Args:
        mask: (H, W) bool, changed.
        start: x and y.
        end: x and y; equal to ``start`` for a disc.
        radius: In pixels.
    """
    height, width = mask.shape
    (left, top), (right, bottom) = (
        np.ceil(np.minimum(start, end) - radius).astype(int).clip(0).tolist(),
        np.floor(np.maximum(start, end) + radius).astype(int).tolist(),
    )
    right, bottom = min(right + 1, width), min(bottom + 1, height)
    if left >= right or top >= bottom:
        return
    x = np.arange(left, right) - start[0]
    y = (np.arange(top, bottom) - start[1])[:, None]
    along = end - start
    length = float(along @ along)
    share = np.clip((x * along[0] + y * along[1]) / length, 0, 1) if length > 0 else 0.0
    distance = (x - share * along[0]) ** 2 + (y - share * along[1]) ** 2
    mask[top:bottom, left:right] |= distance <= radius**2


def _draw_torso(mask: np.ndarray, points: Mapping[str, np.ndarray], margin: float) -> None:
    names = ('left_shoulder', 'right_shoulder', 'right_hip', 'left_hip')
    if not all(name in points for name in names):
        return
    # Seen from the side, the four may cross.
    hull = cv2.convexHull(np.array([points[name] for name in names], np.float32))[:, 0]
    fixed_point = 4
    filled = np.zeros(mask.shape, np.uint8)
    corners = np.rint(hull * 2**fixed_point).astype(np.int32)
    cv2.fillConvexPoly(filled, corners, 1, cv2.LINE_8, fixed_point)
    mask |= filled.astype(bool)
    for start, end in zip(hull, np.roll(hull, -1, axis=0)):
        draw_capsule(mask, start.astype(np.float64), end.astype(np.float64), margin)


def _draw_head(
    mask: np.ndarray, points: Mapping[str, np.ndarray], torso: float, width: float
) -> None:
    neck, top = _find(points, 'neck'), _find(points, 'head_top')
    if neck is None:
        neck = _middle(points, 'shoulder')
    face = [points[name] for name in _FACE if name in points]
    if neck is not None and top is not None:
        centre, radius = (neck + top) / 2, _HEAD_RADIUS * float(np.linalg.norm(top - neck))
    elif face or 'head' in points:
        centre = np.mean(face or [points['head']], axis=0)
        radius = _FACE_RADIUS * torso
    else:
        return
    draw_capsule(mask, centre, centre, radius * width)
    if neck is not None:
        draw_capsule(mask, neck, centre, _NECK_DIAMETER / 2 * torso * width)


def _named_points(
    keypoints: np.ndarray, visible: np.ndarray, skeleton: Skeleton
) -> dict[str, np.ndarray]:
    if keypoints.shape != (skeleton.num_keypoints, 2) or visible.shape != keypoints.shape[:1]:
        raise ValueError(
            f'keypoints got shapes {keypoints.shape} and {visible.shape}, expected '
            f'({skeleton.num_keypoints}, 2) and ({skeleton.num_keypoints},) as {skeleton.name!r}'
        )
    points: dict[str, np.ndarray] = {}
    best: dict[str, float] = {}
    for own, point, confidence in zip(skeleton.keypoints, keypoints, visible):
        # Skeletons of 49 have some points twice, once as OpenPose finds them.
        name = skeleton.canonical(own).removeprefix('op_')
        if confidence > best.get(name, 0):
            if not np.isfinite(point).all():
                raise ValueError(f'keypoint {own!r} got {point.tolist()}, expected finite pixels')
            points[name], best[name] = point, float(confidence)
    return points


def _find(points: Mapping[str, np.ndarray], name: str, side: str = '') -> np.ndarray | None:
    for known in _NAMES.get(name, (name,)):
        point = points.get(f'{side}_{known}' if side else known)
        if point is not None:
            return point
    return None


def _torso_length(
    points: Mapping[str, np.ndarray], bbox_xywh: Sequence[float] | None
) -> float | None:
    upper = _find(points, 'neck')
    lower = points.get('pelvis')
    if upper is None:
        upper = _middle(points, 'shoulder')
    if lower is None:
        lower = _middle(points, 'hip')
    length = 0.0
    if upper is not None and lower is not None:
        length = float(np.linalg.norm(upper - lower))
    if length > 0:
        return length
    return None if bbox_xywh is None else _TORSO_PER_BOX * float(max(bbox_xywh[2:4]))


def _middle(points: Mapping[str, np.ndarray], name: str) -> np.ndarray | None:
    left, right = points.get(f'left_{name}'), points.get(f'right_{name}')
    return None if left is None or right is None else (left + right) / 2
