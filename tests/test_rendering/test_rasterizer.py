import numpy as np
import pytest

from mmpose_ext.geometry import PinholeCamera
from mmpose_ext.rendering import rasterize

CAMERA = PinholeCamera(fx=45.3, fy=38.1, cx=20.7, cy=11.2, width=40, height=32)


def random_triangles(seed: int, count: int, z_range: tuple[float, float]):
    rng = np.random.default_rng(seed)
    centres = rng.uniform([-1, -1, z_range[0]], [1, 1, z_range[1]], (count, 1, 3))
    vertices = (centres + rng.normal(0, 0.5, (count, 3, 3))).reshape(-1, 3)
    return vertices, np.arange(3 * count, dtype=np.int32).reshape(-1, 3)


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('z_range', [(2, 4), (-0.5, 1)], ids=['in_front', 'across_near_plane'])
def test_equals_brute_force(seed, z_range, brute_force):
    vertices, faces = random_triangles(seed, 25, z_range)
    result = rasterize([vertices], faces, CAMERA, near=0.1)
    face_ids, depth = brute_force(vertices, faces, CAMERA, near=0.1)
    assert (face_ids >= 0).sum() > 100
    np.testing.assert_array_equal(result.face_ids, face_ids)
    np.testing.assert_allclose(result.depth, depth, rtol=1e-5)


def test_depth_of_a_tilted_plane():
    # z = 3 + x / 2 with x = z (u - cx) / fx has the closed form z = 3 / (1 - (u - cx) / (2 fx)).
    vertices = np.array([[a, b, 3 + a / 2] for a in (-5.9, 50) for b in (-90, 90)])
    faces = np.array([[0, 1, 2], [1, 3, 2]])
    result = rasterize([vertices], faces, CAMERA)
    expected = 3 / (1 - (np.arange(40) - CAMERA.cx) / (2 * CAMERA.fx))
    np.testing.assert_allclose(result.depth, np.tile(expected, (32, 1)), rtol=1e-6)


def test_sphere_silhouette_area(make_sphere):
    camera = PinholeCamera(400, 400, 150, 150, 301, 301)
    vertices, faces = make_sphere(64, 0.5, (0, 0, 2))
    covered = (rasterize([vertices], faces, camera).face_ids >= 0).sum()
    # The tangent cone of a sphere has tan = r / sqrt(d^2 - r^2).
    area = np.pi * (400 * 0.5 / np.sqrt(4 - 0.25)) ** 2
    assert covered == pytest.approx(area, rel=5e-3)


@pytest.mark.parametrize('cull', [False, True])
def test_closed_mesh_has_neither_holes_nor_double_hits(make_sphere, cull):
    vertices, faces = make_sphere(40, 0.9, (0.01, 0.02, 2))
    camera = PinholeCamera(60, 60, 31.5, 31.5, 64, 64)
    hits = np.zeros((64, 64), int)
    for face in faces:
        hits += rasterize([vertices], face[None], camera).face_ids >= 0
    inside = np.hypot(*(np.mgrid[:64, :64] - 31.5)) < 20
    # Every ray enters a sphere once and leaves it once.
    assert (hits[inside] == 2).all()
    assert set(np.unique(hits)) == {0, 2}
    assert (
        (rasterize([vertices], faces, camera, cull_backfaces=cull).face_ids >= 0) == (hits > 0)
    ).all()


def test_edge_through_pixel_centres_belongs_to_one_face():
    camera = PinholeCamera(8, 8, 0, 0, 9, 9)
    corners = np.array([[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1.0]])
    hits = sum(
        (rasterize([corners], np.array([face]), camera).face_ids >= 0).astype(int)
        for face in ([0, 1, 2], [0, 2, 3])
    )
    assert (hits[:8, :8] == 1).all()
    assert hits.sum() == 64


def test_nearer_person_hides_the_other(make_sphere):
    near, faces = make_sphere(16, 0.3, (0, 0, 2))
    far, _ = make_sphere(16, 0.6, (0.2, 0, 4))
    camera = PinholeCamera(100, 100, 31.5, 31.5, 64, 64)
    orders = [rasterize(people, faces, camera) for people in ([near, far], [far, near])]
    masks = [np.where(r.person_ids < 0, -1, r.person_ids ^ i) for i, r in enumerate(orders)]
    np.testing.assert_array_equal(*masks)
    assert (masks[0] == 0).sum() == (rasterize([near], faces, camera).face_ids >= 0).sum()
    assert (masks[0] == 1).sum() > 50
    assert orders[0].face_ids[masks[0] == 1].min() >= len(faces)
    np.testing.assert_array_equal(orders[0].depth, orders[1].depth)


def test_equal_depth_first_person_wins(make_sphere):
    sphere, faces = make_sphere(8, 0.3, (0, 0, 2))
    ids = rasterize([sphere, sphere], faces, CAMERA).person_ids
    assert set(np.unique(ids)) == {-1, 0}


def test_meshes_may_have_their_own_faces(make_sphere):
    meshes = [make_sphere(n, 0.3, (x, 0, 2)) for n, x in ((8, -0.4), (12, 0.4))]
    result = rasterize(*zip(*meshes), CAMERA)
    assert set(np.unique(result.person_ids)) == {-1, 0, 1}
    assert (result.faces[len(meshes[0][1]) :] >= len(meshes[0][0])).all()


def test_all_behind_the_camera_is_empty(make_sphere):
    vertices, faces = make_sphere(8, 0.3, (0, 0, -2))
    result = rasterize([vertices], faces, CAMERA)
    assert (result.face_ids == -1).all()
    assert np.isinf(result.depth).all()


def test_out_is_reused(make_sphere):
    vertices, faces = make_sphere(8, 0.3, (0, 0, 2))
    first = rasterize([vertices], faces, CAMERA)
    expected = first.depth.copy()
    second = rasterize([vertices], faces, CAMERA, out=first)
    assert second.depth is first.depth
    np.testing.assert_array_equal(second.depth, expected)


def test_no_mesh():
    result = rasterize([], np.zeros((0, 3), np.int32), CAMERA)
    assert (result.person_ids == -1).all()
    assert result.vertices.shape == (0, 3)


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_rejects_vertices_that_are_not_finite(bad):
    vertices = np.array([[0, 0, 1], [1, 0, 1], [0, bad, 1]])
    with pytest.raises(ValueError, match='vertex 2 of mesh 0'):
        rasterize([vertices], np.array([[0, 1, 2]]), CAMERA)


def test_rejects_bad_arguments(make_sphere):
    vertices, faces = make_sphere(8, 0.3, (0, 0, 2))
    with pytest.raises(ValueError, match='expected 0 to 2'):
        rasterize([vertices[:3]], faces, CAMERA)
    with pytest.raises(ValueError, match='near'):
        rasterize([vertices], faces, CAMERA, near=0)
    with pytest.raises(ValueError, match=r'\(V, 3\)'):
        rasterize([vertices[:, :2]], faces, CAMERA)
    with pytest.raises(ValueError, match='one per mesh'):
        rasterize([vertices], [faces, faces], CAMERA)
    with pytest.raises(ValueError, match='out got an image'):
        rasterize(
            [vertices],
            faces,
            CAMERA,
            out=rasterize([vertices], faces, PinholeCamera(9, 9, 1, 1, 3, 3)),
        )
