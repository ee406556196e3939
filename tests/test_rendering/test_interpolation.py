import numpy as np
import pytest

from mmpose_ext.geometry import PinholeCamera, unproject
from mmpose_ext.rendering import barycentrics, interpolate, rasterize

CAMERA = PinholeCamera(fx=45.3, fy=38.1, cx=20.7, cy=11.2, width=40, height=32)


@pytest.mark.parametrize('z_range', [(1, 4), (-0.5, 1)], ids=['in_front', 'across_near_plane'])
def test_interpolated_positions_are_the_points_seen(z_range):
    rng = np.random.default_rng(0)
    vertices = rng.uniform([-2, -2, z_range[0]], [2, 2, z_range[1]], (60, 3))
    result = rasterize([vertices], np.arange(60).reshape(-1, 3), CAMERA, near=0.1)
    covered = result.face_ids >= 0
    points = interpolate(result, vertices)
    rows, columns = np.nonzero(covered)
    expected = unproject(np.stack([columns, rows], -1).astype(float), result.depth[covered], CAMERA)
    np.testing.assert_allclose(points[covered], expected, atol=2e-5)
    assert (points[~covered] == 0).all()
    np.testing.assert_allclose(barycentrics(result)[covered].sum(-1), 1, atol=1e-6)


def test_rejects_attributes_of_other_vertices():
    result = rasterize([np.eye(3) + [0, 0, 1]], np.array([[0, 1, 2]]), CAMERA)
    with pytest.raises(ValueError, match='3 vertices'):
        interpolate(result, np.zeros((4, 1)))
