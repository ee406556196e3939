import numpy as np
import pytest

from mmpose_ext.geometry import PinholeCamera
from mmpose_ext.rendering import amodal_masks, rasterize, visible_points

CAMERA = PinholeCamera(60, 60, 31.5, 31.5, 64, 64)


def test_points_of_a_sphere(make_sphere):
    centre = np.array([0.1, -0.05, 3])
    vertices, faces = make_sphere(60, 0.5, centre)
    camera = PinholeCamera(480, 480, 127.5, 127.5, 256, 256)
    depth = rasterize([vertices], faces, camera).depth
    rng = np.random.default_rng(0)
    normals = rng.normal(size=(400, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    points = centre + 0.5 * normals
    # A point of a sphere is seen if its normal looks back at the camera. Near the outline the
    # depth of a pixel varies by more than the tolerance.
    facing = -(normals * points).sum(1) / np.linalg.norm(points, axis=1)
    clear = np.abs(facing) > 0.25
    seen = visible_points(points, depth, camera, 0.03)
    np.testing.assert_array_equal(seen[clear], facing[clear] > 0)


def test_tolerance_border_and_points_behind():
    depth = np.full((64, 64), 2, np.float32)
    points = np.array(
        [
            [0, 0, 2.05],
            [0, 0, 2.05],
            [0, 0, -1],
            [1.9, 0, 2],
            [0, -1.2, 2.0],
            [0, 0, 1.5],
            [-1.06, 0, 2.0],
        ]
    )
    tolerance = np.array([0.1, 0.01, 9, 0.1, 0.1, 0, 0.1])
    expected = [True, False, False, False, False, True, True]
    assert visible_points(points, depth, CAMERA, tolerance).tolist() == expected


def test_empty_pixel_hides_nothing():
    depth = np.full((64, 64), np.inf, np.float32)
    assert visible_points(np.array([[0, 0, 1e6]]), depth, CAMERA).all()


def test_rejects_other_image_size():
    with pytest.raises(ValueError, match='depth got shape'):
        visible_points(np.zeros((1, 3)), np.zeros((2, 2)), CAMERA)


def test_amodal_masks_ignore_the_others(make_sphere):
    front, faces = make_sphere(16, 0.4, (0, 0, 2))
    back, _ = make_sphere(16, 0.4, (0.8, 0, 4))
    masks = amodal_masks([front, back], faces, CAMERA)
    person_ids = rasterize([front, back], faces, CAMERA).person_ids
    np.testing.assert_array_equal(masks[0], person_ids == 0)
    np.testing.assert_array_equal(masks[1], rasterize([back], faces, CAMERA).face_ids >= 0)
    assert masks[1].sum() > (person_ids == 1).sum() > 0
