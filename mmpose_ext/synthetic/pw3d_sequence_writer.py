"""Files in 3DPW's own format, one per sequence."""

import pickle
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath

import numpy as np

from .files import write_atomically


def write_pw3d_sequences(records: Sequence[dict], folder: Path) -> list[Path]:
    """Write ``<sequence>.pkl`` of every sequence.

    Bodies are in the world, whose y axis points up; ``cam_poses`` take it to the camera.

    Args:
        records: Records of images of one part of the data set.
        folder: Folder of the part.

    Returns:
        The files.
    """
    written = []
    for _, group in groupby(records, key=lambda record: record['video']):
        frames = list(group)
        sequence = PurePosixPath(frames[0]['file_name']).parent.name
        content = pickle.dumps(_sequence(sequence, frames), protocol=2)
        written.append(write_atomically(folder / f'{sequence}.pkl', content))
    return written


def _sequence(name: str, frames: list[dict]) -> dict:
    first = frames[0]
    people = range(len(first['people']))
    cameras = np.tile(np.eye(4), (len(frames), 1, 1))
    cameras[:, :3, :3] = [frame['rotation'] for frame in frames]
    cameras[:, :3, 3] = [frame['translation'] for frame in frames]

    def over_time(key: str, person: int) -> np.ndarray:
        return np.array([frame['people'][person][key] for frame in frames])

    def of_first(key: str) -> list[np.ndarray]:
        return [np.array(person[key]) for person in first['people']]

    return dict(
        sequence=name,
        genders=[person['gender'] for person in first['people']],
        betas=of_first('betas'),
        poses=[over_time('pose', person) for person in people],
        trans=[over_time('trans', person) for person in people],
        poses_60Hz=of_first('poses_60hz'),
        trans_60Hz=of_first('trans_60hz'),
        jointPositions=[over_time('joints', person).reshape(-1, 72) for person in people],
        # People, then frames, then x, y and confidence of 18 joints.
        poses2d=[over_time('poses2d', person).transpose(0, 2, 1) for person in people],
        campose_valid=[over_time('campose_valid', person) for person in people],
        cam_poses=cameras,
        cam_intrinsics=np.array(first['intrinsics']),
        img_frame_ids=np.array([frame['frame'] for frame in frames]),
    )
