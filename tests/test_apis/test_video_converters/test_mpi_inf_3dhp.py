"""MPI-INF-3DHP's files, with joints of which the camera is known."""

import h5py
import numpy as np
import pytest
from scipy.io import savemat
from scipy.spatial.transform import Rotation

from mmpose_ext.apis.video_converters import (
    MPIInf3DHPConverter,
    MPIInf3DHPTestConverter,
    convert_videos,
)
from mmpose_ext.apis.video_converters.mpi_inf_3dhp import NUM_FRAMES
from mmpose_ext.apis.video_converters.mpi_inf_3dhp_test import NUM_VALID
from mmpose_ext.body_models import load_standin
from mmpose_ext.skeletons import MPI_INF_3DHP17, MPI_INF_3DHP28

FRAMES = 40
PATTERN = 'S{subject}/Seq{sequence}/imageFrames/video_{camera}/frame_{frame:06d}.jpg'


def cells(arrays, number=14):
    """A MATLAB cell array (14, 1) with some cells filled."""
    first = next(iter(arrays.values()))
    content = np.empty((number, 1), object)
    for camera in range(number):
        content[camera, 0] = arrays.get(camera, np.zeros((0, first.shape[1])))
    return content


@pytest.fixture
def joints(film):
    return film.walker(FRAMES, MPI_INF_3DHP28.keypoints)


@pytest.fixture
def write(tmp_path, film):
    """Write a sequence with cameras 0 and 3 that see the same, and its images."""

    def write(joints, pixels=None, place='S1/Seq1', images=True, cameras=(0, 3), **more):
        pixels = film.project(joints) if pixels is None else pixels
        flat2, flat3 = (a.reshape(len(a), -1) for a in (pixels, joints * 1000))
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        savemat(
            tmp_path / place / 'annot.mat',
            dict(
                annot2=cells(dict.fromkeys(cameras, flat2)),
                annot3=cells(dict.fromkeys(cameras, flat3)),
                **more,
            ),
        )
        if images:
            for camera in cameras:
                for frame in range(1, len(joints) + 1):
                    film.write_image(
                        tmp_path / place / f'imageFrames/video_{camera}/frame_{frame:06d}.jpg'
                    )
        return tmp_path

    return write


def test_joints_come_out_as_they_were(write, joints, film):
    write(joints, place='S1/Seq1')
    root = write(joints[:5], place='S3/Seq2')

    table, skipped = convert_videos(MPIInf3DHPConverter(root, cameras=(0, 3)))

    assert skipped['sequences without annot.mat'] == 14
    ids, counts = np.unique(table.video_id, return_counts=True)
    tracks = dict(zip(ids.tolist(), counts.tolist()))
    assert set(tracks) == {f'S{s}_V{c}' for s in ('1_Seq1', '3_Seq2') for c in (0, 3)}
    # The walker leaves the picture, frame by frame through its right border.
    pixels = film.project(joints)
    inside = ((pixels >= 0) & (pixels < film.size)).all(axis=(1, 2))
    kept = np.flatnonzero(inside)
    assert 0 < len(kept) < FRAMES and tracks['S1_Seq1_V0'] == len(kept)
    assert skipped['frames with a joint outside of the image'] == 2 * (~inside).sum()
    first = table.take(table.video_id == 'S1_Seq1_V0')
    assert first.frame_idx.tolist() == kept.tolist()
    assert first.image_path[2] == PATTERN.format(subject=1, sequence=1, camera=0, frame=kept[2] + 1)
    np.testing.assert_allclose(first.keypoints3d[..., :3], joints[kept], atol=1e-6)
    np.testing.assert_allclose(first.keypoints2d[..., :2], pixels[kept], rtol=1e-5)
    assert (first.keypoints2d[..., 2] == 1).all() and (first.keypoints3d[..., 3] == 1).all()
    np.testing.assert_allclose(first.camera[0], film.camera, rtol=1e-5)
    low, high = pixels[kept].min(axis=1), pixels[kept].max(axis=1)
    np.testing.assert_allclose(first.bbox_xywh[:, 2:4], 1.1 * (high - low), rtol=1e-5)
    centre = first.bbox_xywh[:, :2] + first.bbox_xywh[:, 2:4] / 2
    np.testing.assert_allclose(centre, (low + high) / 2, rtol=1e-5)
    # Sequences were filmed at different rates.
    assert set(first.fps) == {25} and set(table.fps[table.video_id == 'S3_Seq2_V3']) == {50}


def test_segments_end_where_a_joint_leaves_the_image(write, joints, film):
    pixels = film.project(joints[:12])
    pixels[5, 3, 1] = film.size[1] + 1
    root = write(joints[:12], pixels)

    table, skipped = convert_videos(MPIInf3DHPConverter(root, (1,), (0,)))

    assert table.frame_idx.tolist() == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]
    assert skipped['frames with a joint outside of the image'] == 1


@pytest.mark.slow
def test_the_number_of_processes_changes_nothing(write, joints):
    for place in ('S1/Seq1', 'S2/Seq1', 'S2/Seq2'):
        root = write(joints[:6], place=place)
    converter = MPIInf3DHPConverter(root, cameras=(0, 3))
    seen = []

    alone, _ = convert_videos(converter, 0)
    several, _ = convert_videos(converter, 2, lambda done, total: seen.append((done, total)))

    assert seen == [(1, 3), (2, 3), (3, 3)]
    for name, value in alone.columns().items():
        np.testing.assert_array_equal(getattr(several, name), value)


def test_what_does_not_belong_together_is_refused(write, joints, film, tmp_path):
    pixels = film.project(joints[:8])
    root = write(joints[:8], pixels[:, np.random.default_rng(0).permutation(28)])
    with pytest.raises(ValueError, match='no camera projects annot3 to annot2'):
        convert_videos(MPIInf3DHPConverter(root, (1,), (0,)))
    write(joints[:8], pixels[:, :17])
    with pytest.raises(ValueError, match=r'annot2 of camera 0 got shape \(8, 34\)'):
        convert_videos(MPIInf3DHPConverter(root, (1,), (0,)))
    write(joints[:8], pixels[:7])
    with pytest.raises(ValueError, match='7 frames in annot2 and 8 in annot3'):
        convert_videos(MPIInf3DHPConverter(root, (1,), (0,)))
    (root / 'S1/Seq1/annot.mat').write_bytes(b'not a mat file')
    with pytest.raises(ValueError, match='annot.mat is not a readable MATLAB file'):
        convert_videos(MPIInf3DHPConverter(root, (1,), (0,)))
    with pytest.raises(FileNotFoundError, match='https://'):
        convert_videos(MPIInf3DHPConverter(tmp_path / 'empty'))


def test_missing_images_are_named_unless_they_are_not_wanted(write, joints):
    root = write(joints[:4])
    (root / PATTERN.format(subject=1, sequence=1, camera=0, frame=3)).unlink()

    with pytest.raises(FileNotFoundError, match='1 of 4 images are missing.*frame_000003.jpg'):
        convert_videos(MPIInf3DHPConverter(root, (1,), (0,)))
    assert len(convert_videos(MPIInf3DHPConverter(root, (1,), (0,), images=False)).table) == 4


def test_cameras_without_frames_are_counted(write, joints):
    root = write(joints[:4], cameras=(0,))
    _, skipped = convert_videos(MPIInf3DHPConverter(root, (1,), (0, 3)))
    assert skipped['cameras without frames'] == 1


def test_generated_bodies_are_seen_by_the_cameras(write, joints, film):
    """Vertices that are posed in the world and moved by the extrinsics."""
    rng = np.random.default_rng(0)
    body = load_standin()
    pose, trans, betas = rng.normal(0, 0.3, (4, 72)), rng.normal(0, 1, (4, 3)), rng.normal(0, 1, 10)
    rotations = Rotation.from_euler('xyz', rng.normal(0, 1, (2, 3))).as_matrix()
    translations = rng.normal(0, 1, (2, 3))
    root = write(joints[:4])
    write(joints[:2], place='S2/Seq1')
    np.savez(
        root / 'S1/Seq1/smpl.npz',
        poses=pose,
        trans=trans,
        betas=betas,
        cameras=np.array([0, 3]),
        rotations=rotations,
        translations=translations,
        fps=np.array(30.0),
    )
    converter = MPIInf3DHPConverter(root, (1, 2), (0, 3), body_model='standin')

    table, _ = convert_videos(converter)

    assert set(table.fps[:4]) == {30} and table.has_smpl.tolist() == [1] * 8 + [0] * 4
    rows = np.flatnonzero(table.video_id == 'S1_Seq1_V3')
    for frame, row in enumerate(rows):
        world, _ = body.skin(betas, pose[frame].reshape(24, 3), trans[frame])
        seen, _ = body.skin(
            table.smpl_betas[row], table.smpl_pose[row].reshape(24, 3), table.smpl_transl[row]
        )
        np.testing.assert_allclose(seen, world @ rotations[1].T + translations[1], atol=2e-4)


def write_test_set(root, film, joints, valid, number=1, scale=1.0, noise=0.0, **more):
    folder = root / f'TS{number}'
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    with h5py.File(folder / 'annot_data.mat', 'w') as file:
        file['annot2'] = film.project(joints)[:, None] + rng.normal(0, noise, (1, 17, 2))
        file['univ_annot3'] = joints[:, None] * 1000 * scale
        file['annot3'] = joints[:, None] * 1000
        file['valid_frame'] = np.asarray(valid, float)[:, None]
        for key, value in more.items():
            file[key] = value
    for frame in range(1, len(joints) + 1):
        film.write_image(folder / f'imageSequence/img_{frame:06d}.jpg')


def test_the_test_set_scores_its_valid_frames(tmp_path, film):
    joints = film.walker(FRAMES, MPI_INF_3DHP17.keypoints)
    valid = np.arange(FRAMES) % 3 == 0
    write_test_set(tmp_path, film, joints, valid, scale=0.9)
    write_test_set(tmp_path, film, joints[:5], valid[:5], number=2, fps=np.array([[50.0]]))

    table, skipped = convert_videos(MPIInf3DHPTestConverter(tmp_path))

    assert skipped['sequences without annot_data.mat'] == 4
    first = table.take(table.video_id == 'TS1')
    pixels = film.project(joints)
    inside = ((pixels >= 0) & (pixels < film.size)).all(axis=(1, 2))
    kept = np.flatnonzero(inside | valid)
    assert first.frame_idx.tolist() == kept.tolist() and not inside.all()
    np.testing.assert_array_equal(first.scored, valid[kept])
    np.testing.assert_allclose(first.keypoints3d[..., :3], 0.9 * joints[kept], atol=1e-6)
    assert first.image_path[0] == 'TS1/imageSequence/img_000001.jpg'
    # Scaling about the camera changes no picture.
    np.testing.assert_allclose(first.camera[0], film.camera, rtol=1e-5)
    assert set(first.fps) == {25} and set(table.fps[table.video_id == 'TS2']) == {50}
    all_scored, _ = convert_videos(MPIInf3DHPTestConverter(tmp_path, score='all'))
    assert (all_scored.scored == 1).all()


def test_a_camera_that_does_not_fit_is_left_out_of_all(tmp_path, film):
    joints = film.walker(6, MPI_INF_3DHP17.keypoints)
    write_test_set(tmp_path, film, joints, np.ones(6))
    write_test_set(tmp_path, film, joints, np.ones(6), number=2, noise=30)

    table, skipped = convert_videos(MPIInf3DHPTestConverter(tmp_path))

    assert table.camera is None and skipped['cameras that do not fit their video'] == 1
    assert skipped['cameras of videos beside some that have none'] == 1


def test_wrong_test_files_are_named(tmp_path, film):
    (tmp_path / 'TS1').mkdir()
    (tmp_path / 'TS1/annot_data.mat').write_bytes(b'not HDF5')
    with pytest.raises(ValueError, match='TS1/annot_data.mat is not a readable'):
        convert_videos(MPIInf3DHPTestConverter(tmp_path))
    with h5py.File(tmp_path / 'TS1/annot_data.mat', 'w') as file:
        file['annot2'] = np.zeros((5, 1, 28, 2))
        file['univ_annot3'] = np.zeros((5, 1, 17, 3))
        file['valid_frame'] = np.zeros((5, 1))
    with pytest.raises(ValueError, match=r'annot2 got shape \(5, 1, 28, 2\)'):
        convert_videos(MPIInf3DHPTestConverter(tmp_path))
    with pytest.raises(ValueError, match='score got'):
        MPIInf3DHPTestConverter(tmp_path, score='some')


def test_known_sizes_of_the_dataset():
    assert sum(NUM_FRAMES.values()) == 131_593 and len(NUM_FRAMES) == 16
    assert sum(NUM_VALID.values()) == 2_929
