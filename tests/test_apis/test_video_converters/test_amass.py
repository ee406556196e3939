"""AMASS's motion files, resampled, of SMPL-H and SMPL-X bodies."""

import numpy as np
import pytest

from mmpose_ext.apis.video_converters import AMASSConverter, convert_videos
from mmpose_ext.apis.video_converters.amass import VIBE_SUBSETS, resampled_frames


@pytest.fixture
def write(tmp_path):
    """Write a motion whose numbers say frame and joint: frame + joint / 1000, times the axis."""

    def write(name, frames=121, size=156, **changes):
        joints = size // 3
        values = np.arange(frames)[:, None] + np.arange(joints) / 1000
        poses = np.stack([values, 2 * values, 3 * values], axis=-1).reshape(frames, size)
        content = dict(
            poses=poses,
            betas=np.arange(16.0),
            trans=np.zeros((frames, 3)),
            gender=np.array('female'),
            mocap_framerate=np.array(120.0),
        )
        content |= changes
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **{key: value for key, value in content.items() if value is not None})
        return tmp_path

    return write


@pytest.mark.parametrize(
    'rate, target', [(120, 25), (100, 25), (60, 25), (59.94, 30), (250, 30), (25, 25), (30, 25)]
)
def test_resampling_takes_the_nearest_frame_in_time(rate, target):
    frames = resampled_frames(333, rate, target)

    assert len(frames) == int(332 / rate * target + 1e-6) + 1
    for number, frame in enumerate(frames):
        time = number / target
        assert abs(frame / rate - time) <= 0.5 / rate + 1e-9
    assert (np.diff(frames) > 0).all() and frames[-1] <= 332


@pytest.mark.parametrize(
    'size, joints', [(156, [*range(22), 22, 37]), (165, [*range(22), 25, 40]), (72, range(24))]
)
def test_joints_are_smpls(write, size, joints):
    root = write('CMU/01/01_01_poses.npz', size=size)

    table, skipped = convert_videos(AMASSConverter(root, fps=30))

    assert not skipped and set(table.video_id) == {'CMU/01/01_01_poses'}
    assert table.frame_idx.tolist() == list(range(31))
    values = np.arange(0, 121, 4)[:, None] + np.array(list(joints)) / 1000
    expected = np.stack([values, 2 * values, 3 * values], axis=-1)
    np.testing.assert_allclose(table.smpl_pose.reshape(-1, 24, 3), expected, rtol=1e-6)
    np.testing.assert_array_equal(table.smpl_betas[0], np.arange(10))
    assert set(table.fps) == {30} and set(table.source_fps) == {120}
    assert set(table.gender) == {'female'} and (table.has_smpl == 1).all()
    assert table.image_path is None and table.bbox_xywh is None


def test_newer_files_and_slower_ones(write):
    write('A/s/new_stageii.npz', mocap_framerate=None, mocap_frame_rate=np.array(60.0), size=165)
    write('A/s/slow_poses.npz', mocap_framerate=np.array(20.0), gender=np.array(b'male'))
    root = write('A/s/shape.npz', poses=None)

    table, skipped = convert_videos(AMASSConverter(root))

    assert skipped == {
        'files without poses': 1,
        'resamplings of files below 25 frames per second': 1,
    }
    slow = table.take(table.video_id == 'A/s/slow_poses')
    assert len(slow) == 121 and set(slow.fps) == {20} and set(slow.gender) == {'male'}
    new = table.take(table.video_id == 'A/s/new_stageii')
    assert set(new.fps) == {25} and set(new.source_fps) == {60}


def test_subsets_are_chosen(write):
    for subset in ('CMU', 'KIT', 'Other'):
        root = write(f'{subset}/1/a_poses.npz')
    table, _ = convert_videos(AMASSConverter(root, subsets=('CMU', 'KIT')))
    assert np.unique(table.video_id).tolist() == ['CMU/1/a_poses', 'KIT/1/a_poses']
    with pytest.raises(FileNotFoundError, match=r"no subsets \['ACCAD'\].*https://"):
        convert_videos(AMASSConverter(root, subsets=('ACCAD', 'CMU')))
    with pytest.raises(FileNotFoundError, match='https://'):
        convert_videos(AMASSConverter(root / 'empty'))
    assert len(VIBE_SUBSETS) == 15


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(poses=np.full((4, 156), np.nan)), 'poses of frame 0 are not finite'),
        (dict(poses=np.zeros((4, 100))), r'poses got shape \(4, 100\)'),
        (dict(mocap_framerate=None), 'the frame rate is None'),
        (dict(mocap_framerate=np.array(0.0)), 'the frame rate is 0.0'),
        (dict(betas=None), 'not a readable motion file'),
        (dict(poses=np.array([{}], object)), 'not a readable motion file'),
    ],
)
def test_wrong_files_are_named(write, changes, message):
    root = write('CMU/1/a_poses.npz', **changes)
    with pytest.raises(ValueError, match=f'a_poses.npz.*{message}'):
        convert_videos(AMASSConverter(root))
    with pytest.raises(ValueError, match='fps got 0'):
        AMASSConverter(root, fps=0)
