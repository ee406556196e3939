"""Read the people of an annotation file, whatever dataset it comes from, as COCO-style content."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_ext.skeletons import Skeleton, get_skeleton

# MPII gives a person's height in units of 200 px, and centres that lie a little too high.
_MPII_UNIT_PX = 200.0
_MPII_CENTER_SHIFT_PX = 15.0
_SKELETONS = {'coco': 'coco17', 'mpii': 'mpii16'}
SOURCES = tuple(_SKELETONS)


def source_skeleton(source: str) -> Skeleton:
    """The skeleton that a source's files are labelled with.

    Args:
        source: ``'coco'`` or ``'mpii'``.

    Returns:
        The skeleton.

    Raises:
        ValueError: If the source is another word.
    """
    if source not in _SKELETONS:
        raise ValueError(f'source: got {source!r}, expected one of {SOURCES}')
    return get_skeleton(_SKELETONS[source])


def read_people_file(file: str | Path, source: str) -> dict[str, Any]:
    """Read an annotation file as COCO-style content with the source's own keypoints.

    Args:
        file: COCO's person keypoints, or MPII's people in MMPose's json.
        source: ``'coco'`` or ``'mpii'``. MPII's joints, which count pixels from 1, come out
            counted from 0.

    Returns:
        A dict with ``images``, ``annotations`` and ``categories``. ``keypoints`` are flat lists
        of x, y and visibility.

    Raises:
        ValueError: If the file is of another kind, or a person has another number of keypoints.
    """
    skeleton = source_skeleton(source)
    content = json.loads(Path(file).read_text())
    if isinstance(content, list) != (source == 'mpii'):
        raise ValueError(
            f'{file}: got a {type(content).__name__}, expected '
            f'{"a list of people" if source == "mpii" else "a dict"} for source {source!r}'
        )
    if source == 'mpii':
        content = _from_mpii(content, str(file))
    for annotation in content['annotations']:
        number = len(annotation.get('keypoints', ()))
        if number not in (0, 3 * skeleton.num_keypoints):
            raise ValueError(
                f'{file}: annotation {annotation["id"]} got {number // 3} keypoints, '
                f'expected {skeleton.num_keypoints} for source {source!r}'
            )
    return content


def _from_mpii(people: list[dict], file: str) -> dict[str, Any]:
    ids: dict[str, int] = {}
    annotations = []
    for number, person in enumerate(people):
        joints = np.asarray(person['joints'], dtype=np.float64)
        visible = np.asarray(person['joints_vis'], dtype=np.float64).reshape(-1)
        if joints.shape != (len(visible), 2):
            raise ValueError(
                f'{file}: person {number} got joints of shape {joints.shape}, '
                f'expected ({len(visible)}, 2)'
            )
        labelled = visible > 0
        # MPII does not say which of its joints can be seen.
        rows = np.column_stack([joints - 1, np.full(len(joints), 2.0)]) * labelled[:, None]
        side = person['scale'] * _MPII_UNIT_PX
        x, y = person['center'][0] - 1, person['center'][1] - 1
        y += _MPII_CENTER_SHIFT_PX * person['scale']
        annotations.append(
            dict(
                id=number + 1,
                image_id=ids.setdefault(person['image'], len(ids) + 1),
                category_id=1,
                iscrowd=0,
                bbox=[x - side / 2, y - side / 2, side, side],
                area=side * side,
                num_keypoints=int(labelled.sum()),
                keypoints=[_number(value) for value in rows.ravel()],
            )
        )
    return dict(
        images=[dict(id=image_id, file_name=name) for name, image_id in ids.items()],
        annotations=annotations,
        categories=[dict(id=1, name='person', supercategory='person')],
    )


def _number(value: float) -> int | float:
    return int(value) if float(value).is_integer() else float(value)
