"""VIBE's and InstaVariety's files, which have features: rows, orders, and joblib's format."""

import os
import pickle

import h5py
import joblib
import numpy as np
import pytest

from mmpose_ext.apis.video_converters import convert_insta_variety, convert_vibe_db
from mmpose_ext.apis.video_converters.insta_variety import JOINTS
from mmpose_ext.apis.video_converters.joblib_file import read_joblib
from mmpose_ext.datasets import InstaVarietyVideo, VideoMeshDataset
from mmpose_ext.datasets.datasets.video import FeatureManifest, write_clip_file
from mmpose_ext.datasets.transforms import CropClip
from mmpose_ext.skeletons import LSP14, PENN13, SPIN49

NUMBER = 24
NAMES = {'mid_hip': 'pelvis', 'big_toe': 'toe', 'small_toe': 'toe', 'heel': 'foot'}


def spin_walker(film, frames=NUMBER):
    """SPIN's 49 joints of the walker; feet and detected joints where they are annotated."""
    names = []
    for name in SPIN49.keypoints:
        name = name.removeprefix('op_')
        for part, other in NAMES.items():
            name = name.replace(part, other)
        names.append({'thorax': 'neck', 'jaw': 'neck'}.get(name, name))
    return film.walker(frames, names)


@pytest.fixture
def mpii3d(film):
    """Two tracks whose frames count down, the first one with a gap."""
    joints = spin_walker(film)
    rng = np.random.default_rng(0)
    pixels = film.project(joints)
    low, high = pixels.min(axis=1), pixels.max(axis=1)
    return dict(
        vid_name=np.array(['subj1_seq1_vid0_seg0'] * 14 + ['subj1_seq1_vid0_seg1'] * 10),
        frame_id=np.array([f'frame_{n:06d}' for n in [*range(14), *range(20, 30)][::-1]]),
        img_name=np.array([f'/home/x/data/S1/{n}.jpg' for n in range(NUMBER)]),
        joints3D=joints - joints[:, [39]],
        joints2D=np.concatenate([pixels, np.ones((NUMBER, 49, 1))], axis=2).astype(np.float32),
        bbox=np.concatenate([(low + high) / 2, high - low], axis=1),
        features=rng.normal(size=(NUMBER, 8)).astype(np.float32),
    )


def test_vibes_rows_come_in_order_of_time_with_their_features(tmp_path, film, mpii3d):
    joblib.dump(mpii3d, tmp_path / 'mpii3d_train_db.pt')
    out = tmp_path / 'clips/3dhp.npz'

    table = convert_vibe_db(
        tmp_path / 'mpii3d_train_db.pt',
        out,
        tmp_path / 'clips/3dhp.npy',
        image_root='/home/x/data',
    )

    write_clip_file(out, table)
    # The file counts frames down, in both tracks.
    order = [*range(13, -1, -1), *range(23, 13, -1)]
    np.testing.assert_array_equal(np.load(tmp_path / 'clips/3dhp.npy'), mpii3d['features'][order])
    assert table.image_path[0] == 'S1/13.jpg'
    assert table.frame_idx.tolist() == [*range(10, 14), *range(20, 30), *range(10)]
    np.testing.assert_allclose(table.keypoints3d[..., :3], mpii3d['joints3D'][order], atol=1e-6)
    manifest = FeatureManifest.read(tmp_path / 'clips/3dhp.npy')
    assert (manifest.crop_scale, manifest.backbone) == (1.3, 'spin_resnet50')
    arguments = dict(ann_file=str(out), feature_file=str(tmp_path / 'clips/3dhp.npy'), seq_len=4)
    dataset = VideoMeshDataset(crop_scale=1.3, **arguments)
    sample = dataset.get_data_info(0)
    np.testing.assert_array_equal(sample['features'], mpii3d['features'][order[:4]])
    np.testing.assert_allclose(sample['keypoints'], mpii3d['joints2D'][order[:4], :, :2], rtol=1e-6)
    # VIBE crops targets with 1.2 and features with 1.3.
    with pytest.raises(ValueError, match='crop_scale is 1.3, expected 1.2'):
        VideoMeshDataset(**arguments)


def test_joints_that_3dhp_does_not_annotate_are_not_known(tmp_path, mpii3d):
    """VIBE centres them with the others, so that they lie where nobody is."""
    missing = SPIN49.indices(['op_nose', 'op_left_heel', 'left_ear'])
    mpii3d['joints2D'][:, missing] = 0
    mpii3d['joints2D'][3, SPIN49.index('left_wrist'), 2] = 0
    joblib.dump(mpii3d, tmp_path / 'mpii3d_train_db.pt')

    table = convert_vibe_db(tmp_path / 'mpii3d_train_db.pt', tmp_path / 'x')

    expected = np.ones(49)
    expected[missing] = 0
    assert (table.keypoints3d[..., 3] == expected).all()
    assert not table.keypoints3d[:, missing].any()


def test_features_that_are_replaced_lose_their_manifest_first(tmp_path, mpii3d, monkeypatch):
    file, out = tmp_path / 'mpii3d_train_db.pt', tmp_path / 'x.npy'
    joblib.dump(mpii3d, file)
    convert_vibe_db(file, tmp_path / 'x.npz', out)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(FeatureManifest, 'write', killed)
    with pytest.raises(KeyboardInterrupt):
        convert_vibe_db(file, tmp_path / 'x.npz', out, crop_scale=1.2)
    with pytest.raises(FileNotFoundError, match='not finished'):
        FeatureManifest.read(out)


def pennaction(film, skeleton, frames=30):
    pixels = film.project(film.walker(frames, skeleton.keypoints))
    return dict(
        vid_name=np.array(['0001'] * frames),
        img_name=np.array([f'frames/0001/{n + 1:06d}.jpg' for n in range(frames)]),
        joints2D=np.concatenate([pixels, np.ones((*pixels.shape[:2], 1))], axis=2),
        bbox=np.tile([100.0, 75, 50, 50], (frames, 1)),
    )


def test_pennactions_order_is_told_by_number_and_neck(tmp_path, film):
    """The order that VIBE writes and does not read (14 joints of LSP with an unknown neck)."""
    file = tmp_path / 'pennaction_train_db.pt'
    content = pennaction(film, LSP14)
    content['joints2D'][:, LSP14.index('neck'), 2] = 0
    joblib.dump(content, file)
    write_clip_file(tmp_path / 'penn.npz', convert_vibe_db(file, tmp_path / 'penn.npz'))
    dataset = VideoMeshDataset(ann_file=str(tmp_path / 'penn.npz'), check_images=False)
    sample = dataset.get_data_info(0)
    for name in ('left_wrist', 'right_ankle', 'head_top'):
        k = SPIN49.index(name)
        expected = film.project(film.walker(16, [name]))[:, 0]
        np.testing.assert_allclose(sample['keypoints'][:, k], expected, rtol=1e-5)
    assert (sample['keypoints_visible'][:, SPIN49.index('neck')] == 0).all()

    joblib.dump(pennaction(film, PENN13), file)
    assert convert_vibe_db(file, tmp_path / 'x').keypoints2d_convention == 'penn13'
    joblib.dump(pennaction(film, LSP14), file)
    with pytest.raises(ValueError, match='number 12 is known, expected an unknown neck'):
        convert_vibe_db(file, tmp_path / 'x')
    content['joints2D'] = content['joints2D'][:, :13]
    joblib.dump(content, file)
    with pytest.raises(ValueError, match="not in the order of 'penn13'"):
        convert_vibe_db(file, tmp_path / 'x')


def test_bodies_of_3dpw_and_motion(tmp_path, film):
    rng = np.random.default_rng(0)
    content = pennaction(film, LSP14) | dict(
        frame_id=np.arange(30),
        joints3D=film.walker(30, LSP14.keypoints),
        pose=rng.normal(size=(30, 72)),
        shape=rng.normal(size=(30, 10)),
    )
    joblib.dump(content, tmp_path / '3dpw_test_db.pt')
    table = convert_vibe_db(tmp_path / '3dpw_test_db.pt', tmp_path / 'x')
    np.testing.assert_allclose(table.smpl_pose, content['pose'], rtol=1e-6)
    # 14 joints of a body that is known: all 49 come from it.
    assert table.keypoints3d is None and set(table.fps) == {30}
    np.testing.assert_allclose(table.bbox_xywh[0], [75, 50, 50, 50, 1])

    theta = rng.normal(size=(9, 82)).astype(np.float32)
    names = np.array(['a', 'b'])[[0, 0, 0, 0, 1, 1, 1, 1, 1]]
    joblib.dump(dict(theta=theta, vid_name=names), tmp_path / 'amass_db.pt')
    motion = convert_vibe_db(tmp_path / 'amass_db.pt', tmp_path / 'x')
    np.testing.assert_array_equal(motion.smpl_pose, theta[:, :72])
    np.testing.assert_array_equal(motion.smpl_betas, theta[:, 72:])
    assert motion.frame_idx.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(vid_name=None), "no 'vid_name'"),
        (dict(bbox=np.zeros((5, 4))), "'bbox' has 5 rows"),
        (dict(joints2D=np.zeros((NUMBER, 20, 3))), r'joints2D got shape \(24, 20, 3\)'),
        (dict(frame_id=np.zeros(NUMBER)), 'has frame 0 twice'),
        (dict(frame_id=np.array(['x'] * NUMBER)), "frame 'x' has no number"),
        (dict(features=np.full((NUMBER, 8), np.nan)), r'features of row 0 .* are not finite'),
    ],
)
def test_wrong_files_are_named(tmp_path, mpii3d, changes, message):
    file = tmp_path / 'mpii3d_val_db.pt'
    joblib.dump(mpii3d | changes, file)
    with pytest.raises(ValueError, match=message):
        convert_vibe_db(file, tmp_path / 'x.npz', tmp_path / 'x.npy')
    assert not [name for name in os.listdir(tmp_path) if name.startswith(('x', '.x'))]
    with pytest.raises(ValueError, match='the name says no dataset'):
        convert_vibe_db(tmp_path / 'other.pt', tmp_path / 'x.npz')


def same(first, second):
    assert type(first) is type(second) or isinstance(first, np.ndarray)
    if isinstance(first, dict):
        assert first.keys() == second.keys()
        for key in first:
            same(first[key], second[key])
    else:
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize('protocol', [2, 3, 4, 5])
def test_joblibs_files_are_read(tmp_path, protocol):
    rng = np.random.default_rng(0)
    content = dict(
        small=rng.normal(size=(5, 3)).astype(np.float32),
        large=rng.normal(size=(300, 1000)),
        fortran=np.asfortranarray(rng.normal(size=(4, 6))),
        strings=np.array(['a', 'bcd']),
        objects=np.array(['a', None, 3], object),
        empty=np.zeros((0, 2)),
        plain=[1, 2.5, 'x', b'y', None, True],
        nested=dict(a=np.arange(3), b=(1, 2)),
    )
    joblib.dump(content, tmp_path / 'a.pt', protocol=protocol)

    found = read_joblib(tmp_path / 'a.pt')

    same(found, content)
    assert isinstance(found['large'], np.memmap) and not isinstance(found['small'], np.memmap)


class Exploit:
    def __reduce__(self):
        return (print, ('run',))


def test_joblibs_files_cannot_run_code(tmp_path, capsys):
    for content in (dict(a=Exploit()), dict(a=np.array([Exploit()], object))):
        joblib.dump(content, tmp_path / 'a.pt')
        with pytest.raises(ValueError, match='nothing was run'):
            read_joblib(tmp_path / 'a.pt')
    assert 'run' not in capsys.readouterr().out.split()


def test_other_files_are_refused(tmp_path):
    file = tmp_path / 'a.pt'
    with pytest.raises(FileNotFoundError):
        read_joblib(file)
    joblib.dump(dict(a=np.zeros((300, 1000))), file)
    data = file.read_bytes()
    for cut in (30, 200, 5000):
        file.write_bytes(data[:cut])
        with pytest.raises(ValueError, match='not a readable'):
            read_joblib(file)
    for compress in ('zlib', 'gzip', 'bz2', 'xz'):
        joblib.dump(dict(a=np.zeros(5)), file, compress=compress)
        with pytest.raises(ValueError, match='is compressed; write it anew'):
            read_joblib(file)
    np.savez(tmp_path / 'b.npz', a=np.zeros(3))
    with pytest.raises(ValueError, match='zip archive'):
        read_joblib(tmp_path / 'b.npz')
    file.write_bytes(pickle.dumps([1, 2]))
    assert read_joblib(file) == [1, 2]


def insta(file, film, names=JOINTS):
    """Keypoints in crops of 224 pixels, rows of two tracks mixed."""
    joints = spin_walker(film)[:, SPIN49.indices(names)]
    pixels = 224 * film.project(joints) / 200
    content = dict(
        joints2D=np.concatenate([pixels, np.full((NUMBER, 25, 1), 0.5)], axis=2),
        vid_name=np.array([b'a', b'b'] * 12),
        frame_id=np.arange(NUMBER),
        features=np.random.default_rng(0).normal(size=(NUMBER, 8)).astype(np.float32),
    )
    with h5py.File(file, 'w') as out:
        for key, value in content.items():
            out[key] = value
    return content


def test_insta_varietys_crops_are_the_boxes_own(tmp_path, film):
    content = insta(tmp_path / 'insta_train_db.h5', film)
    out = tmp_path / 'insta.npz'

    table = convert_insta_variety(tmp_path / 'insta_train_db.h5', out, tmp_path / 'insta.npy')

    write_clip_file(out, table)
    order = [*range(0, NUMBER, 2), *range(1, NUMBER, 2)]
    np.testing.assert_array_equal(np.load(tmp_path / 'insta.npy'), content['features'][order])
    dataset = InstaVarietyVideo(
        ann_file=str(out),
        feature_file=str(tmp_path / 'insta.npy'),
        seq_len=4,
        max_gap=2,
        pipeline=[CropClip()],
    )
    sample = dataset[0]
    np.testing.assert_allclose(sample['bboxes'], [[0, 0, 224, 224]] * 4, atol=1e-4)
    expected = content['joints2D'][order[:4], :, :2] / 112 - 1
    places = SPIN49.indices(JOINTS)
    np.testing.assert_allclose(sample['keypoints'][:, places], expected, atol=1e-5)
    assert (sample['keypoints_visible'][:, places] == 0.5).all()
    assert sample['keypoints_visible'].sum() == pytest.approx(4 * 25 * 0.5)


def test_wrong_insta_variety_files_are_named(tmp_path, film):
    file = tmp_path / 'insta_train_db.h5'
    with pytest.raises(FileNotFoundError):
        convert_insta_variety(file, tmp_path / 'x.npz')
    shuffled = [JOINTS[k] for k in np.random.default_rng(3).permutation(25)]
    insta(file, film, shuffled)
    with pytest.raises(ValueError, match='not in the order'):
        convert_insta_variety(file, tmp_path / 'x.npz')
    file.write_bytes(b'nothing')
    with pytest.raises(ValueError, match='not a readable'):
        convert_insta_variety(file, tmp_path / 'x.npz')
