"""Joints of posed SMPL bodies without their vertices."""

import numpy as np
import torch
from torch import Tensor, nn

from mmpose_ext.body_models.body_model import BodyModel


class SkinnedJoints(nn.Module):
    """What a regressor reads off the skinned vertices, exactly, without skinning them.

    Linear blend skinning moves vertex v by its bones' transforms A_k with weights W_vk, and joint j
    is the sum of R_jv over the vertices. Exchanging the sums,

        joint_j = sum_k A_k h_jk,    h_jk = sum_v R_jv W_vk [p_v; 1],

    where vertices at rest, p, are linear in the betas and in the pose features of SMPL's pose
    blendshapes, and so is h. What h is linear in is summed over the vertices once, here. Of the
    pairs (j, k) few have weight: with SPIN's 49 joints of the stand-in body 75.

    Args:
        body: The body.
        regressor: Joints off vertices, (J, V).
    """

    bones: Tensor
    parents: Tensor
    rows: Tensor
    shares: Tensor
    rest: Tensor
    shapes: Tensor
    poses: Tensor | None
    bone_template: Tensor
    bone_directions: Tensor

    def __init__(self, body: BodyModel, regressor: np.ndarray) -> None:
        super().__init__()
        weights = body.weights.astype(np.float64)
        regressor = regressor.astype(np.float64)
        joints, bones = np.nonzero((regressor != 0).astype(np.float32) @ (weights != 0))
        pairs = regressor[joints] * weights[:, bones].T
        posedirs = body.posedirs
        if posedirs is not None:
            by_vertex = posedirs.reshape(len(posedirs), -1, 3)
            posedirs = np.einsum('pv,fvc->fpc', pairs, by_vertex, optimize=True)
        gather = np.zeros((len(regressor), len(joints)))
        gather[joints, np.arange(len(joints))] = 1
        for name, array in {
            'rows': gather,
            'shares': pairs.sum(axis=1)[:, None],
            'rest': pairs @ body.v_template,
            'shapes': np.einsum('pv,vcb->bpc', pairs, body.shapedirs, optimize=True),
            'poses': posedirs,
            'bone_template': body.J_regressor @ body.v_template,
            'bone_directions': np.einsum('kv,vcb->bkc', body.J_regressor, body.shapedirs),
        }.items():
            buffer = None if array is None else torch.tensor(array, dtype=torch.float32)
            self.register_buffer(name, buffer, persistent=False)
        for name, numbers in {'bones': bones, 'parents': body.parents}.items():
            self.register_buffer(name, torch.tensor(numbers.astype(np.int64)), persistent=False)

    def forward(self, rotations: Tensor, betas: Tensor) -> tuple[Tensor, Tensor]:
        """Pose joints.

        Args:
            rotations: (B, 24, 3, 3).
            betas: (B, ``num_betas``).

        Returns:
            What the regressor reads, (B, J, 3), and the ends of the bones, (B, 24, 3), in metres.
        """
        # smplx is needed by SMPL layers only.
        from smplx.lbs import batch_rigid_transform

        rest = self.bone_template + torch.einsum('nb,bkc->nkc', betas, self.bone_directions)
        ends, transforms = batch_rigid_transform(rotations, rest, self.parents)
        points = self.rest + torch.einsum('nb,bpc->npc', betas, self.shapes)
        if self.poses is not None:
            eye = torch.eye(3, dtype=rotations.dtype, device=rotations.device)
            features = (rotations[:, 1:] - eye).flatten(1)
            points = points + torch.einsum('nf,fpc->npc', features, self.poses)
        own = transforms[:, self.bones, :3]
        moved = (own[..., :3] * points[:, :, None]).sum(-1) + own[..., 3] * self.shares
        return torch.einsum('jp,npc->njc', self.rows, moved), ends
