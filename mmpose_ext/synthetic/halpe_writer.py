"""Files in Halpe's format."""

from collections.abc import Sequence
from pathlib import Path

from .coco_writer import coco_tables
from .files import dump_json, write_atomically


def write_halpe(records: Sequence[dict], path: Path) -> Path:
    """Write ``halpe_val_v1.json``: 136 keypoints, of which the 26 of the body are labelled.

    Boxes, areas, ids and the first 17 keypoints are those of the COCO file of the same images,
    as in Halpe itself.

    Args:
        records: Records of images with COCO labels.
        path: The file.

    Returns:
        ``path``.
    """
    category = dict(supercategory='person', id=1, name='person', keypoints=[], skeleton=[])
    content = dict(**coco_tables(records, 'halpe'), categories=[category])
    return write_atomically(path, dump_json(content))
