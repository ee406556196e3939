import numpy as np
import pytest

from mmpose_ext.geometry import PinholeCamera, project
from mmpose_ext.synthetic.scene_ground import Ground

CAMERA = PinholeCamera(500, 450, 300, 250, 640, 480)
PITCH = 0.3
GROUND = Ground(np.array([0, -np.cos(PITCH), -np.sin(PITCH)]), 1.6)


def test_axes_are_orthonormal_and_in_the_plane():
    right, forward = GROUND.axes()
    frame = np.stack([right, GROUND.normal, -forward])
    np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(frame) == pytest.approx(1)
    assert right[0] > 0
    assert forward[2] > 0


def test_homography_projects_the_plane():
    right, forward = GROUND.axes()
    points = np.array([[-2, 3], [0, 5], [1.5, 9.0]])
    world = points[:, :1] * right + points[:, 1:] * forward - GROUND.height * GROUND.normal
    mapped = GROUND.homography(CAMERA, 0.25) @ np.c_[points / 0.25, np.ones(3)].T
    np.testing.assert_allclose((mapped[:2] / mapped[2]).T, project(world, CAMERA))


def test_row_of_a_distance():
    # For a level camera the ground at distance d is fy h / d below the principal point.
    level = Ground(np.array([0, -1.0, 0]), 1.5)
    assert level.row_at(10, CAMERA) == int(250 + 450 * 1.5 / 10)
    assert level.row_at(1, CAMERA) == 480
    looking_up = Ground(np.array([0, -np.cos(1.5), np.sin(1.5)]), 1.5)
    assert 0 <= looking_up.row_at(5, CAMERA) <= 480


def test_shadows_lie_on_the_ground_along_the_light():
    vertices = np.random.default_rng(0).normal(0, 0.3, (20, 3)) + [0, 0, 4]
    light = GROUND.normal + [0.3, 0.1, -0.2]
    shadows = GROUND.shadows(vertices, light)
    np.testing.assert_allclose(shadows @ GROUND.normal, -GROUND.height)
    np.testing.assert_allclose(np.cross(vertices - shadows, light), 0, atol=1e-9)


def test_below_touches_the_lowest_vertex():
    ground = Ground.below([np.array([[0, 0.4, 3], [0, 1.2, 3.0]]), np.array([[0, 0.9, 2.0]])])
    assert ground.height == 1.2
    assert Ground.below([]).height > 0


@pytest.mark.parametrize('arguments', [((0, -2, 0), 1), ((0, -1), 1), ((0, -1, 0), 0)])
def test_rejects_what_is_not_a_ground(arguments):
    with pytest.raises(ValueError, match='expected'):
        Ground(np.array(arguments[0], float), arguments[1])
