"""What a bottom-up 2D pose estimator finds of the people in an image."""

from collections.abc import Sequence

import numpy as np

from mmpose_ext.skeletons import COCO17, OPENPOSE18

from .observation import Observation, Points

# By how well a keypoint can be seen: the probability of missing it, the range of the confidence,
# the error in units of the keypoint's OKS scale.
_VISIBLE = (0.02, (0.5, 0.95), 0.25)
_BEHIND_OWN_BODY = (0.12, (0.3, 0.75), 0.5)
_COVERED = (0.5, (0.06, 0.45), 0.8)
# Probability of taking a covered keypoint for the same one of whoever stands in front, if that
# is near.
_CONFUSED = 0.35
_NEAR = 0.5


def simulate_openpose(
    observations: Sequence[Observation | None],
    areas: Sequence[float],
    index: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Imitate OpenPose's result for a person.

    Hidden keypoints are missed, uncertain, imprecise, or those of someone else; what is outside
    of the image is missed.

    Args:
        observations: Everyone in the image.
        areas: Everyone's area in square pixels, which errors scale with.
        index: The person.
        rng: Source of randomness.

    Returns:
        (18, 3): x, y and confidence in OpenPose's order; zeros where nothing was found.
    """
    observation = observations[index]
    points = _with_neck(observation.coco17)
    size = np.sqrt(areas[index])
    covered, visible = points.covered, points.visible
    kinds = np.select([visible, covered], [0, 2], 1)
    chances, ranges, errors = zip(_VISIBLE, _BEHIND_OWN_BODY, _COVERED)
    pixels = points.pixels.astype(np.float64)
    for other_index, other in enumerate(observations):
        if other is None or other_index == index:
            continue
        theirs = _with_neck(other.coco17)
        near = np.linalg.norm(theirs.pixels - pixels, axis=1) < _NEAR * size
        taken = covered & theirs.visible & near & (rng.random(len(pixels)) < _CONFUSED)
        pixels = np.where(taken[:, None], theirs.pixels, pixels)
    scales = 2 * np.array(OPENPOSE18.sigmas) * size
    pixels += rng.normal(size=pixels.shape) * (np.array(errors)[kinds] * scales)[:, None]
    low, high = np.array(ranges)[kinds].T
    confidence = rng.uniform(low, high)
    found = points.inside & (rng.random(len(pixels)) >= np.array(chances)[kinds])
    result = np.column_stack([pixels, confidence])
    return np.where(found[:, None], result, 0)


_NECK = COCO17.num_keypoints
_ORDER = [_NECK if name == 'neck' else COCO17.index(name) for name in OPENPOSE18.keypoints]
_SHOULDERS = COCO17.indices(['left_shoulder', 'right_shoulder'])


def _with_neck(points: Points) -> Points:
    """COCO's keypoints in OpenPose's order; its neck is the middle of the shoulders."""
    shoulders = points.part(_SHOULDERS)
    neck = Points(
        shoulders.pixels.mean(0, keepdims=True),
        shoulders.inside.all(keepdims=True),
        shoulders.visible.all(keepdims=True),
        shoulders.covered.any(keepdims=True),
    )
    return points.joined(neck).part(_ORDER)
