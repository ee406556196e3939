"""Files in MPI-INF-3DHP's format, those of its training and of its test set."""

from collections.abc import Sequence
from io import BytesIO
from itertools import groupby
from pathlib import Path

import numpy as np
from scipy.io import savemat

from mmpose_ext.hdf5 import import_h5py
from mmpose_ext.skeletons import MPI_INF_3DHP17, MPI_INF_3DHP28, Skeleton

from .files import write_atomically
from .mpii_writer import stamp_matlab

_CAMERAS = 14
# Distance from knee to neck of the skeleton that universal annotations are scaled to.
_UNIVERSAL_MM = 920


def write_3dhp_train(records: Sequence[dict], folder: Path) -> list[Path]:
    """Write every subject's ``S*/Seq*/annot.mat``, ``camera.calibration`` and ``smpl.npz``.

    ``annot.mat`` has rows for all of the 14 cameras; those of cameras that did not film have no
    frames. ``smpl.npz`` is an addition of ours, the data set has none: ``poses`` (F, 72), ``betas``
    (10,) and ``trans`` (F, 3) of the neutral body in a world with y up, and by camera
    ``cameras`` (C,), ``rotations`` (C, 3, 3), ``translations`` (C, 3) in metres, ``intrinsics``
    (C, 3, 3), and ``fps``.

    Args:
        records: Records of images of the studio.
        folder: Folder of the subjects.

    Returns:
        The files.
    """
    written = []
    for (subject, sequence), own in _grouped(records, 'subject', 'sequence'):
        place = folder / f'S{subject}' / f'Seq{sequence}'
        cameras = {camera: frames for (camera,), frames in _grouped(own, 'camera')}
        written += [
            write_atomically(place / 'annot.mat', _training_labels(cameras)),
            write_atomically(place / 'camera.calibration', _calibration(cameras)),
            write_atomically(place / 'smpl.npz', _parameters(cameras)),
        ]
    return written


def write_3dhp_test(records: Sequence[dict], folder: Path) -> list[Path]:
    """Write every video's ``TS*/annot_data.mat``, an HDF5 file as MATLAB 7.3 writes it.

    Args:
        records: Records of images of the test set.
        folder: Folder of the videos.

    Returns:
        The files.
    """
    written = []
    for (video,), frames in _grouped(records, 'video'):
        pixels, points = (np.array([frame[key] for frame in frames]) for key in _LABELS)
        content = dict(
            annot2=pixels[:, None],
            annot3=points[:, None],
            univ_annot3=_universal(points, MPI_INF_3DHP17)[:, None],
            valid_frame=np.array([[float(frame['valid'])] for frame in frames]),
            activity_annotation=np.array([[float(frame['activity'])] for frame in frames]),
        )
        buffer = BytesIO()
        with import_h5py().File(buffer, 'w') as file:
            for name, array in content.items():
                file.create_dataset(name, data=array, track_times=False)
        path = folder / f'TS{video + 1}' / 'annot_data.mat'
        written.append(write_atomically(path, buffer.getvalue()))
    return written


_LABELS = ('annot2', 'annot3')


def _grouped(records: Sequence[dict], *keys: str):
    def key(record: dict) -> tuple:
        return tuple(record[name] for name in keys)

    return [(name, list(own)) for name, own in groupby(sorted(records, key=key), key)]


def _training_labels(cameras: dict[int, list[dict]]) -> bytes:
    content = {name: np.empty((_CAMERAS, 1), object) for name in (*_LABELS, 'univ_annot3')}
    for camera in range(_CAMERAS):
        frames = cameras.get(camera, [])
        pixels, points = (
            np.array([frame[key] for frame in frames]).reshape(
                len(frames), MPI_INF_3DHP28.num_keypoints, -1 if frames else dimensions
            )
            for key, dimensions in zip(_LABELS, (2, 3))
        )
        arrays = pixels, points, _universal(points, MPI_INF_3DHP28)
        for name, array in zip(content, arrays):
            content[name][camera, 0] = array.reshape(len(frames), array.shape[1] * array.shape[2])
    count = max(map(len, cameras.values()))
    buffer = BytesIO()
    savemat(
        buffer,
        content | dict(cameras=np.arange(_CAMERAS)[None], frames=np.arange(count)[:, None]),
        do_compression=True,
    )
    return stamp_matlab(buffer.getvalue())


def _universal(points: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Scale everyone about the camera to one distance from knee to neck: the image is the same."""
    if not len(points):
        return points
    knees, hips = (
        points[:, skeleton.indices([f'left_{joint}', f'right_{joint}'])]
        for joint in ('knee', 'hip')
    )
    trunk = points[:, skeleton.index('neck')] - hips.mean(1)
    heights = np.linalg.norm(knees - hips, axis=-1).mean(1) + np.linalg.norm(trunk, axis=-1)
    return points * (_UNIVERSAL_MM / np.median(heights))


def _calibration(cameras: dict[int, list[dict]]) -> bytes:
    lines = ['Skeleton Camera Calibration File V1.0']
    for camera, frames in cameras.items():
        first = frames[0]
        intrinsics, extrinsics = np.eye(4), np.eye(4)
        intrinsics[:3, :3] = first['calibration']['intrinsics']
        extrinsics[:3, :3] = first['calibration']['rotation']
        extrinsics[:3, 3] = 1000 * np.array(first['calibration']['translation'])
        lines += [
            f'name          {camera}',
            '  sensor      10 10',
            f'  size        {first["width"]} {first["height"]}',
            '  animated    0',
            f'  intrinsic   {_row(intrinsics)}',
            f'  extrinsic   {_row(extrinsics)}',
            '  radial      0',
        ]
    return '\n'.join([*lines, '']).encode()


def _row(matrix: np.ndarray) -> str:
    return ' '.join(f'{value:.10g}' for value in matrix.ravel())


def _parameters(cameras: dict[int, list[dict]]) -> bytes:
    firsts = [frames[0] for frames in cameras.values()]
    (params,) = (
        [frame['smpl'] for frame in frames] for frames in cameras.values() if 'smpl' in frames[0]
    )
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        poses=np.array([param['pose'] for param in params]),
        trans=np.array([param['trans'] for param in params]),
        betas=np.array(firsts[0]['betas']),
        gender=np.array('neutral'),
        fps=np.array(float(firsts[0]['fps'])),
        cameras=np.array(list(cameras)),
        rotations=np.array([first['calibration']['rotation'] for first in firsts]),
        translations=np.array([first['calibration']['translation'] for first in firsts]),
        intrinsics=np.array([first['calibration']['intrinsics'] for first in firsts]),
    )
    return buffer.getvalue()
