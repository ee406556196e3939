"""Operations on the surface: weight smoothing, decimation, correspondence."""

import itertools

import fast_simplification
import numpy as np
import scipy.sparse as sparse
from scipy.spatial import cKDTree

NUM_FACES = 13776


def smooth(weights: np.ndarray, faces: np.ndarray, steps: int) -> np.ndarray:
    """Mix every vertex's weights with the mean of its neighbours', ``steps`` times."""
    count = len(weights)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    adjacency = sparse.coo_matrix((np.ones(len(edges)), edges.T), (count, count)).tocsr()
    adjacency = ((adjacency + adjacency.T) > 0).astype(float)
    average = sparse.diags(1 / adjacency.sum(1).A1) @ adjacency
    for _ in range(steps):
        weights = 0.5 * weights + 0.5 * (average @ weights)
    return weights


def keep_largest(weights: np.ndarray, number: int) -> np.ndarray:
    """Zero all but the ``number`` largest weights of each vertex."""
    threshold = np.sort(weights, axis=1)[:, -number, None]
    weights = np.where((weights >= threshold) & (weights > 1e-3), weights, 0)
    return weights / weights.sum(1, keepdims=True)


def decimate(
    vertices: np.ndarray, faces: np.ndarray, mirror: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Decimate the left half and mirror it.

    Returns:
        Vertices (6890, 3), faces (13776, 3), and for each vertex the index of its mirror image.
    """
    fixed = mirror == np.arange(len(vertices))
    is_left = (np.where(fixed, 0, vertices[:, 0])[faces] >= 0).all(1)
    used, half = np.unique(faces[is_left], return_inverse=True)
    half = half.reshape(-1, 3)
    # A collapse on the border removes one face and any other two, so the target can be missed.
    goal = NUM_FACES // 2
    for aggressiveness, target in itertools.product(np.arange(5, 9, 0.25), (goal, goal + 1)):
        points, reduced = fast_simplification.simplify(
            vertices[used], half, target_count=target, agg=aggressiveness
        )
        if len(reduced) == goal:
            break
    else:
        raise RuntimeError(f'decimation stopped at {len(reduced)} faces, expected {goal}')
    edges = np.concatenate([reduced[:, [0, 1]], reduced[:, [1, 2]], reduced[:, [2, 0]]])
    unique, count = np.unique(np.sort(edges, 1), axis=0, return_counts=True)
    border = np.unique(unique[count == 1])
    points[border, 0] = 0
    inner = np.setdiff1d(np.arange(len(points)), border)
    opposite = np.arange(len(points))
    opposite[inner] = len(points) + np.arange(len(inner))
    points = np.concatenate([points, points[inner] * [-1, 1, 1]])
    faces = np.concatenate([reduced, opposite[reduced][:, ::-1]])
    flip = np.concatenate([opposite, inner])
    return points, faces, flip


def closest_on_surface(
    points: np.ndarray, vertices: np.ndarray, faces: np.ndarray, candidates: int = 24
) -> sparse.csr_matrix:
    """Barycentric weights (N, V) of the surface point closest to each of ``points``."""
    corners = vertices[faces]
    nearest = cKDTree(corners.mean(1)).query(points, k=candidates)[1]
    a, b, c = np.moveaxis(corners[nearest], 2, 0)
    edge_b, edge_c, to_point = b - a, c - a, points[:, None] - a
    bb, bc, cc = _dot(edge_b, edge_b), _dot(edge_b, edge_c), _dot(edge_c, edge_c)
    pb, pc = _dot(edge_b, to_point), _dot(edge_c, to_point)
    determinant = np.maximum(bb * cc - bc * bc, 1e-20)
    beta, gamma = (cc * pb - bc * pc) / determinant, (bb * pc - bc * pb) / determinant
    inside = np.stack([1 - beta - gamma, beta, gamma], -1)
    on_b, on_c = (
        np.clip(pb / np.maximum(bb, 1e-20), 0, 1),
        np.clip(pc / np.maximum(cc, 1e-20), 0, 1),
    )
    across = np.clip(_dot(c - b, points[:, None] - b) / np.maximum(_dot(c - b, c - b), 1e-20), 0, 1)
    zero = np.zeros_like(on_b)
    options = np.stack(
        [
            np.where((inside >= 0).all(-1)[..., None], inside, [1.0, 0, 0]),
            np.stack([1 - on_b, on_b, zero], -1),
            np.stack([1 - on_c, zero, on_c], -1),
            np.stack([zero, 1 - across, across], -1),
        ],
        axis=2,
    )
    places = np.einsum('nkoc,nkcd->nkod', options, corners[nearest])
    distance = np.linalg.norm(places - points[:, None, None], axis=-1).reshape(len(points), -1)
    best, rows = distance.argmin(1), np.arange(len(points))
    weights = options.reshape(len(points), -1, 3)[rows, best]
    columns = faces[nearest[rows, best // options.shape[2]]]
    return sparse.csr_matrix(
        (weights.ravel(), (np.repeat(rows, 3), columns.ravel())), (len(points), len(vertices))
    )


def _dot(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (first * second).sum(-1)
