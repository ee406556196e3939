"""The files that video mesh recovery needs: raw, converted, and features."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mmpose_ext.apis.data_check import DataFile, DataFileError, count_present
from mmpose_ext.apis.video_converters.amass import VIBE_SUBSETS
from mmpose_ext.apis.video_converters.conversion import read_mat
from mmpose_ext.apis.video_converters.joblib_file import read_joblib
from mmpose_ext.apis.video_converters.mpi_inf_3dhp import CAMERAS, NUM_FRAMES
from mmpose_ext.apis.video_converters.mpi_inf_3dhp_test import NUM_VALID
from mmpose_ext.apis.video_converters.penn_action import NUM_VIDEOS
from mmpose_ext.apis.video_converters.pw3d import NUM_SEQUENCES
from mmpose_ext.datasets.datasets.mesh.plain_npz import read_plain_pickle
from mmpose_ext.datasets.datasets.video import (
    FeatureManifest,
    read_clip_file,
    rows_crc32,
)
from mmpose_ext.hdf5 import import_h5py
from mmpose_ext.skeletons import MPI_INF_3DHP17, MPI_INF_3DHP28, PENN13

_3DHP = 'https://vcai.mpi-inf.mpg.de/3dhp-dataset'
_3DPW = 'https://virtualhumans.mpi-inf.mpg.de/3DPW'
_PENN = 'https://dreamdragon.github.io/PennAction'
_AMASS = 'https://amass.is.tue.mpg.de'
_VIBE = 'data of https://github.com/mkocabas/VIBE'
_CONVERT = 'python tools/dataset_converters/convert_video.py'
_EXTRACT = 'python tools/dataset_converters/extract_features.py'
_TEST_SET = 'mpi_inf_3dhp/mpi_inf_3dhp_test_set'


def video_files() -> list[DataFile]:
    """Datasets of videos, their clip files, and features of their images."""
    return [*_pretrained(), *_mpi_inf_3dhp(), *_pw3d(), *_penn_action(), *_amass(), *_vibe()]


def _mpi_inf_3dhp() -> list[DataFile]:
    name, train, test = 'MPI-INF-3DHP', 'mpi_inf_3dhp_train', 'mpi_inf_3dhp_test'
    extracted = f'{_3DHP}; frames of its videos, numbered from 1'
    return [
        DataFile(name, 'mpi_inf_3dhp', _training_labels, _3DHP),
        DataFile(name, _TEST_SET, _test_labels, _3DHP),
        _clips(name, train, f'{_CONVERT} mpi_inf_3dhp data/mpi_inf_3dhp'),
        _clips(name, test, f'{_CONVERT} mpi_inf_3dhp_test data/{_TEST_SET}'),
        DataFile(
            name,
            'mpi_inf_3dhp/S1/Seq1/imageFrames',
            _images('../../../../clips', [train], '../../..'),
            extracted,
        ),
        DataFile(
            name,
            f'{_TEST_SET}/TS1/imageSequence',
            _images('../../../../clips', [test], '../..'),
            _3DHP,
        ),
        *_features(name, train, test),
    ]


def _pw3d() -> list[DataFile]:
    clips = [f'3dpw_{split}' for split in NUM_SEQUENCES]
    return [
        *(
            DataFile('3DPW', f'3DPW/sequenceFiles/{split}', _sequences(number), _3DPW)
            for split, number in NUM_SEQUENCES.items()
        ),
        *(
            _clips('3DPW', f'3dpw_{split}', f'{_CONVERT} 3dpw data/3DPW --split {split}')
            for split in NUM_SEQUENCES
        ),
        DataFile('3DPW', '3DPW/imageFiles', _images('../../clips', clips), _3DPW),
        *_features('3DPW', *clips),
    ]


def _penn_action() -> list[DataFile]:
    name, clips = 'PennAction', 'penn_action_train'
    return [
        DataFile(name, 'Penn_Action/labels', _penn_labels, _PENN),
        _clips(name, clips, f'{_CONVERT} penn_action data/Penn_Action'),
        DataFile(name, 'Penn_Action/frames', _images('../../clips', [clips]), _PENN),
        *_features(name, clips),
    ]


def _amass() -> list[DataFile]:
    return [
        DataFile('AMASS', 'amass', _motions, _AMASS),
        _clips('AMASS', 'amass', f'{_CONVERT} amass data/amass --subsets vibe'),
    ]


def _vibe() -> list[DataFile]:
    databases = ('3dpw_train', '3dpw_val', '3dpw_test', 'mpii3d_train', 'mpii3d_val')
    name = 'VIBE data'
    return [
        *(
            DataFile(name, f'vibe_db/{db}_db.pt', _database, _VIBE, needed=False)
            for db in (*databases, 'pennaction_train', 'amass')
        ),
        DataFile(name, 'vibe_db/insta_train_db.h5', _insta_variety, _VIBE, needed=False),
        _clips(
            name,
            'insta_variety_train',
            f'{_CONVERT} insta_variety data/vibe_db/insta_train_db.h5',
            needed=False,
        ),
    ]


def _pretrained() -> list[DataFile]:
    return [
        DataFile(
            'SMPL',
            'body_models/smpl/smpl_mean_params.npz',
            _mean_parameters,
            'data of https://github.com/nkolot/SPIN',
            needed=False,
        )
    ]


def _clips(dataset: str, name: str, command: str, needed: bool = True) -> DataFile:
    return DataFile(dataset, f'clips/{name}.npz', _clip_file, command, needed)


def _features(dataset: str, *clips: str) -> list[DataFile]:
    return [
        DataFile(dataset, f'features/{name}*.npy', _feature_file, _EXTRACT, needed=False)
        for name in clips
    ]


def _clip_file(path: Path) -> str:
    table = read_clip_file(path)
    tracks = 1 + int((table.video_id[1:] != table.video_id[:-1]).sum())
    labels = [
        name
        for name in ('keypoints2d', 'keypoints3d', 'smpl_pose', 'features')
        if getattr(table, name) is not None
    ]
    return f'{len(table)} frames of {tracks} tracks, {", ".join(labels)}'


def _feature_file(path: Path) -> str:
    manifest = FeatureManifest.read(path)
    shape = np.load(path, mmap_mode='r', allow_pickle=False).shape
    if shape != (manifest.rows, manifest.channels):
        raise DataFileError(f'shape {shape}, expected {(manifest.rows, manifest.channels)}')
    found = f'{shape[0]} x {shape[1]} of {manifest.backbone}, crop scale {manifest.crop_scale:g}'
    clips = path.parent.parent / 'clips' / manifest.ann_file
    if not clips.is_file():
        return f'{found}; {manifest.ann_file} is missing'
    table = read_clip_file(clips)
    manifest.check(rows_crc32(table.video_id, table.frame_idx), len(table))
    return found


def _images(place: str, clips: list[str], below: str = '') -> Callable[[Path], str]:
    """Check that a folder has the images that clip files name.

    Args:
        place: Folder of the clip files, relative to the checked one.
        clips: Names of the clip files.
        below: Folder that paths of images start from, relative to the checked one.
    """

    def check(folder: Path) -> str:
        wanted: set[str] = set()
        for name in clips:
            # The folder may be a link, whose parent on disk is elsewhere.
            path = Path(os.path.normpath(folder / place), f'{name}.npz')
            if path.is_file():
                paths = read_clip_file(path).image_path
                wanted |= set() if paths is None else set(paths.tolist())
        if not wanted:
            return 'a folder; there is no clip file to compare it with'
        return count_present(Path(os.path.normpath(folder / below)), wanted)

    return check


def _training_labels(folder: Path) -> str:
    missing, cut, frames = [], [], 0
    for (subject, sequence), expected in NUM_FRAMES.items():
        name = f'S{subject}/Seq{sequence}'
        file = folder / name / 'annot.mat'
        if not file.is_file():
            missing.append(name)
            continue
        cells = np.asarray(read_mat(file, ('annot2',))['annot2'], object).reshape(-1)
        shapes = {np.shape(cells[camera]) for camera in CAMERAS if camera < len(cells)}
        if len(cells) <= max(CAMERAS) or {shape[1] for shape in shapes} != {
            2 * MPI_INF_3DHP28.num_keypoints
        }:
            raise DataFileError(f'{name}/annot.mat: annot2 has cells of {sorted(shapes)}')
        if min(shape[0] for shape in shapes) < expected:
            cut.append(name)
        frames += expected
    if missing or cut:
        raise DataFileError(
            f'{len(NUM_FRAMES) - len(missing)} of {len(NUM_FRAMES)} annot.mat; missing: '
            f'{", ".join(missing) or "none"}; with too few frames: {", ".join(cut) or "none"}',
            'incomplete',
        )
    return f'{len(NUM_FRAMES)} annot.mat, {frames} frames of {len(CAMERAS)} cameras'


def _test_labels(folder: Path) -> str:
    h5py = import_h5py()
    missing = []
    for sequence, expected in NUM_VALID.items():
        file = folder / f'TS{sequence}' / 'annot_data.mat'
        if not file.is_file():
            missing.append(f'TS{sequence}')
            continue
        with h5py.File(file, 'r') as content:
            shape = content['univ_annot3'].shape
            valid = int(np.sum(np.asarray(content['valid_frame']) > 0))
        if shape[1:] != (1, MPI_INF_3DHP17.num_keypoints, 3):
            raise DataFileError(f'TS{sequence}: univ_annot3 of shape {shape}')
        if valid != expected:
            raise DataFileError(
                f'TS{sequence}: {valid} valid frames, expected {expected}', 'incomplete'
            )
    if missing:
        raise DataFileError(f'missing: {", ".join(missing)}', 'incomplete')
    return f'{len(NUM_VALID)} videos, {sum(NUM_VALID.values())} valid frames'


def _sequences(expected: int) -> Callable[[Path], str]:
    def check(folder: Path) -> str:
        files = sorted(folder.glob('*.pkl'))
        for file in files:
            content = read_plain_pickle(str(file), 'sequence file')
            lacking = {'poses', 'betas', 'cam_poses', 'poses2d', 'genders'} - set(content)
            if lacking:
                raise DataFileError(f'{file.name} lacks {sorted(lacking)}')
        if len(files) < expected:
            raise DataFileError(f'{len(files)} of {expected} sequences', 'incomplete')
        return f'{len(files)} sequences'

    return check


def _penn_labels(folder: Path) -> str:
    files = sorted(folder.glob('*.mat'))
    for file in files:
        shape = read_mat(file, ('x',))['x'].shape
        if shape[1:] != (PENN13.num_keypoints,):
            raise DataFileError(f'{file.name}: x of shape {shape}')
    if len(files) < NUM_VIDEOS:
        raise DataFileError(f'{len(files)} of {NUM_VIDEOS} videos', 'incomplete')
    return f'{len(files)} videos'


def _motions(folder: Path) -> str:
    files = {subset: len(list((folder / subset).glob('*/*.npz'))) for subset in VIBE_SUBSETS}
    missing = [subset for subset, number in files.items() if not number]
    if missing:
        raise DataFileError(
            f'{sum(files.values())} files, none of {", ".join(missing)}', 'incomplete'
        )
    return f'{sum(files.values())} files of {len(files)} subsets'


def _database(path: Path) -> str:
    content = read_joblib(path)
    sizes = {key: len(value) for key, value in content.items()}
    if not sizes or len(set(sizes.values())) > 1:
        raise DataFileError(f'rows by column: {sizes}')
    return f'{max(sizes.values())} rows of {", ".join(sizes)}'


def _insta_variety(path: Path) -> str:
    with import_h5py().File(path, 'r') as content:
        shapes = {key: content[key].shape for key in ('joints2D', 'features')}
    if shapes['joints2D'][1:] != (25, 3) or len({shape[0] for shape in shapes.values()}) > 1:
        raise DataFileError(f'shapes {shapes}')
    return f'{shapes["features"][0]} rows, {shapes["features"][1]} features'


def _mean_parameters(path: Path) -> str:
    with np.load(path, allow_pickle=False) as content:
        sizes = {key: content[key].size for key in ('pose', 'shape', 'cam')}
    if sizes != dict(pose=144, shape=10, cam=3):
        raise DataFileError(f'sizes {sizes}, expected 144, 10 and 3')
    return 'pose, shape and camera'
