"""What MPII's annotators write about a person."""

import numpy as np

from .observation import Observation

PELVIS, THORAX, UPPER_NECK, HEAD_TOP = 6, 7, 8, 9
_HIPS, _SHOULDERS = (2, 3), (12, 13)
# MPII's head boxes are looser than a head with hair.
_HEAD_MARGIN = 0.08
# The published head size is 0.6 of the head box's diagonal, and a stature eight head sizes.
_HEAD_SIZE, _STATURE = 0.6, 8
# Upper neck and head top lie a sixth of that stature apart.
_HEAD_SEGMENT = _STATURE * _HEAD_SIZE / 6
UNLABELLED = 0.2
"""Share of keypoints behind other people or objects that annotators leave out."""


def mpii_entry(observation: Observation, rng: np.random.Generator) -> dict | None:
    """Describe a person as an entry of ``mpii_train.json`` does.

    Pelvis and thorax are the midpoints of hips and shoulders; upper neck and head top are the
    ends of a segment through the centre of the head box, on the line from the thorax, whose
    length is a sixth of 200 scale. In MPII's published annotations both hold to the last digit.
    Pixels are counted from 1.

    Args:
        observation: What the camera sees.
        rng: Source of randomness, for keypoints that annotators leave out.

    Returns:
        ``joints``, ``joints_vis``, ``scale``, ``center`` and, for the file of head boxes,
        ``head_box`` (x1, y1, x2, y2), or None for people whom the single-person protocol leaves
        out: those too small, mostly hidden, or without a head in the image.
    """
    points = observation.mpii16
    labelled = points.inside & ~(points.covered & (rng.random(16) < UNLABELLED))
    jitter = rng.normal(0, 0.015, 2)
    if labelled.sum() < 8 or points.visible.sum() < 6 or not labelled[list(_SHOULDERS)].all():
        return None
    joints = np.rint(np.where(labelled[:, None], points.pixels, 0)) + 1
    joints[PELVIS] = np.rint(joints[list(_HIPS)].mean(0))
    labelled[PELVIS] = labelled[list(_HIPS)].all()
    joints[THORAX] = np.rint(joints[list(_SHOULDERS)].mean(0))
    labelled[THORAX] = True

    head_box = _loosen(observation.head_box) + 1
    diagonal = np.linalg.norm(head_box[2:] - head_box[:2])
    scale = round(float(_STATURE * _HEAD_SIZE * diagonal / 200), 6)
    centre = (head_box[:2] + head_box[2:]) / 2
    upward = centre - joints[THORAX]
    length = np.linalg.norm(upward)
    if length < 1:
        return None
    half = upward / length * _HEAD_SEGMENT * diagonal / 2
    joints[UPPER_NECK], joints[HEAD_TOP] = (centre - half).round(4), (centre + half).round(4)
    labelled[[UPPER_NECK, HEAD_TOP]] = points.inside[HEAD_TOP]
    if not points.inside[HEAD_TOP]:
        return None

    middle = joints[[PELVIS, THORAX]].mean(0) if labelled[PELVIS] else joints[THORAX]
    joints[~labelled] = -1
    return dict(
        joints_vis=labelled.astype(int).tolist(),
        joints=joints.tolist(),
        scale=scale,
        center=np.rint(middle + jitter * 200 * scale).tolist(),
        head_box=head_box.tolist(),
    )


def _loosen(box: np.ndarray) -> np.ndarray:
    margin = _HEAD_MARGIN * (box[2:] - box[:2])
    return np.rint(np.concatenate([box[:2] - margin, box[2:] + margin]))
