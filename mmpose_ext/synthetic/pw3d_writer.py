"""Files in 3DPW's format, as prepared for mesh recovery."""

from collections.abc import Sequence
from pathlib import Path

from .files import dump_json, write_atomically


def write_pw3d(records: Sequence[dict], path: Path) -> Path:
    """Write ``3DPW_latest_*.json``.

    People have two entries that 3DPW's do not: ``hidden``, the share of their silhouette that other
    people and objects hide, and ``subsets``, which holds ``'occluded'`` where that is large.

    Args:
        records: Records of images with 3DPW labels.
        path: The file.

    Returns:
        ``path``.
    """
    images, annotations = [], []
    for record in records:
        sequence, _, file_name = record['file_name'].rpartition('/')
        images.append(
            dict(
                id=record['id'],
                sequence=sequence,
                file_name=file_name,
                width=record['width'],
                height=record['height'],
                cam_param=record['cam_param'],
            )
        )
        for annotation in record['annotations']:
            # COCO's readers count annotations from 1: id 0 means "no match" to its metrics.
            shared = dict(id=len(annotations) + 1, image_id=record['id'], category_id=1)
            annotations.append(shared | annotation)
    categories = [dict(id=1, name='person')]
    content = dict(images=images, annotations=annotations, categories=categories)
    return write_atomically(path, dump_json(content))
