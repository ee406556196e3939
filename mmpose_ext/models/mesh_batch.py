"""What a mesh estimator predicts for a batch of crops, and what there is to compare it with."""

from typing import NamedTuple

from torch import Tensor

from mmpose_ext.models.heads import JointPositions
from mmpose_ext.skeletons import SUPERSET30

_PELVIS = SUPERSET30.index('pelvis')


class MeshPrediction(NamedTuple):
    """Predicted people, J the joints of :data:`SUPERSET30`, in metres.

    Args:
        positions: The joints that the mesh head looked at.
        rotations: Rotation matrices of SMPL's joints, ``(B, 24, 3, 3)``.
        betas: Shape parameters, ``(B, num_betas)``.
        camera: See ``geometry.crop_translation``, ``(B, 3)``.
        vertices: Of the body before any translation, ``(B, V, 3)``; None where not asked for.
        joints: Of the body before any translation, ``(B, J, 3)``.
        projected: Joints in 64ths of the crop, ``(B, J, 2)``.
    """

    positions: JointPositions
    rotations: Tensor
    betas: Tensor
    camera: Tensor
    vertices: Tensor | None
    joints: Tensor
    projected: Tensor

    @property
    def pelvis(self) -> Tensor:
        """The joint that others are relative to, ``(B, 1, 3)``."""
        return self.joints[:, [_PELVIS]]


class MeshTargets(NamedTuple):
    """What a batch of crops has labels for, J the joints of :data:`SUPERSET30`.

    Positions are x, y and depth in 64ths of the crop and of a depth of 2 m about the pelvis; joints
    are relative to the pelvis in metres. Masks are 0 or 1.

    Args:
        positions: Annotated, ``(B, J, 3)``.
        positions_mask: Of x and y, and of depth, ``(B, J, 3)``.
        joints: Annotated, ``(B, J, 3)``.
        joints_mask: ``(B, J, 1)``.
        fit_positions: Of the SMPL fit, ``(B, J, 3)``.
        fit_positions_mask: ``(B, J, 1)``.
        fit_joints: Of the SMPL fit, ``(B, J, 3)``.
        fit_rotations: Rotation matrices, ``(B, 24, 3, 3)``.
        fit_betas: Shape parameters, ``(B, num_betas)``.
        fit_mask: Whether there is a good fit, ``(B,)``.
        betas_mask: Whether the fit's shape parameters mean what the network's do, ``(B,)``.
    """

    positions: Tensor
    positions_mask: Tensor
    joints: Tensor
    joints_mask: Tensor
    fit_positions: Tensor
    fit_positions_mask: Tensor
    fit_joints: Tensor
    fit_rotations: Tensor
    fit_betas: Tensor
    fit_mask: Tensor
    betas_mask: Tensor
