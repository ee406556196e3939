"""Somebody who walks past a camera, and files about it in the formats of datasets."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

# Metres, y down, by canonical names.
STANDING = {
    **dict(spine3=(0, -0.3, 0), spine4=(0, -0.4, 0), spine2=(0, -0.2, 0), spine=(0, -0.1, 0)),
    **dict(pelvis=(0, 0, 0), neck=(0, -0.5, 0), head=(0, -0.6, 0), head_top=(0, -0.75, 0)),
    **dict(left_clavicle=(0.05, -0.48, 0), right_clavicle=(-0.05, -0.48, 0)),
    **dict(left_shoulder=(0.18, -0.46, 0.1), right_shoulder=(-0.18, -0.46, -0.1)),
    **dict(left_elbow=(0.3, -0.2, 0.02), right_elbow=(-0.32, -0.2, 0.02)),
    **dict(left_wrist=(0.24, 0.03, 0.05), right_wrist=(-0.24, 0.03, 0.15)),
    **dict(left_hand=(0.24, 0.12, 0.05), right_hand=(-0.24, 0.12, 0.15)),
    **dict(left_hip=(0.1, 0.02, 0), right_hip=(-0.1, 0.02, 0)),
    **dict(left_knee=(0.1, 0.45, 0.03), right_knee=(-0.1, 0.45, 0.13)),
    **dict(left_ankle=(0.1, 0.85, 0), right_ankle=(-0.1, 0.85, 0)),
    **dict(left_foot=(0.1, 0.9, 0.1), right_foot=(-0.1, 0.9, 0.1)),
    **dict(left_toe=(0.1, 0.9, 0.2), right_toe=(-0.1, 0.9, 0.2)),
    **dict(nose=(0, -0.62, -0.1), left_eye=(0.03, -0.65, -0.08), right_eye=(-0.03, -0.65, -0.08)),
    **dict(left_ear=(0.07, -0.63, 0), right_ear=(-0.07, -0.63, 0)),
}
CAMERA = np.array([[150.0, 0, 105], [0, 140.0, 70], [0, 0, 1]])
WIDTH, HEIGHT = 200, 150


def walker(frames, names, step=0.05):
    """Joints of somebody who walks to the right, (T, K, 3) in metres, camera axes."""
    joints = np.array([STANDING[name] for name in names], np.float64)
    return joints + [-0.3, 0, 3.0] + np.arange(frames)[:, None, None] * [step, 0, 0]


def project(points):
    """Pixels of points in camera axes."""
    image = points @ CAMERA.T
    return image[..., :2] / image[..., 2:]


def write_image(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((HEIGHT, WIDTH, 3), 90, np.uint8))


@pytest.fixture(scope='session')
def film():
    return SimpleNamespace(
        walker=walker,
        project=project,
        camera=CAMERA,
        size=(WIDTH, HEIGHT),
        write_image=write_image,
    )
