from torch import Tensor, nn

from mmpose_ext.models.losses.weighted_keypoint_loss import WeightedKeypointLoss
from mmpose_ext.models.video_batch import VideoMeshPrediction, VideoMeshTargets, centred_lsp14
from mmpose_ext.registry import MODELS

_WEIGHTS = dict(keypoints2d=300.0, keypoints3d=300.0, pose=60.0, shape=0.06)


@MODELS.register_module()
class VideoMeshLoss(nn.Module):
    """The supervised losses of VIBE (Kocabas et al., CVPR 2020), all mean squares.

    ===============  ======  ===========================================================
    term             weight  compares
    ===============  ======  ===========================================================
    keypoints2d      300     projected joints with annotated ones, by confidence; half of
                             the crop's side is one
    keypoints3d      300     14 joints relative to the midpoint of their hips, in metres
    pose             60      elements of rotation matrices
    shape            0.06    shape parameters
    ===============  ======  ===========================================================

    The adversarial terms are the estimator's.

    Args:
        weights: Factors of the terms that differ from the table. A term with weight 0 is not
            computed.
        reduction: Of ``keypoints2d``, see :class:`WeightedKeypointLoss`; ``'all'`` as published. A
            frame of PennAction has 13 of 49 keypoints, so there it counts four times less than a
            full one, and than with ``'valid'``. The other terms are means over the frames that
            have labels either way.

    Raises:
        ValueError: If an option is unknown.
    """

    def __init__(self, weights: dict[str, float] | None = None, reduction: str = 'valid') -> None:
        super().__init__()
        unknown = sorted(set(weights or {}) - set(_WEIGHTS))
        if unknown:
            raise ValueError(f'weights got {unknown}, expected some of {sorted(_WEIGHTS)}')
        self.weights = _WEIGHTS | (weights or {})
        self.keypoint_loss = WeightedKeypointLoss(reduction)
        self.label_loss = WeightedKeypointLoss('valid')

    def forward(
        self, prediction: VideoMeshPrediction, targets: VideoMeshTargets
    ) -> dict[str, Tensor]:
        """Compare.

        Args:
            prediction: Of B clips.
            targets: Theirs.

        Returns:
            The weighted terms, each called ``loss_<term>``.
        """
        terms = dict(
            keypoints2d=lambda: self.keypoint_loss(
                prediction.projected, targets.keypoints, targets.keypoints_visible[..., None]
            ),
            keypoints3d=lambda: self.label_loss(
                centred_lsp14(prediction.joints),
                centred_lsp14(targets.joints),
                targets.joints_valid[..., None, None],
            ),
            pose=lambda: self.label_loss(
                prediction.rotations,
                targets.rotations,
                targets.smpl_valid[..., None, None, None],
            ),
            shape=lambda: self.label_loss(
                prediction.betas, targets.betas, targets.betas_valid[..., None]
            ),
        )
        return {
            f'loss_{name}': self.weights[name] * term()
            for name, term in terms.items()
            if self.weights[name]
        }
