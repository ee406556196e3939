"""Draw what a model learns from one training sample."""

import cv2
import numpy as np

from mmpose_ext.datasets.label_tier import DERIVED, LABELLED, NONE, TEACHER, TIER_NAMES
from mmpose_ext.skeletons import Skeleton

_ROW_PX = 16
_PANEL_PX = 190
_TEACHER_COLOR = (200, 60, 200)
_NONE_COLOR = (170, 170, 170)
_WINDOW_COLOR = (0, 230, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
# Outside the student's window only teachers see the picture.
_OUTSIDE_BRIGHTNESS = 0.45


def draw_training_sample(
    image: np.ndarray,
    keypoints: np.ndarray,
    weights: np.ndarray,
    tiers: np.ndarray,
    skeleton: Skeleton,
    input_size: tuple[int, int],
    canvas: bool = True,
    zoom: int = 2,
) -> np.ndarray:
    """Draw a sample after augmentation: a dot for a labelled joint, a diamond for a derived one.

    Joints that only teachers know have no place yet. They are named beside the picture, where
    every joint stands with its mark; struck through if this person gives it no weight (not
    visible or cropped away).

    Args:
        image: The canvas, shape (H, W, 3), uint8, BGR.
        keypoints: Keypoints in the student's frame, shape (K, 2).
        weights: Weight of each keypoint in the task loss, shape (K,).
        tiers: Label tier of each keypoint, shape (K,).
        skeleton: Their skeleton.
        input_size: Width and height of the student's window, which lies in the middle of the
            canvas.
        canvas: Whether to show the whole canvas with the window marked, or only the window.
        zoom: Enlargement.

    Returns:
        The picture with its legend, shape (H, W, 3), uint8, BGR.
    """
    height, width = image.shape[:2]
    left, top = (width - input_size[0]) // 2, (height - input_size[1]) // 2
    right, bottom = left + input_size[0], top + input_size[1]
    if canvas:
        shown = (image * _OUTSIDE_BRIGHTNESS).astype(np.uint8)
        shown[top:bottom, left:right] = image[top:bottom, left:right]
        offset = np.array([left, top])
    else:
        shown, offset = image[top:bottom, left:right], np.zeros(2)
    picture = cv2.resize(shown, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)
    if canvas:
        corners = (left * zoom, top * zoom), (right * zoom - 1, bottom * zoom - 1)
        cv2.rectangle(picture, *corners, _WINDOW_COLOR, 1)

    # The centre of pixel x of the crop comes to lie at zoom * (x + 1/2) - 1/2.
    places = (np.asarray(keypoints) + offset + 0.5) * zoom - 0.5
    colors = skeleton.colors[:, ::-1].tolist()
    located = np.asarray(weights) > 0
    for start, end in (skeleton.indices(link) for link in skeleton.links):
        if located[start] and located[end]:
            _draw_line(picture, places[start], places[end], colors[end])
    for k in np.flatnonzero(located):
        _draw_mark(picture, places[k], int(tiers[k]), colors[k])
    return _beside(picture, _legend(skeleton, tiers, located, colors))


def _legend(
    skeleton: Skeleton, tiers: np.ndarray, located: np.ndarray, colors: list[list[int]]
) -> np.ndarray:
    panel = np.full((_ROW_PX * (skeleton.num_keypoints + 1), _PANEL_PX, 3), 255, np.uint8)
    for k, name in enumerate(skeleton.keypoints):
        tier = int(tiers[k])
        middle = _ROW_PX * k + _ROW_PX // 2
        struck = tier >= DERIVED and not located[k]
        text_color = (150, 150, 150) if struck or tier == NONE else (0, 0, 0)
        _draw_mark(panel, np.array([10, middle]), tier, colors[k])
        text = f'{name}: {TIER_NAMES[tier]}'
        cv2.putText(panel, text, (22, middle + 4), _FONT, 0.36, text_color, 1, cv2.LINE_AA)
        if struck:
            end = 22 + cv2.getTextSize(text, _FONT, 0.36, 1)[0][0]
            cv2.line(panel, (22, middle), (end, middle), text_color, 1)
    return panel


def _draw_mark(image: np.ndarray, place: np.ndarray, tier: int, color: list[int]) -> None:
    x, y = (int(value) for value in np.clip(np.round(place), -10_000, 10_000))
    if tier == LABELLED:
        cv2.circle(image, (x, y), 5, (0, 0, 0), -1, cv2.LINE_AA)
        cv2.circle(image, (x, y), 4, color, -1, cv2.LINE_AA)
    elif tier == DERIVED:
        for size, width in ((13, 4), (12, 2)):
            ink = (0, 0, 0) if width == 4 else color
            cv2.drawMarker(image, (x, y), ink, cv2.MARKER_DIAMOND, size, width, cv2.LINE_AA)
    elif tier == TEACHER:
        cv2.drawMarker(image, (x, y), _TEACHER_COLOR, cv2.MARKER_TRIANGLE_UP, 10, 2, cv2.LINE_AA)
    else:
        cv2.drawMarker(image, (x, y), _NONE_COLOR, cv2.MARKER_TILTED_CROSS, 8, 1, cv2.LINE_AA)


def _draw_line(image: np.ndarray, start: np.ndarray, end: np.ndarray, color: list[int]) -> None:
    ends = [tuple(int(v) for v in np.clip(np.round(p), -10_000, 10_000)) for p in (start, end)]
    cv2.line(image, *ends, color, 1, cv2.LINE_AA)


def _beside(picture: np.ndarray, panel: np.ndarray) -> np.ndarray:
    height = max(picture.shape[0], panel.shape[0])
    padded = [
        cv2.copyMakeBorder(
            part, 0, height - part.shape[0], 0, 0, cv2.BORDER_CONSTANT, value=(255, 255, 255)
        )
        for part in (picture, panel)
    ]
    return np.hstack(padded)
