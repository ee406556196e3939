"""Whether the files of video mesh recovery are there and whole."""

import pickle

import h5py
import joblib
import numpy as np
import pytest
from scipy.io import savemat

from mmpose_ext.apis.data_check import check_data
from mmpose_ext.apis.data_files import METHODS, fewshot_files
from mmpose_ext.apis.video_converters.amass import VIBE_SUBSETS
from mmpose_ext.apis.video_converters.mpi_inf_3dhp import NUM_FRAMES
from mmpose_ext.apis.video_converters.mpi_inf_3dhp_test import NUM_VALID
from mmpose_ext.datasets.datasets.video import (
    ClipFile,
    FeatureManifest,
    rows_crc32,
    write_clip_file,
)

FILES = {file.path: file for file in fewshot_files()}


@pytest.fixture
def look(tmp_path):
    """State and detail of a file."""

    def look(path):
        (row,) = check_data([FILES[path]], tmp_path)
        return row.state, row.detail

    return look


@pytest.fixture
def clips(tmp_path):
    """Write a clip file of three frames."""

    def write(name, folder='a'):
        table = ClipFile(
            video_id=np.array(['x', 'x', 'y']),
            frame_idx=np.array([0, 1, 0]),
            fps=np.full(3, 25, np.float32),
            image_path=np.array([f'{folder}/{n}.jpg' for n in range(3)]),
            bbox_xywh=np.ones((3, 5), np.float32),
            keypoints2d=np.ones((3, 13, 3), np.float32),
            keypoints2d_convention='penn13',
        )
        write_clip_file(tmp_path / f'clips/{name}.npz', table)
        return table

    return write


def test_every_dataset_is_listed_with_where_it_comes_from():
    assert METHODS['fewshot'] is fewshot_files
    datasets = {file.dataset for file in FILES.values()}
    assert datasets >= {'SMPL', 'MPI-INF-3DHP', '3DPW', 'PennAction', 'AMASS', 'VIBE data'}
    for file in FILES.values():
        # Raw files have an address, made ones a command.
        assert 'https://' in file.origin or file.origin.startswith('python tools/')
    for split in ('train', 'validation', 'test'):
        assert FILES[f'clips/3dpw_{split}.npz'].needed
    assert not FILES['vibe_db/3dpw_test_db.pt'].needed


def test_nothing_there_is_missing_or_optional(tmp_path):
    states = {row.file.path: row.state for row in check_data(FILES.values(), tmp_path)}
    assert states['clips/amass.npz'] == states['Penn_Action/labels'] == 'missing'
    assert states['features/3dpw_test*.npy'] == 'optional'


def test_clip_files_and_their_images(look, clips, tmp_path):
    clips('penn_action_train')
    for name in ('0', '1'):
        path = tmp_path / f'Penn_Action/frames/a/{name}.jpg'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    assert look('clips/penn_action_train.npz') == ('ok', '3 frames of 2 tracks, keypoints2d')
    state, detail = look('Penn_Action/frames')
    assert state == 'incomplete' and detail == '2 of 3 images, missing e.g. a/2.jpg'
    (tmp_path / 'Penn_Action/frames/a/2.jpg').touch()
    assert look('Penn_Action/frames') == ('ok', '3 images')
    (tmp_path / 'clips/penn_action_train.npz').write_bytes(b'cut')
    assert look('clips/penn_action_train.npz')[0] == 'damaged'


def test_images_of_folders_within_folders(look, clips, tmp_path):
    clips('mpi_inf_3dhp_train', 'S1/Seq1/imageFrames/video_0')
    clips('mpi_inf_3dhp_test', 'TS1/imageSequence')
    for root in ('', 'mpi_inf_3dhp_test_set'):
        folder = 'TS1/imageSequence' if root else 'S1/Seq1/imageFrames/video_0'
        for number in range(3):
            path = tmp_path / 'mpi_inf_3dhp' / root / folder / f'{number}.jpg'
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    assert look('mpi_inf_3dhp/S1/Seq1/imageFrames') == ('ok', '3 images')
    assert look('mpi_inf_3dhp/mpi_inf_3dhp_test_set/TS1/imageSequence') == ('ok', '3 images')


def test_features_belong_to_their_clip_file(look, clips, tmp_path):
    table = clips('3dpw_test')
    file = tmp_path / 'features/3dpw_test_spin.npy'
    file.parent.mkdir()
    np.save(file, np.zeros((3, 8), np.float32))
    values = dict(
        ann_file='3dpw_test.npz',
        ann_crc32=rows_crc32(table.video_id, table.frame_idx),
        rows=3,
        channels=8,
        backbone='spin_resnet50',
        checkpoint='',
        checkpoint_crc32=0,
        crop_scale=1.2,
        input_size=224,
    )
    FeatureManifest(**values).write(file)
    assert look('features/3dpw_test*.npy') == ('ok', '3 x 8 of spin_resnet50, crop scale 1.2')
    FeatureManifest(**(values | dict(ann_crc32=1))).write(file)
    state, detail = look('features/3dpw_test*.npy')
    assert state == 'damaged' and 'other frames' in detail
    FeatureManifest(**(values | dict(channels=9))).write(file)
    assert look('features/3dpw_test*.npy')[0] == 'damaged'


def test_raw_labels_are_counted(look, tmp_path):
    """Files with the real numbers of frames, which only have to be small."""
    root = tmp_path / 'mpi_inf_3dhp'
    for (subject, sequence), frames in NUM_FRAMES.items():
        folder = root / f'S{subject}/Seq{sequence}'
        folder.mkdir(parents=True)
        cell = np.empty((14, 1), object)
        # One row short for a single sequence.
        rows = frames - 1 if (subject, sequence) == (8, 2) else frames
        cell[:, 0] = [np.zeros((rows if c == 0 else 0, 56), np.uint8) for c in range(14)]
        for camera in (1, 2, 4, 5, 6, 7, 8):
            cell[camera, 0] = cell[0, 0]
        savemat(folder / 'annot.mat', dict(annot2=cell), do_compression=True)
    state, detail = look('mpi_inf_3dhp')
    assert state == 'incomplete' and detail.endswith('with too few frames: S8/Seq2')
    (root / 'S4/Seq1/annot.mat').unlink()
    assert '15 of 16 annot.mat; missing: S4/Seq1' in look('mpi_inf_3dhp')[1]

    test = 'mpi_inf_3dhp/mpi_inf_3dhp_test_set'
    for sequence, valid in NUM_VALID.items():
        folder = tmp_path / test / f'TS{sequence}'
        folder.mkdir(parents=True)
        with h5py.File(folder / 'annot_data.mat', 'w') as file:
            file['univ_annot3'] = np.zeros((valid + 5, 1, 17, 3), np.uint8)
            file['valid_frame'] = np.arange(valid + 5)[:, None] >= 5
    assert look(test) == ('ok', '6 videos, 2929 valid frames')
    (folder / 'annot_data.mat').unlink()
    assert look(test) == ('incomplete', 'missing: TS6')


def test_other_raw_files(look, tmp_path):
    labels = tmp_path / 'Penn_Action/labels'
    labels.mkdir(parents=True)
    savemat(labels / '0001.mat', dict(x=np.zeros((5, 13))))
    assert look('Penn_Action/labels') == ('incomplete', '1 of 2326 videos')
    savemat(labels / '0002.mat', dict(x=np.zeros((5, 14))))
    assert look('Penn_Action/labels') == ('damaged', '0002.mat: x of shape (5, 14)')

    sequences = tmp_path / '3DPW/sequenceFiles/validation'
    sequences.mkdir(parents=True)
    content = dict.fromkeys(('poses', 'betas', 'cam_poses', 'poses2d', 'genders'), [])
    (sequences / 'a.pkl').write_bytes(pickle.dumps(content))
    assert look('3DPW/sequenceFiles/validation') == ('incomplete', '1 of 12 sequences')
    (sequences / 'b.pkl').write_bytes(pickle.dumps(dict(poses=[])))
    assert look('3DPW/sequenceFiles/validation')[0] == 'damaged'

    for subset in VIBE_SUBSETS[:-1]:
        motion = tmp_path / 'amass' / subset / 's/a_poses.npz'
        motion.parent.mkdir(parents=True)
        motion.touch()
    assert look('amass') == ('incomplete', '14 files, none of Transitions_mocap')

    database = tmp_path / 'vibe_db/amass_db.pt'
    database.parent.mkdir()
    joblib.dump(dict(theta=np.zeros((4, 82)), vid_name=np.array(['a'] * 4)), database)
    assert look('vibe_db/amass_db.pt') == ('ok', '4 rows of theta, vid_name')
    joblib.dump(dict(theta=np.zeros((4, 82)), vid_name=np.array(['a'] * 3)), database)
    assert look('vibe_db/amass_db.pt')[0] == 'damaged'
    with h5py.File(tmp_path / 'vibe_db/insta_train_db.h5', 'w') as file:
        file['joints2D'], file['features'] = np.zeros((4, 25, 3)), np.zeros((4, 8))
    assert look('vibe_db/insta_train_db.h5') == ('ok', '4 rows, 8 features')

    mean = tmp_path / 'body_models/smpl/smpl_mean_params.npz'
    mean.parent.mkdir(parents=True)
    np.savez(mean, pose=np.zeros(144), shape=np.zeros(10), cam=np.zeros(3))
    assert look('body_models/smpl/smpl_mean_params.npz')[0] == 'ok'
