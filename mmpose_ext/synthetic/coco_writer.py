"""Files in COCO's format."""

from collections.abc import Sequence
from pathlib import Path

from mmpose_ext.skeletons import COCO17, UNION21, Skeleton

from .files import dump_json, write_atomically


def write_coco(records: Sequence[dict], path: Path) -> Path:
    """Write ``person_keypoints_*.json``.

    Args:
        records: Records of images with COCO labels.
        path: The file.

    Returns:
        ``path``.
    """
    return write_atomically(path, dump_json(_content(records, COCO17)))


def write_union(records: Sequence[dict], path: Path) -> Path:
    """Write a COCO-style file with the 21 keypoints of COCO and MPII.

    Args:
        records: Records of images with union labels.
        path: The file.

    Returns:
        ``path``.
    """
    return write_atomically(path, dump_json(_content(records, UNION21)))


def write_detections(records: Sequence[dict], path: Path) -> Path:
    """Write detected boxes in the format of COCO's detection results.

    Args:
        records: Records of images with COCO labels.
        path: The file.

    Returns:
        ``path``.
    """
    detections = [
        dict(bbox=detection['bbox'], category_id=1, image_id=record['id'], score=detection['score'])
        for record in records
        for detection in record['detections']
    ]
    return write_atomically(path, dump_json(detections))


def coco_tables(records: Sequence[dict], keypoints: str = 'keypoints') -> dict:
    """Build the images and annotations of a COCO-style file.

    Args:
        records: Records of images with COCO or union labels.
        keypoints: Name of the wanted keypoints in the records' annotations.

    Returns:
        ``images`` and ``annotations``.
    """
    images, annotations = [], []
    for record in records:
        images.append({name: record[name] for name in ('file_name', 'height', 'width', 'id')})
        for annotation in record['annotations']:
            shared = {
                name: value
                for name, value in annotation.items()
                if name not in ('keypoints', 'halpe', 'fit')
            }
            annotations.append(
                shared
                | dict(
                    keypoints=annotation[keypoints], image_id=record['id'], id=len(annotations) + 1
                )
            )
    return dict(images=images, annotations=annotations)


def _content(records: Sequence[dict], skeleton: Skeleton) -> dict:
    # COCO counts keypoints from 1 in the category's skeleton.
    links = [[skeleton.index(end) + 1 for end in link] for link in skeleton.links]
    category = dict(
        supercategory='person',
        id=1,
        name='person',
        keypoints=list(skeleton.keypoints),
        skeleton=links,
    )
    info = dict(description='Synthetic people', version='1.0')
    return dict(info=info, licenses=[], **coco_tables(records), categories=[category])
