from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpose.models.losses import KLDiscretLoss
from torch import Tensor

from mmpose_ext.models.losses.simcc_divergence import (
    NORMALIZATIONS,
    simcc_divergence,
    weighted_mean,
)
from mmpose_ext.registry import MODELS


@MODELS.register_module()
class ConditionalKeypointLoss(KLDiscretLoss):
    """Task loss over the keypoints that a sample's source has labelled.

    The conditional keypoint loss of `Estimating Human Poses Across Datasets
    <https://arxiv.org/abs/2405.20084>`_ (Eq. 6) for SimCC heads: a keypoint without a label has
    weight zero and takes no part. It is the divergence of MMPose's ``KLDiscretLoss`` in another
    unit: summed over bins (nats) and divided by the weights. The stock loss divides by the number
    of bins and of keypoints and sums over the batch, so that its size, and with it the balance
    with a distillation loss, changes with the batch size per GPU.

    Args:
        beta: Factor on the predicted scores before their softmax.
        label_softmax: Whether labels go through a softmax as well.
        label_beta: Factor on the labels before their softmax.
        use_target_weight: Whether ``target_weight`` counts; otherwise every keypoint weighs one.
        mask: Indices of keypoints whose weight is multiplied by ``mask_weight``.
        mask_weight: See ``mask``.
        normalization: What the weighted sum is divided by: ``'batch'``, ``'source'`` or
            ``'sample'`` (see :func:`weighted_mean`), or ``'legacy'`` for exactly the value of
            ``KLDiscretLoss``.

    Raises:
        ValueError: If ``normalization`` is none of these.
    """

    def __init__(
        self,
        beta: float = 10.0,
        label_softmax: bool = True,
        label_beta: float = 10.0,
        use_target_weight: bool = True,
        mask: list[int] | None = None,
        mask_weight: float = 1.0,
        normalization: str = 'batch',
    ) -> None:
        super().__init__(beta, label_softmax, label_beta, use_target_weight, mask, mask_weight)
        if normalization not in (*NORMALIZATIONS, 'legacy'):
            raise ValueError(
                f"normalization got {normalization!r}, expected one of {NORMALIZATIONS} or 'legacy'"
            )
        self.normalization = normalization

    def forward(
        self,
        pred_simcc: tuple[Tensor, Tensor],
        gt_simcc: tuple[Tensor, Tensor],
        target_weight: Tensor,
        sources: Sequence[str] | None = None,
    ) -> Tensor:
        """Compare predictions with labels.

        Args:
            pred_simcc: Predicted scores of x ``(B, K, W)`` and y ``(B, K, H)``.
            gt_simcc: Labels of the same shapes; rows without a label may hold anything finite.
            target_weight: Weight of each keypoint ``(B, K)``, zero where there is no label.
            sources: Source name of each sample, needed by ``normalization='source'``.

        Returns:
            A scalar.
        """
        if self.normalization == 'legacy':
            return super().forward(pred_simcc, gt_simcc, target_weight)
        divergence = sum(
            simcc_divergence(prediction * self.beta, self._distribution(label))
            for prediction, label in zip(pred_simcc, gt_simcc)
        )
        weight = target_weight if self.use_target_weight else torch.ones_like(divergence)
        if self.mask is not None:
            weight = weight.clone()
            weight[:, self.mask] *= self.mask_weight
        return weighted_mean(divergence, weight, self.normalization, sources)

    def _distribution(self, label: Tensor) -> Tensor:
        return F.softmax(label * self.label_beta, dim=-1) if self.label_softmax else label
