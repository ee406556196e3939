"""Clip files: round trips, and what is wrong with them."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from mmpose_ext.datasets.datasets.video import ClipFile, read_clip_file, write_clip_file
from mmpose_ext.skeletons import SUPERSET30


@pytest.fixture
def table(video):
    return video.table_of(dict(b=range(3, 7), a=[0, 1, 5]))


def test_what_is_written_is_read(tmp_path, table, video):
    table = replace(
        table, **video.bodies(7), camera=np.tile(np.eye(3, dtype=np.float32), (7, 1, 1))
    )

    found = read_clip_file(write_clip_file(tmp_path / 'deep/clips.npz', table))

    assert found.columns().keys() == table.columns().keys()
    for name, value in table.columns().items():
        np.testing.assert_array_equal(getattr(found, name), value)
    assert [path.name for path in (tmp_path / 'deep').iterdir()] == ['clips.npz']


def test_files_hold_no_objects_and_are_the_same_every_time(tmp_path, table):
    write_clip_file(tmp_path / 'a.npz', table)
    write_clip_file(tmp_path / 'b.npz', table)

    with np.load(tmp_path / 'a.npz', allow_pickle=False) as file:
        assert {key: file[key].dtype.kind for key in file}['image_path'] == 'U'
        assert file['frame_idx'].dtype == np.int64
    assert (tmp_path / 'a.npz').read_bytes() == (tmp_path / 'b.npz').read_bytes()


def test_parts_are_joined(table):
    parts = [table.take(slice(0, 4)), table.take([4, 5, 6])]

    joined = ClipFile.concatenate(parts)

    for name, value in table.columns().items():
        np.testing.assert_array_equal(getattr(joined, name), value)
    with pytest.raises(ValueError, match='camera'):
        ClipFile.concatenate([parts[0], replace(parts[1], camera=np.zeros((3, 3, 3)))])
    with pytest.raises(ValueError, match="'spin49'"):
        ClipFile.concatenate([parts[0], replace(parts[1], keypoints2d_convention='spin49')])


def spoil(table, name, row, value):
    array = getattr(table, name).copy()
    array[row] = value
    return replace(table, **{name: array})


@pytest.mark.parametrize(
    'name, row, value, message',
    [
        ('keypoints2d', (5, 3, 0), np.nan, r"row 5 \(track 'a', frame 1\): 'keypoints2d' is .*nan"),
        ('keypoints3d', (0, 3, 0), np.inf, r"row 0 \(track 'b', frame 3\): 'keypoints3d' is"),
        ('smpl_pose', (2, 7), np.nan, r"row 2 \(track 'b', frame 5\): 'smpl_pose' is"),
        ('bbox_xywh', (1, 2), 0, r"row 1 .*'bbox_xywh' is .*expected a size > 0"),
        ('fps', 3, 50, r"row 3 .*'fps' is 50.0, expected one value per track"),
        ('fps', slice(4, 7), 0, r"row 4 .*'fps' is 0.0, expected a positive number"),
        ('gender', 6, 'male', r"row 6 .*'gender' is male, expected one value per track"),
        ('gender', slice(4, 7), 'x', r"row 4 .*'gender' is x, expected one of"),
        ('frame_idx', 1, 3, r"row 1 \(track 'b', frame 3\): 'frame_idx' is 3, expected more"),
        ('video_id', 1, 'a', r"track '[ab]' are not one after the other"),
    ],
)
def test_wrong_values_are_named(tmp_path, table, video, name, row, value, message):
    table = spoil(replace(table, **video.bodies(7)), name, row, value)
    with pytest.raises(ValueError, match=message):
        write_clip_file(tmp_path / 'clips.npz', table)
    assert not list(tmp_path.iterdir())
    np.savez(tmp_path / 'clips.npz', **table.columns())
    with pytest.raises(ValueError, match=message):
        read_clip_file(tmp_path / 'clips.npz')


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(keypoints2d=np.zeros((7, 13, 3))), 'has 13 keypoints, expected the 28'),
        (dict(keypoints2d_convention='penn13'), "has 28 keypoints, expected the 13 of 'penn13'"),
        (dict(keypoints2d_convention=None), "without 'keypoints2d_convention'"),
        (dict(keypoints2d_convention='nobody'), "keypoints2d_convention got 'nobody'"),
        (dict(bbox_xywh=np.ones((7, 4))), r"'bbox_xywh' got shape \(7, 4\)"),
        (dict(fps=np.ones(6)), "'fps' has 6 rows for 7"),
        (dict(frame_idx=np.arange(7.0)), 'expected integers'),
        (dict(smpl_pose=np.zeros((7, 72))), "'smpl_pose' without"),
    ],
)
def test_wrong_columns_are_named(tmp_path, table, changes, message):
    with pytest.raises(ValueError, match=message):
        write_clip_file(tmp_path / 'clips.npz', replace(table, **changes))


def test_other_files_are_refused(tmp_path, table):
    with pytest.raises(FileNotFoundError, match='convert_video.py'):
        read_clip_file(tmp_path / 'no.npz')
    with pytest.raises(ValueError, match='expected .npz'):
        write_clip_file(tmp_path / 'clips.pkl', table)
    (tmp_path / 'bad.npz').write_bytes(b'no archive')
    with pytest.raises(ValueError, match='not a readable'):
        read_clip_file(tmp_path / 'bad.npz')
    np.savez(tmp_path / 'other.npz', poses=np.zeros((3, 156)))
    with pytest.raises(ValueError, match="has no .*'video_id'.*it has .*'poses'"):
        read_clip_file(tmp_path / 'other.npz')
    np.savez(tmp_path / 'code.npz', video_id=np.array([Exploit()], object))
    with pytest.raises(ValueError, match='nothing was run'):
        read_clip_file(tmp_path / 'code.npz')


class Exploit:
    def __reduce__(self):
        return (pickle.loads, (b'',))


@pytest.mark.parametrize('compressed', [False, True])
def test_human_data_is_read_in_order_of_tracks_and_time(tmp_path, video, compressed):
    number = 4
    rng = np.random.default_rng(0)
    keypoints = np.zeros((number, 190, 3), np.float32)
    # HumanData's first 22 columns are SMPL's joints, 55 the nose.
    keypoints[:, :22, :2] = rng.uniform(0, 100, (number, 22, 2))
    keypoints[:, :22, 2] = 0.5
    keypoints[:, 55] = [7, 8, 1]
    mask = np.zeros(190, int)
    mask[[*range(22), 55]] = 1
    smpl = video.bodies(number)
    np.savez(
        tmp_path / 'human.npz',
        image_path=np.array([f's/{n}.jpg' for n in (12, 11, 1, 2)]),
        video_path=np.array(['y', 'y', 'x', 'x']),
        bbox_xywh=np.ones((number, 5)),
        keypoints2d=keypoints[:, mask > 0] if compressed else keypoints,
        keypoints2d_mask=mask,
        smpl=dict(
            global_orient=smpl['smpl_pose'][:, :3],
            body_pose=smpl['smpl_pose'][:, 3:].reshape(number, 23, 3),
            betas=smpl['smpl_betas'],
        ),
        meta=dict(gender=['m', 'm', 'f', 'f']),
    )

    table = read_clip_file(tmp_path / 'human.npz')

    assert table.video_id.tolist() == ['x', 'x', 'y', 'y']
    assert table.frame_idx.tolist() == [1, 2, 11, 12]
    assert table.gender.tolist() == ['female', 'female', 'male', 'male']
    order = [2, 3, 1, 0]
    np.testing.assert_array_equal(table.smpl_pose, smpl['smpl_pose'][order])
    np.testing.assert_array_equal(table.keypoints2d[:, :22], keypoints[order, :22])
    nose = SUPERSET30.index('nose')
    np.testing.assert_array_equal(table.keypoints2d[:, nose], np.tile([7, 8, 1], (4, 1)))
    assert (table.keypoints2d[:, SUPERSET30.index('left_ear')] == 0).all()
    assert table.keypoints2d_convention == 'superset30'
