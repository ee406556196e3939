"""A private, converted copy of a COCO-style annotation file."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
from mmengine.fileio import exists, get_local_path
from xtcocotools.coco import COCO

from mmpose_ext.skeletons import KeypointMap, Skeleton


def load_ground_truth(ann_file: str, annotated: Skeleton, evaluated: Skeleton) -> COCO:
    """Read an annotation file and bring its keypoints to the evaluated skeleton.

    MMPose converts at every evaluation, in place, so that its second evaluation reads keypoints
    that were converted twice. Here it happens once, when the file is read.

    Args:
        ann_file: Path of a COCO-style file.
        annotated: Skeleton of the file; each person has K × 3 numbers in ``keypoints``.
        evaluated: Skeleton to convert to. Midpoint joints the file lacks are derived.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an annotation has another number of keypoints, or one that is not finite.
    """
    if not exists(ann_file):
        raise FileNotFoundError(
            f'annotation file {ann_file} does not exist; '
            '`python tools/make_synthetic.py pose --out data/synthetic` makes one to try with'
        )
    with get_local_path(ann_file) as path, contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(path))
    mapping = KeypointMap.between(annotated, evaluated, derive=True)
    for annotation in coco.anns.values():
        keypoints = _keypoints(annotation, annotated, Path(ann_file).name)
        xy, visible = mapping.apply(keypoints[:, :2], keypoints[:, 2])
        annotation['keypoints'] = np.concatenate([xy, visible[:, None]], axis=1).ravel().tolist()
        annotation['num_keypoints'] = int((visible > 0).sum())
    return coco


def count_labels(coco: COCO, skeleton: Skeleton) -> dict[str, int]:
    """How many persons have each joint labelled, whether visible or not."""
    rows = [annotation['keypoints'] for annotation in coco.anns.values()]
    visible = np.array(rows, float).reshape(len(rows), skeleton.num_keypoints, 3)[..., 2] > 0
    return dict(zip(skeleton.keypoints, visible.sum(axis=0).tolist()))


def _keypoints(annotation: dict, skeleton: Skeleton, file_name: str) -> np.ndarray:
    values = np.array(annotation.get('keypoints', []), float)
    if values.size != 3 * skeleton.num_keypoints:
        raise ValueError(
            f'{file_name}: annotation {annotation["id"]} has {values.size} keypoint values, '
            f'expected {3 * skeleton.num_keypoints} for skeleton {skeleton.name!r}'
        )
    keypoints = values.reshape(-1, 3)
    if not np.isfinite(keypoints).all():
        bad = [skeleton.keypoints[i] for i in np.flatnonzero(~np.isfinite(keypoints).all(axis=1))]
        raise ValueError(f'{file_name}: annotation {annotation["id"]} is not finite at {bad}')
    return keypoints
