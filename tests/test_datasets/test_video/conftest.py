"""A small clip file whose every number says what it is of."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from mmpose_ext.body_models import load_standin
from mmpose_ext.datasets.datasets.video import ClipFile, write_clip_file
from mmpose_ext.skeletons import MPI_INF_3DHP28

# An upright person in metres, y down, by name of MPI-INF-3DHP's joints.
STANDING = {
    **dict(spine3=(0, -0.3, 0), spine4=(0, -0.4, 0), spine2=(0, -0.2, 0), spine=(0, -0.1, 0)),
    **dict(pelvis=(0, 0, 0), neck=(0, -0.5, 0), head=(0, -0.6, 0), head_top=(0, -0.75, 0)),
    **dict(left_clavicle=(0.05, -0.48, 0), right_clavicle=(-0.05, -0.48, 0)),
    **dict(left_shoulder=(0.18, -0.46, 0), right_shoulder=(-0.18, -0.46, 0)),
    **dict(left_elbow=(0.22, -0.2, 0.02), right_elbow=(-0.22, -0.2, 0.02)),
    **dict(left_wrist=(0.24, 0.03, 0.05), right_wrist=(-0.24, 0.03, 0.05)),
    **dict(left_hand=(0.24, 0.12, 0.05), right_hand=(-0.24, 0.12, 0.05)),
    **dict(left_hip=(0.1, 0.02, 0), right_hip=(-0.1, 0.02, 0)),
    **dict(left_knee=(0.1, 0.45, 0.03), right_knee=(-0.1, 0.45, 0.03)),
    **dict(left_ankle=(0.1, 0.85, 0), right_ankle=(-0.1, 0.85, 0)),
    **dict(left_foot=(0.1, 0.9, 0.1), right_foot=(-0.1, 0.9, 0.1)),
    **dict(left_toe=(0.1, 0.9, 0.2), right_toe=(-0.1, 0.9, 0.2)),
}
FOCAL, CENTRE = 200.0, np.array([100.0, 75.0])


def walker(frames, skeleton=MPI_INF_3DHP28):
    """Joints of somebody who walks to the right, (T, K, 3) in metres, camera axes."""
    joints = np.array([STANDING[name] for name in skeleton.keypoints], np.float64)
    steps = np.asarray(frames, np.float64)[:, None] * [[0.01, 0, 0]]
    return joints + [0, 0, 4.0] + steps[:, None]


def project(joints):
    """Pixels of points in camera axes."""
    return joints[..., :2] / joints[..., 2:] * FOCAL + CENTRE


def sure(points):
    """Points with confidence 1."""
    return np.concatenate([points, np.ones((*points.shape[:-1], 1))], axis=-1).astype(np.float32)


def box_of(pixels):
    """Tight boxes (T, 5) of points."""
    low, high = pixels.min(axis=1), pixels.max(axis=1)
    return np.concatenate([low, high - low, np.ones((len(low), 1))], axis=1).astype(np.float32)


def table_of(tracks, fps=25.0):
    """The rows of tracks: frame numbers by track."""
    frames = np.concatenate([np.asarray(numbers) for numbers in tracks.values()])
    joints = walker(frames)
    names = [name for name, numbers in tracks.items() for _ in numbers]
    return ClipFile(
        video_id=np.array(names),
        frame_idx=frames.astype(np.int64),
        fps=np.full(len(frames), fps, np.float32),
        image_path=np.array([f'{name}/{frame:06d}.jpg' for name, frame in zip(names, frames)]),
        bbox_xywh=box_of(project(joints)),
        keypoints2d=sure(project(joints)),
        keypoints2d_convention='mpi_inf_3dhp28',
        keypoints3d=sure(joints),
        keypoints3d_convention='mpi_inf_3dhp28',
    )


def bodies(number, seed=0):
    """SMPL columns of so many bodies, 4 m in front of the camera."""
    rng = np.random.default_rng(seed)
    pose = rng.normal(0, 0.2, (number, 72)).astype(np.float32)
    pose[:, 0] += np.pi
    return dict(
        smpl_pose=pose,
        smpl_betas=rng.normal(0, 1, (number, 10)).astype(np.float32),
        smpl_transl=np.tile(np.array([0.1, 0.2, 4.0], np.float32), (number, 1)),
        has_smpl=np.ones(number, np.float32),
        gender=np.full(number, 'female'),
    )


@pytest.fixture(scope='session')
def video():
    return SimpleNamespace(
        walker=walker,
        project=project,
        sure=sure,
        box_of=box_of,
        table_of=table_of,
        bodies=bodies,
        focal=FOCAL,
        centre=CENTRE,
        standing=STANDING,
        body=load_standin,
    )


@pytest.fixture
def write_table(tmp_path):
    """Write a table with its images, and return the file."""

    def write(table, name='clips.npz', images=True):
        if images:
            rng = np.random.default_rng(0)
            for path in np.unique(table.image_path):
                file = tmp_path / 'images' / path
                file.parent.mkdir(parents=True, exist_ok=True)
                small = rng.integers(0, 256, (15, 20, 3), dtype=np.uint8)
                cv2.imwrite(str(file), cv2.resize(small, (200, 150)))
        write_clip_file(tmp_path / name, table)
        return tmp_path / name

    return write
