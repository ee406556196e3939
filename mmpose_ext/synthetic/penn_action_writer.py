"""Files in PennAction's format."""

from collections.abc import Sequence
from io import BytesIO
from itertools import groupby
from pathlib import Path

import numpy as np
from scipy.io import savemat

from .files import write_atomically
from .mpii_writer import stamp_matlab


def write_penn_action(records: Sequence[dict], folder: Path) -> list[Path]:
    """Write ``NNNN.mat`` of every video.

    Pixels count from 0. Joints that are hidden or out of the picture have visibility 0 and are
    where they are.

    Args:
        records: Records of images of sports.
        folder: Where the files go.

    Returns:
        The files.
    """
    written = []
    for video, group in groupby(records, key=lambda record: record['video']):
        frames = list(group)
        first = frames[0]
        joints = np.array([frame['joints'] for frame in frames])
        buffer = BytesIO()
        savemat(
            buffer,
            dict(
                action=first['action'],
                pose='front',
                train=np.array([[first['train']]]),
                x=joints[..., 0],
                y=joints[..., 1],
                visibility=np.array([frame['visibility'] for frame in frames], float),
                bbox=np.array([frame['bbox'] for frame in frames], float),
                nframes=np.array([[len(frames)]]),
                dimensions=np.array([[first['height'], first['width'], len(frames)]]),
            ),
        )
        path = folder / f'{video + 1:04d}.mat'
        written.append(write_atomically(path, stamp_matlab(buffer.getvalue())))
    return written
