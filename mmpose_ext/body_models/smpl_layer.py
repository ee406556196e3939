"""SMPL as a differentiable layer."""

import contextlib
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mmpose_ext.body_models.body_model import BodyModel
from mmpose_ext.body_models.loading import load_body_model
from mmpose_ext.body_models.mesh_joints import superset_regressor
from mmpose_ext.body_models.skinned_joints import SkinnedJoints
from mmpose_ext.body_models.spin_joints import spin_chain, spin_regressor
from mmpose_ext.body_models.standin import standin_vertex_ids


class SMPLOutput(NamedTuple):
    """A batch of posed bodies.

    Attributes:
        vertices: (B, V, 3) in metres.
        joints: Those of the layer's skeleton, (B, J, 3) in metres.
    """

    vertices: Tensor
    joints: Tensor


class SMPLLayer(nn.Module):
    """``smplx.SMPL`` on safely read files, with the joints of mesh recovery.

    The layer has no parameters, and its buffers are not in the state dict: checkpoints carry
    nothing of a body whose licence forbids passing it on, and fit whatever body is used later.
    It computes in its own precision (float32), also under autocast, whose half precision is
    coarser than a millimetre.

    Args:
        path: See :func:`load_body_model`.
        gender: ``'neutral'``, ``'male'`` or ``'female'``.
        joints: ``'superset30'`` for the joints of :data:`SUPERSET30`, all read off the vertices, as
            3DCrowdNet has them; ``'spin49'`` for those of :data:`SPIN49`, of which SMPL's own are
            the ends of its bones, as SPIN and VIBE have them.

    Raises:
        ImportError: If smplx is not installed.
        FileNotFoundError: If there is no such file.
        ValueError: If ``joints`` is another, the file is not a SMPL body, or lacks a regressor, see
            :func:`superset_regressor` and :func:`spin_regressor`.
    """

    joint_regressor: Tensor
    chain: Tensor | None

    def __init__(
        self,
        path: str | Path | None = None,
        gender: str = 'neutral',
        joints: str = 'superset30',
    ) -> None:
        super().__init__()
        if joints not in ('superset30', 'spin49'):
            raise ValueError(f"joints got {joints!r}, expected 'superset30' or 'spin49'")
        body = load_body_model(path, gender)
        self.name = body.name
        self.gender = gender
        self.faces = np.array(body.faces, np.int64)
        self.smpl = _smplx_layer(body)
        spin = joints == 'spin49'
        regressor = spin_regressor(body) if spin else superset_regressor(body)
        self.skinned_joints = SkinnedJoints(body, regressor)
        for name, array in {
            'joint_regressor': regressor,
            'chain': spin_chain() if spin else None,
        }.items():
            buffer = None if array is None else torch.tensor(array, dtype=torch.float32)
            self.register_buffer(name, buffer, persistent=False)

    @property
    def num_vertices(self) -> int:
        """Number of vertices V."""
        return self.joint_regressor.shape[1]

    @property
    def num_betas(self) -> int:
        """Number of shape parameters."""
        return self.skinned_joints.bone_directions.shape[0]

    def forward(self, rotations: Tensor, betas: Tensor, transl: Tensor | None = None) -> SMPLOutput:
        """Pose bodies.

        Args:
            rotations: Rotation of each joint relative to its parent, (B, 24, 3, 3); the first is
                the global orientation, about the root joint.
            betas: Shape parameters, (B, ``num_betas``).
            transl: Added to every point in metres, (B, 3); zero if omitted.

        Returns:
            Vertices and joints.

        Raises:
            ValueError: If a shape is another.
        """
        rotations, betas = self._checked(rotations, betas)
        with torch.autocast(rotations.device.type, enabled=False):
            posed = self.smpl(
                global_orient=rotations[:, :1], body_pose=rotations[:, 1:], betas=betas
            )
            vertices = posed.vertices
            joints = torch.einsum('jv,bvc->bjc', self.joint_regressor, vertices)
            joints = self._with_bone_ends(joints, posed.joints[:, :24])
        if transl is not None:
            _check('transl', transl, (3,))
            shift = transl.to(vertices.dtype)[:, None]
            vertices, joints = vertices + shift, joints + shift
        return SMPLOutput(vertices, joints)

    def joints(self, rotations: Tensor, betas: Tensor) -> Tensor:
        """The joints of :meth:`forward` without its vertices.

        Losses on joints need no more. See :class:`SkinnedJoints`.

        Args:
            rotations: As :meth:`forward` takes them.
            betas: As :meth:`forward` takes them.

        Returns:
            (B, J, 3) in metres.

        Raises:
            ValueError: If a shape is another.
        """
        rotations, betas = self._checked(rotations, betas)
        with torch.autocast(rotations.device.type, enabled=False):
            return self._with_bone_ends(*self.skinned_joints(rotations, betas))

    def _checked(self, rotations: Tensor, betas: Tensor) -> tuple[Tensor, Tensor]:
        _check('rotations', rotations, (24, 3, 3))
        _check('betas', betas, (self.num_betas,))
        dtype = self.joint_regressor.dtype
        return rotations.to(dtype), betas.to(dtype)

    def _with_bone_ends(self, joints: Tensor, ends: Tensor) -> Tensor:
        if self.chain is None:
            return joints
        return joints + torch.einsum('jk,bkc->bjc', self.chain, ends)

    def rest_root(self, betas: Tensor) -> Tensor:
        """The root joint J0 of bodies at rest, about which SMPL turns them.

        Args:
            betas: Shape parameters, (B, ``num_betas``).

        Returns:
            (B, 3) in metres.

        Raises:
            ValueError: If the shape is another.
        """
        _check('betas', betas, (self.num_betas,))
        template = self.skinned_joints.bone_template[0]
        directions = self.skinned_joints.bone_directions[:, 0]
        return template + (betas.to(directions.dtype)[:, :, None] * directions).sum(1)

    def extra_repr(self) -> str:
        """What ``print`` shows of the layer."""
        return f'{self.name}, {self.gender}, {self.num_vertices} vertices'


def _smplx_layer(body: BodyModel) -> nn.Module:
    try:
        import smplx
        from smplx.utils import Struct
    except ImportError as error:
        raise ImportError('SMPL layers need smplx: pip install smplx') from error

    vertices = body.num_vertices
    posedirs = body.posedirs
    if posedirs is None:
        posedirs = np.zeros((9 * (len(body.parents) - 1), vertices * 3), np.float32)
    arrays = Struct(
        v_template=body.v_template,
        shapedirs=body.shapedirs,
        posedirs=posedirs.T.reshape(vertices, 3, -1),
        J_regressor=body.J_regressor,
        weights=body.weights,
        kintree_table=body.parents[None],
        f=body.faces,
    )
    # It warns on standard output that a body with ten shape directions has only ten. Its
    # landmarks, which are not used, must be vertices of this mesh.
    with contextlib.redirect_stdout(io.StringIO()):
        layer = smplx.SMPLLayer(
            '',
            data_struct=arrays,
            num_betas=body.num_betas,
            gender=body.gender,
            vertex_ids=dict.fromkeys(standin_vertex_ids(), 0),
            use_hands=False,
            use_feet_keypoints=False,
        )
    for module in layer.modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            module.register_buffer(name, buffer, persistent=False)
    return layer


def _check(name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    if tensor.ndim != len(shape) + 1 or tuple(tensor.shape[1:]) != shape:
        expected = ', '.join(str(size) for size in shape)
        raise ValueError(f'{name} got shape {tuple(tensor.shape)}, expected (B, {expected})')
