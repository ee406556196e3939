"""Named sets of keypoint scales for object keypoint similarity (OKS)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .skeleton import Skeleton


def _both(**sided: float) -> dict[str, float]:
    return {
        f'{side}_{joint}': value for joint, value in sided.items() for side in ('left', 'right')
    }


# COCO published these 17 from repeated annotation; the other joints of each set are conventions.
_COCO = dict(nose=0.026) | _both(
    eye=0.025,
    ear=0.035,
    shoulder=0.079,
    elbow=0.072,
    wrist=0.062,
    hip=0.107,
    knee=0.087,
    ankle=0.089,
)

SIGMA_SETS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        # Each added joint takes the scale of the COCO joints beside it.
        'coco21': _COCO | dict(pelvis=0.107, thorax=0.079, upper_neck=0.079, head_top=0.079),
        # The Halpe API (halpecocotools) and mmpose halpe.py; they have no thorax: shoulders' scale.
        'halpe136': _COCO
        | dict(pelvis=0.080, thorax=0.079, upper_neck=0.080, head_top=0.080)
        | _both(big_toe=0.089, small_toe=0.089, heel=0.089),
        # mmpose halpe26.py
        'halpe26': _COCO
        | dict(pelvis=0.066, thorax=0.079, upper_neck=0.026, head_top=0.026)
        | _both(big_toe=0.079, small_toe=0.079, heel=0.079),
        # mmpose mpii.py gives its four centre joints the scale of COCO's nose.
        'mpii': _COCO | dict.fromkeys(('pelvis', 'thorax', 'upper_neck', 'head_top'), 0.026),
    }
)


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
        raise ValueError(
            f'sigma set {set_name!r} has no value for {missing} of skeleton {skeleton.name!r}'
        )
    return np.array([values[skeleton.canonical(name)] for name in skeleton.keypoints], np.float32)
