import cv2
import numpy as np
import pytest

from mmpose_ext.geometry import PinholeCamera, project, unproject

CAMERA = PinholeCamera(fx=500, fy=620, cx=-40, cy=300, width=640, height=480)


def test_project_is_opencvs():
    points = np.random.default_rng(0).uniform([-2, -2, 0.1], [2, 2, 9], (100, 3))
    expected, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), CAMERA.matrix, None)
    np.testing.assert_allclose(project(points, CAMERA), expected[:, 0], rtol=1e-9)


def test_unproject_inverts_project():
    points = np.random.default_rng(0).uniform([-2, -2, 0.1], [2, 2, 9], (5, 20, 3))
    back = unproject(project(points, CAMERA), points[..., 2], CAMERA)
    np.testing.assert_allclose(back, points, atol=1e-12)


@pytest.mark.parametrize('depth', [0, -1])
def test_points_not_in_front_have_no_image(depth):
    pixels = project(np.array([[0.1, 0.2, depth], [0, 0, 2]]), CAMERA)
    assert np.isnan(pixels[0]).all()
    np.testing.assert_allclose(pixels[1], [-40, 300])


def test_field_of_view_spans_the_image():
    camera = PinholeCamera.from_field_of_view(60, width=640, height=480)
    edge = project(np.array([[0, -np.tan(np.radians(30)), 1], [0, 0, 1]]), camera)
    np.testing.assert_allclose(edge, [[319.5, -0.5], [319.5, 239.5]])


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('fx', 0),
        ('fy', -5),
        ('fx', np.nan),
        ('fy', np.inf),
        ('cx', np.nan),
        ('width', 0),
        ('height', 1.5),
    ],
)
def test_impossible_cameras_are_errors_that_name_the_field(name, value):
    values = dict(fx=1, fy=1, cx=0, cy=0, width=4, height=4) | {name: value}
    with pytest.raises(ValueError, match=f'{name} got'):
        PinholeCamera(**values)


def test_field_of_view_must_be_an_angle():
    with pytest.raises(ValueError, match='vertical_deg got 180'):
        PinholeCamera.from_field_of_view(180, 4, 4)


def test_wrong_shapes_are_errors():
    with pytest.raises(ValueError, match=r'expected \(\.\.\., 3\)'):
        project(np.zeros((5, 2)), CAMERA)
