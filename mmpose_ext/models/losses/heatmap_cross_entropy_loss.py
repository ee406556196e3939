from torch import Tensor, nn

from mmpose_ext.models.losses.simcc_divergence import weighted_mean
from mmpose_ext.registry import MODELS


@MODELS.register_module()
class HeatmapCrossEntropyLoss(nn.Module):
    """Divergence of a spatial softmax from the label's heatmap, for quick pretraining.

    A heatmap head trained with mean squared errors first learns that nearly everything is
    background. As a distribution over positions the same heatmap says from the first iteration
    where the keypoint is rather than that it is hardly anywhere.
    """

    def forward(
        self,
        output: Tensor,
        target: Tensor,
        target_weights: Tensor,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Compare predicted with labelled heatmaps.

        Args:
            output: Predicted scores ``(B, K, H, W)``; their softmax over positions is compared.
            target: Labels of the same shape, zero or positive; scaled to sum to one.
            target_weights: Weight of each keypoint ``(B, K)``.
            mask: Not supported; a parameter because heatmap heads pass it.

        Returns:
            A scalar in nats, averaged over the weights.

        Raises:
            ValueError: If a mask is given.
        """
        if mask is not None:
            raise ValueError('mask got a tensor, expected None: a softmax has no masked positions')
        labels = target.flatten(2)
        total = labels.sum(-1, keepdim=True)
        labels = labels / total.clamp(min=1e-6)
        # In the labels' precision, also where autocast made the scores half as precise.
        scores = output.flatten(2).to(labels.dtype)
        divergence = (labels * (labels.clamp(min=1e-9).log() - scores.log_softmax(-1))).sum(-1)
        # A joint whose Gaussian lies outside the map has nothing to compare with.
        return weighted_mean(divergence, target_weights * (total[..., 0] > 0))
