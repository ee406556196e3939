from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from mmpose_ext.body_models import BodyModel, regressor
from mmpose_ext.skeletons import H36M17, LSP14, SUPERSET30, Skeleton

JointSet = Literal['h36m14', 'h36m17', 'smpl24']
Root = Literal['pelvis', 'hip_midpoint']
MeshRoot = Literal['pelvis', 'none']
Gender = Literal['annotated', 'neutral']

# For each set its regressor, the names of the regressor's rows, and the joints to measure.
_SMPL24 = SUPERSET30.subset(SUPERSET30.keypoints[:24])
_JOINT_SETS: Mapping[str, tuple[str, Skeleton, tuple[str, ...]]] = {
    'h36m14': ('h36m17', H36M17, LSP14.keypoints),
    'h36m17': ('h36m17', H36M17, H36M17.keypoints),
    'smpl24': ('smpl24', _SMPL24, _SMPL24.keypoints),
}
_CHOICES = {
    'joints': tuple(_JOINT_SETS),
    'root': ('pelvis', 'hip_midpoint'),
    'mesh_root': ('pelvis', 'none'),
    'gender': ('annotated', 'neutral'),
}


@dataclass(frozen=True)
class MeshProtocol:
    """What the errors of a mesh depend on besides the mesh.

    Args:
        joints: ``'h36m14'`` the 14 joints of LSP by Human3.6M's regressor, ``'h36m17'`` all of that
            regressor's, ``'smpl24'`` those of SMPL's own.
        root: What is subtracted from the joints of each mesh: its ``'pelvis'`` by the same
            regressor, or the ``'hip_midpoint'``.
        mesh_root: What is subtracted from the vertices of each mesh: its ``'pelvis'`` by the first
            row of SMPL's regressor, or ``'none'``: both meshes are as SMPL places them.
        gender: Body of the ground truth: the ``'annotated'`` one, or ``'neutral'`` with whatever
            shape parameters are annotated.

    Raises:
        ValueError: If a value is another.
    """

    joints: JointSet = 'h36m14'
    root: Root = 'pelvis'
    mesh_root: MeshRoot = 'pelvis'
    gender: Gender = 'annotated'

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise ValueError(f'{name} got {value!r}, expected one of {choices}')

    @classmethod
    def choose(cls, name: str, **changes: str | None) -> MeshProtocol:
        """A named protocol, with some of its parts replaced.

        Args:
            name: A key of :data:`PROTOCOLS`.
            **changes: Arguments of the class; those that are None are kept.

        Raises:
            ValueError: If there is no such protocol or value.
        """
        if name not in PROTOCOLS:
            raise ValueError(f'protocol got {name!r}, expected one of {sorted(PROTOCOLS)}')
        changes = {key: value for key, value in changes.items() if value is not None}
        return replace(PROTOCOLS[name], **changes)

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The joints that are measured."""
        return _JOINT_SETS[self.joints][2]

    def regressor(self, body: BodyModel) -> np.ndarray:
        """Matrix of the joints, then their root, then SMPL's pelvis.

        Args:
            body: The body; its own regressors serve meshes of all genders.

        Returns:
            (J + 2, V) float32.

        Raises:
            ValueError: If the body lacks the regressor.
        """
        name, skeleton, names = _JOINT_SETS[self.joints]
        rows = regressor(body, name)
        if len(rows) != skeleton.num_keypoints:
            raise ValueError(
                f'{body.name}: regressor {name!r} got {len(rows)} joints, '
                f'expected {skeleton.num_keypoints}'
            )
        roots = ('pelvis',) if self.root == 'pelvis' else ('left_hip', 'right_hip')
        root = rows[skeleton.indices(roots)].mean(axis=0)
        return np.stack([*rows[skeleton.indices(names)], root, body.J_regressor[0]])

    def describe(self) -> dict[str, str]:
        """The protocol in words."""
        regressor_name = {'smpl24': "SMPL's regressor"}.get(self.joints, "Human3.6M's regressor")
        relative = {
            'pelvis': "each minus its SMPL pelvis (first row of SMPL's regressor)",
            'none': 'unaligned, as SMPL places bodies',
        }
        return {
            'joints': f'{len(self.joint_names)} by {regressor_name} ({self.joints})',
            'joint root': f'{self.root} by the same regressor',
            'PA': 'scale, rotation and translation per person, no reflection',
            'vertices': relative[self.mesh_root],
            'ground-truth body': f'{self.gender} gender',
        }


#: ``standard`` is that of 3DCrowdNet and SEFD, ``vibe`` that of VIBE's evaluator.
PROTOCOLS: Mapping[str, MeshProtocol] = MappingProxyType(
    {
        'standard': MeshProtocol(),
        'vibe': MeshProtocol(root='hip_midpoint', mesh_root='none', gender='neutral'),
    }
)
