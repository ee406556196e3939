"""Foreground masks of people whom nobody segmented, from detectors and annotated keypoints."""

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from mmpose_ext.apis.mmdet_mask_adapter import Detections
from mmpose_ext.rendering import keypoint_capsules
from mmpose_ext.rendering.capsules import DEFAULT_WIDTH
from mmpose_ext.skeletons import Skeleton

Detector = Callable[[np.ndarray], Detections]

CONJUNCTIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    'min': np.minimum,
    'product': np.multiply,
}
"""What two detectors agree on."""

UNIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    'max': np.maximum,
    'prob_or': lambda first, second: first + second - first * second,
}
"""What one of two masks vouches for."""

_INSIDE = 0.5


class PseudoMaskGenerator:
    """Makes the mask of one person: what all detectors agree on, and what the keypoints cover.

    Of each detector's instances those that can be this person are kept: the mask covers enough
    of the visible keypoints, or the box overlaps the person's. Where a detector finds nobody, the
    keypoints alone remain.

    Args:
        skeleton: Convention of the keypoints.
        detectors: Called with an image (H, W, 3) uint8, blue, green, red.
        conjunction: How masks of detectors are joined: ``'min'`` or ``'product'``.
        union: How the keypoints' area is added: ``'max'`` or ``'prob_or'``.
        threshold: Smaller certainties become zero.
        score_threshold: Instances with a lower score are left out.
        person_label: The detectors' number of the class of people, 0 in COCO.
        min_coverage: Share of the visible keypoints that a mask must cover.
        min_iou: Overlap of boxes that is enough instead.
        capsule_width: See :func:`keypoint_capsules`.

    Raises:
        ValueError: If an option is unknown, or there are no detectors and no keypoints to draw.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        detectors: Sequence[Detector] = (),
        conjunction: str = 'min',
        union: str = 'max',
        threshold: float = 0.2,
        score_threshold: float = 0.3,
        person_label: int = 0,
        min_coverage: float = 0.5,
        min_iou: float = 0.3,
        capsule_width: float = DEFAULT_WIDTH,
    ) -> None:
        for name, value, known in (
            ('conjunction', conjunction, CONJUNCTIONS),
            ('union', union, UNIONS),
        ):
            if value not in known:
                raise ValueError(f'{name} got {value!r}, expected one of {sorted(known)}')
        self.skeleton = skeleton
        self.detectors = tuple(detectors)
        self.threshold = threshold
        self.score_threshold = score_threshold
        self.person_label = person_label
        self.min_coverage = min_coverage
        self.min_iou = min_iou
        self.capsule_width = capsule_width
        self._conjunction = CONJUNCTIONS[conjunction]
        self._union = UNIONS[union]

    def __call__(
        self,
        image: np.ndarray | None,
        keypoints: np.ndarray,
        bbox_xywh: np.ndarray,
        shape: tuple[int, int] | None = None,
    ) -> np.ndarray:
        """Make a mask.

        Args:
            image: (H, W, 3) uint8; may be missing without detectors.
            keypoints: x and y in pixels and confidence, (K, 3).
            bbox_xywh: Box of the person in pixels, at least four numbers.
            shape: Height and width where there is no image.

        Returns:
            Certainty in 0..1, (H, W) float32.
        """
        size = image.shape[:2] if image is not None else shape
        keypoints = np.asarray(keypoints, np.float64)
        body = keypoint_capsules(
            keypoints[:, :2], keypoints[:, 2], self.skeleton, size, bbox_xywh, self.capsule_width
        ).astype(np.float32)
        if not self.detectors:
            return body
        found = [
            self.person_mask(detector(image), keypoints, bbox_xywh, size)
            for detector in self.detectors
        ]
        mask = self._union(reduce(self._conjunction, found), body)
        return np.where(mask < self.threshold, np.float32(0), mask.astype(np.float32))

    def person_mask(
        self,
        detections: Detections,
        keypoints: np.ndarray,
        bbox_xywh: np.ndarray,
        shape: tuple[int, int],
    ) -> np.ndarray:
        """What one detector says about one person.

        Args:
            detections: All it found in the image.
            keypoints: (K, 3).
            bbox_xywh: Box of the person in pixels, at least four numbers.
            shape: Height and width of the image.

        Returns:
            The largest certainty of the instances that can be the person, (H, W) float32; zeros if
            there is none.
        """
        people = (detections.labels == self.person_label) & (
            detections.scores >= self.score_threshold
        )
        masks, boxes = detections.masks[people], detections.boxes[people]
        chosen = (_coverage(masks, keypoints) >= self.min_coverage) | (
            _overlap(boxes, bbox_xywh) >= self.min_iou
        )
        if not chosen.any():
            return np.zeros(shape, np.float32)
        return masks[chosen].max(axis=0).astype(np.float32)


def _coverage(masks: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
    """Share of the visible keypoints of the image that each mask covers, (N,)."""
    height, width = masks.shape[1:]
    columns, rows = np.rint(keypoints[keypoints[:, 2] > 0, :2]).astype(int).T
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    if not inside.any():
        return np.zeros(len(masks))
    return (masks[:, rows[inside], columns[inside]] >= _INSIDE).mean(axis=1)


def _overlap(boxes: np.ndarray, bbox_xywh: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes (N, 4), left, top, right, bottom, with another."""
    left, top, width, height = (float(value) for value in bbox_xywh[:4])
    low = np.maximum(boxes[:, :2], (left, top))
    high = np.minimum(boxes[:, 2:], (left + width, top + height))
    both = (high - low).clip(0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).clip(0).prod(axis=1)
    return both / np.maximum(areas + width * height - both, 1e-9)
