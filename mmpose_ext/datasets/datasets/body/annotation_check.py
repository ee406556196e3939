"""Checks of annotations, with messages that name the file, the entry and the value."""

import json
from os import path
from typing import Any

import numpy as np
from mmengine.fileio import exists, get_text

from mmpose_ext.skeletons import Skeleton

SYNTHETIC_HINT = (
    'To try the method without licensed data, run '
    '`python tools/make_synthetic.py pose --out data/synthetic` and use a *_synthetic config'
)


def check_exists(file: str, what: str) -> None:
    """Raise FileNotFoundError if an annotation or detection file is not there."""
    if not file or not exists(file):
        raise FileNotFoundError(f'{what} {path.abspath(file)!r} does not exist. {SYNTHETIC_HINT}')


def check_images(files: list[str], what: str) -> None:
    """Raise FileNotFoundError if images are missing. Remote ones (``s3://``) are not asked for."""
    files = sorted({file for file in files if '://' not in file})
    missing = [file for file in files if not path.isfile(file)]
    if missing:
        raise FileNotFoundError(
            f'{what}: {len(missing)} of {len(files)} images are missing, '
            f'the first is {missing[0]!r}'
        )


def check_person(person: dict[str, Any], skeleton: Skeleton, what: str) -> None:
    """Raise ValueError if a person has not K keypoints, or coordinates that are no finite numbers.

    Args:
        person: A sample of an MMPose dataset: ``keypoints`` (1, K, 2), ``bbox`` (1, 4), ``id``,
            ``img_path``.
        skeleton: The skeleton that the annotation should have.
        what: Source and file, the start of the message.
    """
    keypoints = person['keypoints']
    entry = f'{what}: entry {person["id"]} ({path.basename(person["img_path"])})'
    for key in ('keypoints', 'keypoints_visible'):
        if person[key].shape[1] != skeleton.num_keypoints:
            raise ValueError(
                f'{entry} has {person[key].shape[1]} {key}, '
                f'expected the {skeleton.num_keypoints} of skeleton {skeleton.name!r}'
            )
    if not np.isfinite(keypoints).all():
        bad = int(np.argwhere(~np.isfinite(keypoints[0]).all(axis=1))[0, 0])
        raise ValueError(
            f'{entry}: {skeleton.keypoints[bad]!r} is at {tuple(keypoints[0, bad].tolist())}, '
            'expected finite numbers'
        )
    # MMPose clips boxes to the image, which hides an infinite one.
    box = (person.get('raw_ann_info') or {}).get('bbox', person['bbox'][0])
    for values, key in ((box, 'box'), (person['keypoints_visible'], 'visibility')):
        if not np.isfinite(np.asarray(values, np.float64)).all():
            raise ValueError(
                f'{entry}: the {key} is {np.asarray(values).tolist()}, expected finite numbers'
            )


def describe_annotation(file: str, skeleton: Skeleton) -> str:
    """Say what an annotation file holds that a dataset could not read, as the end of a message."""
    try:
        content = json.loads(get_text(file))
    except ValueError as error:
        return f'it is not valid JSON ({error})'
    if isinstance(content, list):
        entries, key, per_keypoint = content, 'joints', 1
        kind = 'a list, as MPII has'
    else:
        entries, key, per_keypoint = content.get('annotations', []), 'keypoints', 3
        kind = f'an object with {sorted(content)}, as COCO has'
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict) or key not in entry:
            continue
        expected = skeleton.num_keypoints * per_keypoint
        if len(entry[key]) != expected:
            return (
                f'it is {kind}, and entry {entry.get("id", number)} has {len(entry[key])} {key!r}, '
                f'expected {expected} for skeleton {skeleton.name!r}'
            )
    return f'it is {kind}'
