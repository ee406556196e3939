import numpy as np
import pytest


def _sphere(rings: int, radius: float, centre: tuple) -> tuple[np.ndarray, np.ndarray]:
    """A closed sphere of outward counter-clockwise triangles with unique vertices."""
    polar = np.linspace(0, np.pi, rings + 1)[1:-1]
    around = np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)
    t, p = np.meshgrid(polar, around, indexing='ij')
    points = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], -1)
    points = np.concatenate([[[0, 0, 1]], points.reshape(-1, 3), [[0, 0, -1]]])
    m, last = 2 * rings, len(points) - 1
    faces = []
    for j in range(m):
        k = (j + 1) % m
        faces += [(0, 1 + j, 1 + k), (last, last - m + k, last - m + j)]
        for i in range(rings - 2):
            a, b = 1 + i * m, 1 + (i + 1) * m
            faces += [(a + j, b + j, a + k), (a + k, b + j, b + k)]
    return points * radius + np.array(centre), np.array(faces, np.int32)


@pytest.fixture(scope='session')
def make_sphere():
    return _sphere


@pytest.fixture(scope='session')
def brute_force():
    """Face id and depth by intersecting every pixel's ray with every triangle."""

    def trace(vertices, faces, camera, near=0.01):
        rows, columns = np.mgrid[: camera.height, : camera.width]
        rays = np.stack(
            [
                (columns - camera.cx) / camera.fx,
                (rows - camera.cy) / camera.fy,
                np.ones(rows.shape),
            ],
            -1,
        )
        depth = np.full(rows.shape, np.inf)
        face_ids = np.full(rows.shape, -1)
        for face, (a, b, c) in enumerate(vertices[faces].astype(np.float64)):
            # Moeller and Trumbore: solve a + u (b - a) + v (c - a) = t ray.
            system = np.stack(np.broadcast_arrays(rays, a - b, a - c), -1)
            regular = np.abs(np.linalg.det(system)) > 1e-14
            system[~regular] = np.eye(3)
            t, u, v = np.moveaxis(np.linalg.solve(system, a[:, None])[..., 0], -1, 0)
            hit = regular & (u >= 0) & (v >= 0) & (u + v <= 1) & (t > near) & (t < depth)
            depth[hit] = t[hit]
            face_ids[hit] = face
        return face_ids, depth

    return trace
