"""SMPL fits in the format of NeuralAnnot's."""

from collections.abc import Sequence
from pathlib import Path

from .coco_writer import coco_tables
from .files import dump_json, write_atomically


def write_neural_annot(records: Sequence[dict], path: Path) -> Path:
    """Write the fits of people with keypoints, by the ids that the COCO file gives them.

    Args:
        records: Records of images with COCO labels and fits.
        path: The file.

    Returns:
        ``path``.
    """
    annotations = [annotation for record in records for annotation in record['annotations']]
    ids = [annotation['id'] for annotation in coco_tables(records)['annotations']]
    fits = {
        str(number): annotation['fit']
        for number, annotation in zip(ids, annotations, strict=True)
        if annotation['num_keypoints'] > 0
    }
    return write_atomically(path, dump_json(fits))
