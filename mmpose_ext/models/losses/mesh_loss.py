import torch
from torch import Tensor, nn

from mmpose_ext.body_models import JOINTS
from mmpose_ext.geometry import matrix_to_axis_angle
from mmpose_ext.models.losses.masked_l1_loss import MaskedL1Loss
from mmpose_ext.models.mesh_batch import MeshPrediction, MeshTargets
from mmpose_ext.registry import MODELS
from mmpose_ext.skeletons import GRAPH15, SUPERSET30

# Annotations say little about these joints: fits leave them to chance, or to their regularizer.
_UNSUPERVISED = ('ankle', 'foot', 'wrist', 'hand')
_WEIGHTS = dict(
    label_position=1 / 8,
    fit_position=1 / 8,
    fit_pose=1.0,
    fit_shape=1.0,
    label_projection=1 / 8,
    label_joints=1.0,
    fit_joints=1.0,
)


@MODELS.register_module()
class MeshLoss(nn.Module):
    """The losses of 3DCrowdNet (Choi et al., CVPR 2022), all L1.

    ==================  ==========================================================================
    term                compares
    ==================  ==========================================================================
    label_position      the head's joints with annotated ones, in 64ths of the volume
    fit_position        the same with those of the SMPL fit
    fit_pose            rotations with those of the fit, without ankles, feet, wrists and hands
    fit_shape           shape parameters with those of the fit
    label_projection    the body's joints, projected, with annotated ones, in 64ths of the crop
    label_joints        the body's joints with annotated ones, relative to the pelvis in metres
    fit_joints          the same with those of the fit
    ==================  ==========================================================================

    Args:
        weights: Factors of the terms that differ from the published ones: 1/8 for those in 64ths,
            1 for the others. A term with weight 0 is not computed.
        reduction: See :class:`MaskedL1Loss`; ``'all'`` as published.
        pose: ``'matrix'`` compares the elements of rotation matrices, ``'axis_angle'`` rotation
            vectors, as published. Those jump from one sign to the other at half a turn, which is
            where the root of an upright person who faces the camera is.
        max_beta: A fit with a larger shape parameter counts as the mean shape in ``fit_shape``, as
            published; None to trust it.

    Raises:
        ValueError: If an option is unknown.
    """

    def __init__(
        self,
        weights: dict[str, float] | None = None,
        reduction: str = 'valid',
        pose: str = 'matrix',
        max_beta: float | None = 3.0,
    ) -> None:
        super().__init__()
        unknown = sorted(set(weights or {}) - set(_WEIGHTS))
        if unknown:
            raise ValueError(f'weights got {unknown}, expected some of {sorted(_WEIGHTS)}')
        if pose not in ('matrix', 'axis_angle'):
            raise ValueError(f"pose got {pose!r}, expected 'matrix' or 'axis_angle'")
        self.weights = _WEIGHTS | (weights or {})
        self.pose = pose
        self.max_beta = max_beta
        self.l1 = MaskedL1Loss(reduction)
        self._graph = SUPERSET30.indices(GRAPH15.keypoints)
        supervised = [not joint.endswith(_UNSUPERVISED) for joint in JOINTS]
        self.register_buffer('supervised', torch.tensor(supervised).float(), persistent=False)

    def forward(self, prediction: MeshPrediction, targets: MeshTargets) -> dict[str, Tensor]:
        """Compare.

        Args:
            prediction: Of B crops.
            targets: Theirs.

        Returns:
            The weighted terms, each called ``loss_<term>``.
        """
        positions = prediction.positions.coordinates
        joints = prediction.joints - prediction.pelvis
        fit = targets.fit_mask[:, None, None]
        pose_mask = self.supervised[:, None] * fit
        terms = dict(
            label_position=(
                positions,
                targets.positions[:, self._graph],
                targets.positions_mask[:, self._graph],
            ),
            fit_position=(
                positions,
                targets.fit_positions[:, self._graph],
                targets.fit_positions_mask[:, self._graph],
            ),
            fit_pose=(*self._rotations(prediction.rotations, targets.fit_rotations), pose_mask),
            fit_shape=(
                prediction.betas,
                self._trusted(targets.fit_betas),
                targets.betas_mask[:, None],
            ),
            label_projection=(
                prediction.projected,
                targets.positions[..., :2],
                targets.positions_mask[..., :2],
            ),
            label_joints=(joints, targets.joints, targets.joints_mask),
            fit_joints=(joints, targets.fit_joints, fit),
        )
        return {
            f'loss_{name}': self.weights[name] * self.l1(*terms[name])
            for name in _WEIGHTS
            if self.weights[name]
        }

    def _rotations(self, *rotations: Tensor) -> list[Tensor]:
        """What is compared of rotation matrices, ``(B, 24, n)``."""
        if self.pose == 'matrix':
            return [matrix.flatten(2) for matrix in rotations]
        return [matrix_to_axis_angle(matrix) for matrix in rotations]

    def _trusted(self, betas: Tensor) -> Tensor:
        if self.max_beta is None:
            return betas
        extreme = (betas.abs() > self.max_beta).any(dim=1, keepdim=True)
        return betas.masked_fill(extreme, 0)
