"""People from Anny, their bones folded to SMPL's joints."""

import anny
import numpy as np
import scipy.sparse as sparse
import torch
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from mmpose_ext.body_models.joints import JOINTS

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


def sample_phenotypes(gender: str, number: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw adults; they come out 1.75 (0.07) m tall for men and 1.65 (0.07) m for women."""
    femininity = {
        'male': rng.uniform(0, 0.25, number),
        'female': rng.uniform(0.75, 1, number),
        'neutral': rng.uniform(0, 1, number),
    }[gender]
    ancestry = rng.dirichlet([0.7] * 3, number)
    return dict(
        gender=femininity,
        age=rng.uniform(0.64, 1, number),
        muscle=rng.uniform(0, 1, number),
        weight=rng.uniform(0.1, 1, number) ** 0.8,
        height=rng.normal(0.373, 0.055, number),
        proportions=rng.uniform(0.2, 0.8, number),
        cupsize=rng.uniform(0.2, 0.8, number),
        firmness=rng.uniform(0.2, 0.8, number),
        african=ancestry[:, 0],
        asian=ancestry[:, 1],
        caucasian=ancestry[:, 2],
    )
