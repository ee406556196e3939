"""Clips as samples: what is in them, that reading them changes nothing, and bad input."""

import copy
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from mmengine.dataset import ConcatDataset, pseudo_collate
from mmpose.registry import DATASETS
from torch.utils.data import DataLoader

from mmpose_ext.body_models import SMPLLayer
from mmpose_ext.datasets import PennActionVideo, PW3DVideo, VideoMeshDataset
from mmpose_ext.datasets.datasets.video import FeatureManifest, rows_crc32, write_clip_file
from mmpose_ext.datasets.datasets.video.joint_order import check_joint_order
from mmpose_ext.geometry import axis_angle_to_matrix
from mmpose_ext.skeletons import LSP14, MPI_INF_3DHP28, PENN13, SPIN49

CROP = dict(type='mmpose_ext.CropClip')
PACK = dict(type='mmpose_ext.PackVideoMeshInputs')


@pytest.fixture
def build(tmp_path, write_table):
    def build(table, kind=VideoMeshDataset, images=True, **arguments):
        file = write_table(table, images=images)
        settings = dict(
            ann_file=file.name,
            data_root=str(tmp_path),
            data_prefix=dict(img='images', mask='masks'),
            seq_len=4,
            body_model='standin',
        )
        return kind(**(settings | arguments))

    return build


@pytest.fixture
def write_features(tmp_path):
    def write(table, channels=8, name='features.npy', said_channels=None, **changes):
        features = np.random.default_rng(1).normal(size=(len(table), channels))
        np.save(tmp_path / name, features.astype(np.float32))
        manifest = dict(
            ann_file='clips.npz',
            ann_crc32=rows_crc32(table.video_id, table.frame_idx),
            rows=len(table),
            channels=said_channels or channels,
            backbone='spin_resnet50',
            checkpoint='spin.pth',
            checkpoint_crc32=1,
            crop_scale=1.2,
            input_size=224,
        )
        FeatureManifest(**(manifest | changes)).write(tmp_path / name)
        return features.astype(np.float32)

    return write


def assert_equal(first, second):
    assert first.keys() == second.keys()
    for key, value in first.items():
        np.testing.assert_array_equal(value, second[key], err_msg=key)


def test_a_sample_is_what_the_rows_say(build, video, tmp_path):
    dataset = build(video.table_of(dict(b=range(3, 12), a=[0, 1, 2, 7, 8, 9, 10])), source='me')

    # Two clips of b, frame 11 is over; the gap of a leaves one clip.
    assert dataset.clip_keys() == [('b', 3), ('b', 7), ('a', 7)]
    assert dataset.skipped == {
        'frames after the last whole clip of a segment': 1,
        'frames of segments shorter than a clip': 3,
    }
    sample = dataset.get_data_info(2)
    assert (sample['id'], sample['video_id'], sample['source']) == (12, 'a', 'me')
    assert sample['fps'] == 25 and sample['gender'] == 'neutral' and sample['crop_scale'] == 1.2
    assert sample['frame_ids'].tolist() == [7, 8, 9, 10]
    assert sample['img_paths'][1] == f'{tmp_path}/images/a/000008.jpg'
    joints = video.walker([7, 8, 9, 10])
    for name in LSP14.keypoints:
        k, source = SPIN49.index(name), MPI_INF_3DHP28.index(name)
        np.testing.assert_allclose(sample['joints'][:, k], joints[:, source], rtol=1e-6)
        pixels = video.project(joints)[:, source]
        np.testing.assert_allclose(sample['keypoints'][:, k], pixels, rtol=1e-6)
        assert (sample['keypoints_visible'][:, k] == 1).all()
    for joint in ('op_nose', 'left_ear', 'op_left_big_toe', 'op_neck'):
        assert (sample['keypoints_visible'][:, SPIN49.index(joint)] == 0).all()
        assert (sample['joints_visible'][:, SPIN49.index(joint)] == 0).all()
    assert sample['joints_valid'].tolist() == [1] * 4 and sample['scored'].tolist() == [1] * 4
    assert sample['smpl_valid'].tolist() == [0] * 4 and sample['smpl_pose'].shape == (4, 24, 3)
    low, high = video.project(joints).min(axis=1), video.project(joints).max(axis=1)
    np.testing.assert_allclose(sample['bbox'], np.concatenate([low, high], axis=1), rtol=1e-5)


@pytest.mark.parametrize('overlap', [0.0, 0.75])
def test_reading_twice_gives_equal_samples_whatever_happened_to_the_first(
    build, video, write_features, overlap
):
    table = replace(video.table_of(dict(a=range(9))), **video.bodies(9))
    table = replace(table, camera=np.tile(np.eye(3, dtype=np.float32), (9, 1, 1)))
    write_features(table)
    dataset = build(table, overlap=overlap, feature_file='features.npy', pipeline=[CROP])
    before = [copy.deepcopy(dataset[n]) for n in range(len(dataset))]

    for n in range(len(dataset)):
        for sample in (dataset.get_data_info(n), dataset[n]):
            for value in sample.values():
                if isinstance(value, np.ndarray):
                    value[...] = -1

    for n, sample in enumerate(before):
        assert_equal(dataset[n], sample)
    # Clips that overlap agree where they do.
    if overlap:
        np.testing.assert_array_equal(before[0]['joints'][1:], before[1]['joints'][:3])
        np.testing.assert_array_equal(before[0]['features'][1:], before[1]['features'][:3])


def test_in_testing_every_frame_is_scored_once(build, video):
    tracks = dict(a=range(10), b=[0, 1], c=[0, 1, 2, 3, 8])
    dataset = build(video.table_of(tracks), test_mode=True)

    scored = {}
    for n in range(len(dataset)):
        sample = dataset.get_data_info(n)
        assert sample['keypoints'].shape == (4, 49, 2)
        for frame, counts in zip(sample['frame_ids'], sample['scored']):
            key = sample['video_id'], int(frame)
            scored[key] = scored.get(key, 0) + counts
    assert scored == {(name, frame): 1 for name, numbers in tracks.items() for frame in numbers}
    assert not dataset.skipped

    table = video.table_of(tracks)
    marked = replace(table, scored=(table.frame_idx % 2).astype(np.float32))
    odd = build(marked, test_mode=True)
    total = sum(odd.get_data_info(n)['scored'].sum() for n in range(len(odd)))
    assert total == (table.frame_idx % 2).sum()


def test_bodies_give_joints_where_none_are_annotated(build, video):
    table = replace(video.table_of(dict(a=range(4), b=range(4))), **video.bodies(8))
    # Of track b nothing is known but the body, of row 0 neither.
    visible = table.keypoints3d.copy()
    visible[4:, :, 3] = 0
    table = replace(table, keypoints3d=visible, has_smpl=np.repeat([1, 0, 1], [4, 1, 3]))
    dataset = build(table)

    annotated, derived = dataset.get_data_info(0), dataset.get_data_info(1)

    k, source = SPIN49.index('left_knee'), MPI_INF_3DHP28.index('left_knee')
    np.testing.assert_allclose(annotated['joints'][:, k], table.keypoints3d[:4, source, :3])
    layer = SMPLLayer('standin', 'female', joints='spin49')
    rotations = axis_angle_to_matrix(torch.from_numpy(table.smpl_pose[5:].reshape(-1, 24, 3)))
    body = layer(
        rotations, torch.from_numpy(table.smpl_betas[5:]), torch.from_numpy(table.smpl_transl[5:])
    )
    np.testing.assert_allclose(derived['joints'][1:], body.joints.numpy(), atol=1e-5)
    assert derived['joints_valid'].tolist() == [0, 1, 1, 1]
    assert (derived['joints_visible'][1:] == 1).all() and (derived['joints_visible'][0] == 0).all()
    neutral = build(table, body_gender='neutral').get_data_info(1)
    assert np.abs(neutral['joints'][1:] - derived['joints'][1:]).max() > 1e-3


def test_features_come_from_their_file(build, video, write_features):
    table = video.table_of(dict(a=range(6), b=range(5)))
    features = write_features(table)
    dataset = build(
        table,
        images=False,
        feature_file='features.npy',
        feature_backbone='spin_resnet50',
        feature_channels=8,
        pipeline=[CROP, PACK],
    )

    assert isinstance(dataset.features, np.memmap)
    batch = next(iter(DataLoader(dataset, 2, collate_fn=pseudo_collate)))
    np.testing.assert_array_equal(batch['inputs']['features'][1], features[6:10])
    first = batch['data_samples'][0]
    assert first.video_id == 'a' and first.gt_instances.keypoints.shape == (4, 49, 2)


@pytest.mark.parametrize(
    'changes, arguments, message',
    [
        (dict(backbone='other'), dict(feature_backbone='spin_resnet50'), "'other', expected 'spin"),
        (dict(crop_scale=1.3), {}, 'crop_scale is 1.3, expected 1.2'),
        ({}, dict(crop_scale=1.3), 'crop_scale is 1.2, expected 1.3'),
        (dict(rows=5), {}, '5 rows, expected 6'),
        (dict(ann_crc32=7), {}, 'other frames'),
        ({}, dict(feature_channels=2048), '8 channels, expected 2048'),
        (dict(said_channels=16), {}, r'shape \(6, 8\), expected \(6, 16\)'),
    ],
)
def test_features_of_something_else_are_refused(
    build, video, write_features, changes, arguments, message
):
    table = video.table_of(dict(a=range(6)))
    write_features(table, **changes)
    with pytest.raises(ValueError, match=message):
        build(table, feature_file='features.npy', **arguments)


def test_damaged_features_are_errors(build, video, write_features, tmp_path):
    table = video.table_of(dict(a=range(4)))
    with pytest.raises(FileNotFoundError, match='features'):
        build(table, feature_file='features.npy')
    features = write_features(table)
    features[2, 3] = np.nan
    np.save(tmp_path / 'features.npy', features)
    dataset = build(table, feature_file='features.npy')
    with pytest.raises(ValueError, match=r"features of row 2 \(track 'a', frame 2\)"):
        dataset.get_data_info(0)
    (tmp_path / 'features.npy').write_bytes(b'nothing')
    with pytest.raises(ValueError, match='damaged'):
        build(table, feature_file='features.npy')


def test_missing_images_are_an_error_unless_there_are_features(build, video, write_features):
    table = video.table_of(dict(a=range(4)))
    with pytest.raises(FileNotFoundError, match='4 of 4 images are missing.*a/000000.jpg'):
        build(table, images=False)
    write_features(table)
    build(table, images=False, feature_file='features.npy')
    with pytest.raises(FileNotFoundError):
        build(table, images=False, feature_file='features.npy', check_images=True)
    with pytest.raises(ValueError, match='names no images'):
        build(replace(table, image_path=None), images=False)


def test_too_few_frames_are_an_error_that_says_so(build, video):
    with pytest.raises(ValueError, match='no 16 frames in a row, skipped:.*15'):
        build(video.table_of(dict(a=range(15))), seq_len=16)


def test_files_with_every_tenth_frame_are_told_how_to_be_read(build, video):
    table = video.table_of(dict(a=range(0, 200, 10)))
    with pytest.raises(ValueError, match='10 apart: with max_gap=10'):
        build(table, seq_len=16)
    assert len(build(table, seq_len=16, max_gap=10)) == 1


def test_keypoints_in_another_order_are_refused(build, video):
    """PennAction as VIBE writes it, in LSP's order, read as PennAction's own 13."""
    frames = np.arange(20)
    rng = np.random.default_rng(0)
    in_order = video.walker(frames, PENN13) + rng.normal(0, 0.05, (20, 13, 3))
    lsp = video.walker(frames, LSP14)[:, :13]
    table = replace(video.table_of(dict(a=frames)), keypoints2d_convention='penn13')

    good = build(replace(table, keypoints2d=video.sure(video.project(in_order))), PennActionVideo)
    assert good.stride == 1 and good.source == 'penn_action'
    shuffled = replace(table, keypoints2d=video.sure(video.project(lsp)))
    with pytest.raises(ValueError, match="not in the order of 'penn13'.*set check_order=False"):
        build(shuffled, PennActionVideo)
    build(shuffled, PennActionVideo, check_order=False)


def test_orders_are_told_apart_in_any_pose(video):
    rng = np.random.default_rng(0)
    layer = SMPLLayer('standin', joints='spin49')
    for spread in (0.1, 0.6):
        pose = torch.from_numpy(rng.normal(0, spread, (60, 24, 3)).astype(np.float32))
        # Seen from any side, also upside down.
        pose[:, 0] = torch.from_numpy(rng.normal(0, 2, (60, 3)).astype(np.float32))
        joints = layer.joints(axis_angle_to_matrix(pose), torch.zeros(60, 10)).numpy()
        keypoints = video.sure(video.project(joints + [0, 0, 5]))
        lsp = keypoints[:, SPIN49.indices(LSP14.keypoints)]
        names = ['head_top', *PENN13.keypoints[1:]]
        penn = keypoints[:, SPIN49.indices(names)]
        for points, skeleton in ((keypoints, SPIN49), (lsp, LSP14), (penn, PENN13)):
            check_joint_order(points, skeleton, 'file')
        no_neck = np.concatenate([penn, np.zeros((60, 1, 3), np.float32)], axis=1)
        for points, skeleton in ((lsp[:, :13], PENN13), (no_neck, LSP14)):
            with pytest.raises(ValueError, match='not in the order'):
                check_joint_order(points, skeleton, 'file')


def test_motion_without_people_is_for_another_class(build, video, tmp_path):
    table = video.table_of(dict(a=range(4)))
    motion = replace(table, bbox_xywh=None, **video.bodies(4))
    with pytest.raises(ValueError, match='has no boxes.*AMASSMotion'):
        build(motion)
    data = dict(ann_file='motion.npz', data_root=str(tmp_path), seq_len=4)
    write_clip_file(tmp_path / 'motion.npz', motion)
    amass = DATASETS.build(
        dict(type='mmpose_ext.AMASSMotion', pipeline=[dict(type='mmpose_ext.PackMotionInputs')])
        | data
    )
    packed = amass[0]
    np.testing.assert_array_equal(packed['inputs']['motion'], motion.smpl_pose[:4, 3:])
    assert packed['data_samples'].source == 'amass' and packed['data_samples'].video_id == 'a'
    packed['inputs']['motion'][:] = 0
    np.testing.assert_array_equal(amass[0]['inputs']['motion'], motion.smpl_pose[:4, 3:])
    write_clip_file(tmp_path / 'motion.npz', replace(table, bbox_xywh=None))
    with pytest.raises(ValueError, match="without 'smpl_pose'"):
        DATASETS.build(dict(type='mmpose_ext.AMASSMotion') | data)


def test_it_is_a_dataset_of_mmengine(build, video, capture_log):
    table = video.table_of(dict(a=range(12)))
    lazy = build(table, lazy_init=True)
    assert not lazy._fully_initialized
    assert len(lazy) == 3 and lazy.metainfo['num_keypoints'] == 49
    part = build(table, indices=[2, 0])
    assert part.clip_keys() == [('a', 8), ('a', 0)] and len(part) == 2
    assert part[0]['frame_ids'].tolist() == [8, 9, 10, 11]
    both = ConcatDataset([lazy, part])
    assert len(both) == 5 and both[4]['id'] == 0
    assert lazy[-1]['sample_idx'] == 2
    assert '3 clips of 4 frames from 12 frames of 1 tracks' in capture_log()


def test_defaults_of_the_datasets(build, video):
    table = video.table_of(dict(a=range(16)))
    kinds = dict(MPIInf3DHPVideo=16, PW3DVideo=16, PennActionVideo=4, InstaVarietyVideo=16)
    for name, stride in kinds.items():
        dataset = DATASETS.build(dict(type=f'mmpose_ext.{name}', lazy_init=True))
        assert (dataset.seq_len, dataset.stride) == (16, stride) and dataset.source
    assert build(table, PW3DVideo, domain='target').get_data_info(0)['domain'] == 'target'


@pytest.mark.parametrize(
    'wrong',
    [dict(domain='here'), dict(overlap=1), dict(crop_scale=0), dict(body_gender='x')],
)
def test_unknown_options_are_errors(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f'{name} got'):
        VideoMeshDataset(lazy_init=True, **wrong)


def test_nothing_is_warned_about(build, video):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        build(video.table_of(dict(a=range(4))))[0]
