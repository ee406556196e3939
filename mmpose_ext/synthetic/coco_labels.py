"""What COCO's and Halpe's annotators write about a person."""

import cv2
import numpy as np

from .observation import Observation, Points

# People smaller than this many pixels have a box and a mask but no keypoints in COCO.
_MIN_KEYPOINT_AREA = 32**2
_MIN_AREA = 60
# Share of hidden keypoints that annotators leave out. They guess limbs behind a body more often
# than limbs behind something else, and hardly ever a face that is turned away.
UNLABELLED = dict(own_body=0.1, covered=0.3, face=0.75)
_HALPE_KEYPOINTS = 136


def coco_annotation(observation: Observation, rng: np.random.Generator) -> dict | None:
    """Describe a person as ``person_keypoints_*.json`` does, and as Halpe does.

    Args:
        observation: What the camera sees.
        rng: Source of randomness, for keypoints that annotators leave out.

    Returns:
        An annotation without ids, with Halpe's keypoints under ``halpe``, or None if too little
        of the person is visible to be annotated.
    """
    if observation.area < _MIN_AREA:
        return None
    visibility = _visibility(observation, observation.halpe26, rng)
    keypoints = keypoint_list(observation.halpe26.pixels, visibility)
    unlabelled = [0] * 3 * (_HALPE_KEYPOINTS - 26)
    return _region(observation) | dict(
        num_keypoints=int((visibility[:17] > 0).sum()),
        keypoints=keypoints[:51],
        halpe=keypoints + unlabelled,
    )


def union_annotation(observation: Observation, rng: np.random.Generator) -> dict | None:
    """Describe a person by COCO's 17 keypoints and MPII's pelvis, thorax, upper neck, head top.

    Args:
        observation: What the camera sees.
        rng: Source of randomness, for keypoints that annotators leave out.

    Returns:
        A COCO annotation without ids whose keypoints are the 21 of the union, or None if too
        little of the person is visible to be annotated.
    """
    if observation.area < _MIN_AREA:
        return None
    points = observation.coco17.joined(observation.mpii16.part(slice(6, 10)))
    visibility = _visibility(observation, points, rng)
    return _region(observation) | dict(
        num_keypoints=int((visibility > 0).sum()),
        keypoints=keypoint_list(points.pixels, visibility),
    )


def keypoint_list(pixels: np.ndarray, visibility: np.ndarray) -> list[int]:
    """Write keypoints as COCO does: x, y, v in turn, whole pixels, zeros where unlabelled."""
    labelled = visibility > 0
    coordinates = np.rint(np.where(labelled[:, None], pixels, 0))
    return np.column_stack([coordinates, visibility]).astype(int).ravel().tolist()


def mask_polygons(mask: np.ndarray, box: tuple[int, int, int, int]) -> list[list[float]]:
    """Outline a mask.

    Args:
        mask: Pixels within the box, (h, w) bool.
        box: x, y, width, height of the box.

    Returns:
        One list of x, y in turn per connected part. Coordinates are COCO's, in which pixel i
        covers the interval from i to i + 1. Holes are not represented.
    """
    # At twice the size an outline of pixel centres is a quarter pixel inside the true border.
    double = np.repeat(np.repeat(mask.astype(np.uint8), 2, 0), 2, 1)
    outlines, _ = cv2.findContours(double, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    polygons = []
    for outline in outlines:
        corners = cv2.approxPolyDP(outline, 1, True)[:, 0]
        if len(corners) >= 3:
            polygon = (corners + 0.5) / 2 + np.array(box[:2])
            polygons.append(polygon.round(2).ravel().tolist())
    x, y, width, height = box
    return polygons or [[x, y, x + width, y, x + width, y + height, x, y + height]]


def _region(observation: Observation) -> dict:
    return dict(
        segmentation=mask_polygons(observation.mask, observation.box),
        area=observation.area,
        iscrowd=0,
        bbox=list(observation.box),
        category_id=1,
    )


def _visibility(observation: Observation, points: Points, rng: np.random.Generator) -> np.ndarray:
    face = np.arange(len(points.inside)) < 5
    rate = np.where(
        points.covered,
        UNLABELLED['covered'],
        np.where(face, UNLABELLED['face'], UNLABELLED['own_body']),
    )
    skipped = rng.random(len(rate)) < rate
    if observation.area < _MIN_KEYPOINT_AREA or observation.coco17.visible.sum() < 3:
        return np.zeros(len(rate), int)
    return np.where(~points.inside, 0, np.where(points.visible, 2, np.where(skipped, 0, 1)))
