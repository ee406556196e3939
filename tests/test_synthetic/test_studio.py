import numpy as np
import pytest

from mmpose_ext.geometry import project
from mmpose_ext.synthetic.studio import ACTIONS, CAMERAS, make_subject, sample_world_pose


@pytest.fixture(scope='module', params=[1, 9])
def subject(request):
    return make_subject(3, request.param, 1)


def test_cameras_are_proper_and_distinct(subject):
    assert set(subject.cameras) == set(CAMERAS)
    positions = []
    for camera in subject.cameras.values():
        rotation = camera.rotation
        assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(rotation) == pytest.approx(1)
        # Far from the identity, so that readers that forget the pivot are found out.
        assert np.abs(rotation - np.eye(3)).max() > 0.5
        assert camera.intrinsics.fx != camera.intrinsics.fy
        positions.append(-rotation.T @ camera.translation_mm / 1000)
        # The image's up is the world's.
        assert rotation[1, 2] < -0.9
    positions = np.array(positions)
    assert ((positions[:, 2] > 1) & (positions[:, 2] < 2)).all()
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    assert distances[~np.eye(4, dtype=bool)].min() > 3


def test_floor_is_where_the_world_says(subject):
    for camera in subject.cameras.values():
        points = camera.to_camera(np.array([[0, 0, 0], [1, -1, 0], [0, 0, 1.0]]))
        above = points @ camera.ground.normal + camera.ground.height
        assert np.allclose(above, [0, 0, 1], atol=1e-6)


def test_everyone_stands_upright_in_front_of_all_cameras(subject, neutral):
    rng = np.random.default_rng(1)
    for _ in range(20):
        pose, transl = sample_world_pose(subject, ACTIONS[3].activities, neutral, rng)
        vertices, joints = neutral.skin(subject.betas, pose, transl)
        assert vertices[:, 2].min() == pytest.approx(0, abs=1e-3)
        assert joints[15, 2] > 1 and joints[15, 2] > joints[0, 2] > joints[[7, 8], 2].max()
        for camera in subject.cameras.values():
            pixels = project(camera.to_camera(vertices), camera.intrinsics)
            size = camera.intrinsics.width
            assert ((pixels > 0) & (pixels < size)).all()
            assert np.ptp(pixels[:, 1]) > 0.3 * size


def test_subjects_and_seeds_differ_and_repeat():
    first, again = make_subject(3, 5, 1), make_subject(3, 5, 1)
    assert np.array_equal(first.betas, again.betas)
    for other in (make_subject(3, 6, 1), make_subject(4, 5, 1)):
        assert not np.allclose(first.betas, other.betas)
        assert not np.allclose(first.cameras[1].rotation, other.cameras[1].rotation)


def test_scale_changes_pixels_alone():
    full, half = make_subject(3, 5, 1), make_subject(3, 5, 0.5)
    points = np.array([[0.3, -0.2, 1.5], [0, 0.5, 0.2]])
    for number in CAMERAS:
        assert np.array_equal(full.cameras[number].rotation, half.cameras[number].rotation)
        large, little = (
            project(s.cameras[number].to_camera(points), s.cameras[number].intrinsics)
            for s in (full, half)
        )
        assert np.allclose((large + 0.5) / 2, little + 0.5, atol=1e-4)
