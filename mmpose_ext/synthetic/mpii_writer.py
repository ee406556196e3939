"""Files in the format in which MMPose distributes MPII."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from scipy.io import savemat

from .files import dump_json, write_atomically

_JOINT_NAMES = (
    'rank',
    'rkne',
    'rhip',
    'lhip',
    'lkne',
    'lank',
    'pelv',
    'thor',
    'neck',
    'head',
    'rwri',
    'relb',
    'rsho',
    'lsho',
    'lelb',
    'lwri',
)
# SciPy writes the time of day into this part of a MATLAB file.
_HEADER_BYTES = 116


def write_mpii(records: Sequence[dict], path: Path) -> Path:
    """Write ``mpii_train.json`` or ``mpii_val.json``.

    Args:
        records: Records of images with MPII labels.
        path: The file.

    Returns:
        ``path``.
    """
    entries = []
    for record in records:
        for entry in record['annotations']:
            public = {name: value for name, value in entry.items() if name != 'head_box'}
            entries.append(public | dict(image=record['file_name']))
    return write_atomically(path, dump_json(entries))


def write_head_boxes(records: Sequence[dict], path: Path) -> Path:
    """Write ``mpii_gt_val.mat``: head boxes, positions and missing joints.

    Args:
        records: Records of images with MPII labels, those of the annotation file.
        path: The file.

    Returns:
        ``path``.
    """
    entries = [entry for record in records for entry in record['annotations']]
    boxes = np.array([entry['head_box'] for entry in entries]).reshape(-1, 2, 2)
    joints = np.array([entry['joints'] for entry in entries]).reshape(-1, 16, 2)
    labelled = np.array([entry['joints_vis'] for entry in entries]).reshape(-1, 16)
    names = np.empty((1, 16), object)
    names[0] = _JOINT_NAMES
    buffer = BytesIO()
    savemat(
        buffer,
        dict(
            headboxes_src=boxes.transpose(1, 2, 0),
            pos_gt_src=joints.transpose(1, 2, 0),
            jnt_missing=(1 - labelled.T).astype(np.uint8),
            dataset_joints=names,
        ),
    )
    return write_atomically(path, stamp_matlab(buffer.getvalue()))


def stamp_matlab(content: bytes) -> bytes:
    """Take the time of day out of a MATLAB file that SciPy wrote."""
    header = b'MATLAB 5.0 MAT-file, synthetic people'.ljust(_HEADER_BYTES)
    return header + content[_HEADER_BYTES:]
