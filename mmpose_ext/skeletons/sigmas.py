"""Named sets of keypoint scales for object keypoint similarity (OKS)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from .skeleton import Skeleton

# COCO published these 17 from repeated annotation; the other joints of each set below are conventions.
_COCO = dict(
    nose=.026, left_eye=.025, right_eye=.025, left_ear=.035, right_ear=.035, left_shoulder=.079,
    right_shoulder=.079, left_elbow=.072, right_elbow=.072, left_wrist=.062, right_wrist=.062, left_hip=.107,
    right_hip=.107, left_knee=.087, right_knee=.087, left_ankle=.089, right_ankle=.089)
_FOOT = [f'{side}_{joint}' for joint in ('big_toe', 'small_toe', 'heel') for side in ('left', 'right')]

SIGMA_SETS: Mapping[str, Mapping[str, float]] = MappingProxyType({
    # Each added joint takes the scale of the COCO joints beside it.
    'coco21': _COCO | dict(pelvis=.107, thorax=.079, upper_neck=.079, head_top=.079),
    # The Halpe API (halpecocotools) and mmpose halpe.py. The body has no thorax there: shoulders' scale.
    'halpe136': _COCO | dict(pelvis=.080, thorax=.079, upper_neck=.080, head_top=.080) | dict.fromkeys(_FOOT, .089),
    # mmpose halpe26.py
    'halpe26': _COCO | dict(pelvis=.066, thorax=.079, upper_neck=.026, head_top=.026) | dict.fromkeys(_FOOT, .079),
    # mmpose mpii.py gives its four centre joints the scale of COCO's nose.
    'mpii': _COCO | dict.fromkeys(('pelvis', 'thorax', 'upper_neck', 'head_top'), .026),
})


def sigmas_of(skeleton: Skeleton, set_name: str) -> np.ndarray:
    """The scales of a skeleton's keypoints in a named set.

    Args:
        skeleton: The skeleton; its keypoints are looked up under their canonical names.
        set_name: A key of :data:`SIGMA_SETS`.

    Returns:
        np.ndarray: Shape (K,), float32.

    Raises:
        ValueError: If there is no such set, or it lacks a keypoint of the skeleton.
    """
    if set_name not in SIGMA_SETS:
        raise ValueError(f'got sigma set {set_name!r}, expected one of {sorted(SIGMA_SETS)}')
    values = SIGMA_SETS[set_name]
    missing = [name for name in skeleton.keypoints if skeleton.canonical(name) not in values]
    if missing:
        raise ValueError(f'sigma set {set_name!r} has no value for {missing} of skeleton {skeleton.name!r}')
    return np.array([values[skeleton.canonical(name)] for name in skeleton.keypoints], np.float32)
