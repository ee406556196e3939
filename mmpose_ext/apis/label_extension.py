"""Which label a keypoint gets when a dataset is extended: its own, a midpoint, or a prediction."""

from dataclasses import dataclass

import numpy as np

from mmpose_ext.apis.people_file import source_skeleton
from mmpose_ext.datasets.label_tier import DERIVED, LABELLED, NONE, TEACHER
from mmpose_ext.skeletons import KeypointMap, get_skeleton

_FILLS = ('missing', 'unlabelled')


@dataclass(frozen=True)
class ExtensionSettings:
    """What the extended labels depend on besides the files.

    Args:
        source: ``'coco'`` or ``'mpii'``, the kind of the annotation file.
        skeleton: Skeleton to extend to.
        fill: ``'missing'`` predicts only keypoints the dataset never labels, ``'unlabelled'``
            also those that a person has no label for.
        derive: Whether pelvis and thorax come from hips and shoulders where both are labelled.
        threshold: Predictions with a lower score stay unlabelled.
    """

    source: str = 'coco'
    skeleton: str = 'union21'
    fill: str = 'missing'
    derive: bool = True
    threshold: float = 0.3

    def __post_init__(self) -> None:
        if self.fill not in _FILLS:
            raise ValueError(f'fill: got {self.fill!r}, expected one of {_FILLS}')


def extend_person(
    labels: np.ndarray,
    predictions: np.ndarray,
    scores: np.ndarray,
    settings: ExtensionSettings,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Join a person's labels, midpoints of them, and predictions, the better one first.

    Args:
        labels: x, y and visibility (0, 1 or 2) in the source's skeleton, shape (K_source, 3).
        predictions: Predicted keypoints in shape (K, 2).
        scores: Their scores in shape (K,).
        settings: What to fill.

    Returns:
        Keypoints (K, 3), label tiers (K,) and confidences (K,). Labels come
        through untouched with confidence 1. Midpoints have the lower visibility of their ends.
        Predictions have visibility 1.
    """
    source = source_skeleton(settings.source)
    mapping = KeypointMap.between(source, get_skeleton(settings.skeleton), derive=settings.derive)
    points, visible = mapping.apply(labels[:, :2], labels[:, 2])
    labelled = (visible > 0) & ~mapping.derived
    derived = (visible > 0) & mapping.derived
    fillable = ~mapping.mapped | mapping.derived
    if settings.fill == 'unlabelled':
        fillable = np.ones_like(fillable)
    predicted = fillable & ~labelled & ~derived & (scores >= settings.threshold)

    tiers = np.select([labelled, derived, predicted], [LABELLED, DERIVED, TEACHER], NONE)
    keypoints = np.concatenate([points, visible[:, None]], axis=1)
    found = np.column_stack([np.round(predictions, 2), np.ones(len(scores))])
    keypoints[predicted] = found[predicted]
    keypoints[tiers == NONE] = 0
    confidences = np.where(tiers >= DERIVED, 1.0, np.where(predicted, np.round(scores, 4), 0.0))
    return keypoints, tiers, confidences
