import numpy as np
import pytest

from mmpose_ext.geometry import PinholeCamera, unproject
from mmpose_ext.rendering import rasterize, shade_flat, shade_smooth, vertex_normals

CAMERA = PinholeCamera(120, 120, 31.5, 31.5, 64, 64)


@pytest.mark.parametrize('shade', [shade_flat, shade_smooth])
def test_sphere_follows_lambert(shade, make_sphere):
    centre = np.array([0, 0, 3])
    vertices, faces = make_sphere(60, 0.6, centre)
    light = np.array([0.6, -0.64, -0.48])
    result = rasterize([vertices], faces, CAMERA)
    image = shade(result, light=tuple(2 * light), ambient=0.2, background=0.5)
    covered = result.face_ids >= 0
    rows, columns = np.nonzero(covered)
    points = unproject(np.stack([columns, rows], -1).astype(float), result.depth[covered], CAMERA)
    cosine = (points - centre) / 0.6 @ light
    np.testing.assert_allclose(image[covered], 0.2 + 0.8 * np.clip(cosine, 0, 1), atol=0.03)
    assert (image[~covered] == 0.5).all()


def test_vertex_normals_of_a_sphere_are_radial(make_sphere):
    vertices, faces = make_sphere(30, 2.0, (0, 0, 0))
    np.testing.assert_allclose(vertex_normals(vertices, faces), vertices / 2, atol=0.02)


def test_vertex_without_face_has_no_normal():
    normals = vertex_normals(np.vstack([np.eye(3), np.ones(3)]), np.array([[0, 1, 2]]))
    np.testing.assert_allclose(normals[0], np.full(3, 3**-0.5), rtol=1e-6)
    assert (normals[3] == 0).all()
