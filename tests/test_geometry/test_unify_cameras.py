import numpy as np
import pytest
import torch

from mmpose_ext.geometry import PinholeCamera, project, unify_cameras, unproject

CAMERAS = [
    PinholeCamera(1200, 1200, 320, 240, 640, 480),
    PinholeCamera(900, 900, 300, 260, 640, 480),
    PinholeCamera(800, 1100, -50, 500, 640, 480),
    PinholeCamera(2500.5, 1900, 700, 100, 640, 480),
]
RNG = np.random.default_rng(0)
PEOPLE = [RNG.uniform([-1, -1, 2], [1, 1, 9], (50, 3)) for _ in CAMERAS]


@pytest.mark.parametrize('reference', [0, 2, -1])
def test_every_point_keeps_its_pixel(reference):
    unified = unify_cameras(PEOPLE, CAMERAS, reference)
    for points, camera, result in zip(PEOPLE, CAMERAS, unified):
        before, after = project(points, camera), project(result, CAMERAS[reference])
        np.testing.assert_allclose(after, before, rtol=0, atol=1e-9)


def test_points_of_one_ray_keep_their_order():
    depths = np.linspace(1, 30, 40)
    for pixel in RNG.uniform([0, 0], [640, 480], (20, 2)):
        rays = [unproject(np.tile(pixel, (40, 1)), depths, camera) for camera in CAMERAS]
        for result in unify_cameras(rays, CAMERAS):
            assert (np.diff(result[:, 2]) > 0).all()
            np.testing.assert_allclose(result[:, 2] / depths, result[0, 2], rtol=1e-12)


def test_the_reference_does_not_move():
    for reference, points in enumerate(PEOPLE):
        unified = unify_cameras(PEOPLE, CAMERAS, reference)
        np.testing.assert_allclose(unified[reference], points, rtol=1e-14)


def test_the_same_person_seen_twice_is_at_one_place():
    # A person of 2 m at 8 m with one lens looks as one at 4 m does with half the focal length.
    near = PinholeCamera(1000, 1000, 320, 240, 640, 480)
    far = PinholeCamera(2000, 2000, 320, 240, 640, 480)
    person = np.array([[0, -1, 4], [0, 1, 4], [0.5, 0, 4]])
    unified = unify_cameras([person, person + [0, 0, 4]], [near, far])
    np.testing.assert_allclose(unified[1], unified[0], atol=1e-12)


def test_matrix_form_is_that_of_the_formula():
    points, camera, target = PEOPLE[2], CAMERAS[2], CAMERAS[3]
    change = target.fx / camera.fx * np.linalg.inv(target.matrix) @ camera.matrix
    result = unify_cameras([PEOPLE[3], points], [target, camera])[1]
    np.testing.assert_allclose(result, points @ change.T, rtol=1e-12)


def test_going_there_and_back_changes_nothing():
    there = unify_cameras([PEOPLE[0], PEOPLE[3]], [CAMERAS[0], CAMERAS[3]])[1]
    back = unify_cameras([PEOPLE[3], there], [CAMERAS[3], CAMERAS[0]])[1]
    np.testing.assert_allclose(back, PEOPLE[3], rtol=1e-12)


def test_tensors_stay_tensors_with_gradients():
    people = [torch.tensor(points, requires_grad=True) for points in PEOPLE]
    unified = unify_cameras(people, CAMERAS)
    for result, expected in zip(unified, unify_cameras(PEOPLE, CAMERAS)):
        np.testing.assert_allclose(result.detach(), expected, rtol=1e-14)
    unified[2].sum().backward()
    assert (people[2].grad != 0).all()


def test_wrong_arguments_are_errors():
    with pytest.raises(ValueError, match='4 people and 3 cameras'):
        unify_cameras(PEOPLE, CAMERAS[:3])
    other = PinholeCamera(1, 1, 0, 0, 640, 481)
    with pytest.raises(ValueError, match=r'\(640, 480\), \(640, 481\)'):
        unify_cameras(PEOPLE[:2], [CAMERAS[0], other])
    with pytest.raises(ValueError, match=r'expected \(\.\.\., 3\)'):
        unify_cameras([np.zeros((4, 2))], CAMERAS[:1])
