import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from mmpose_ext.registry import MODELS


@MODELS.register_module()
class WeightedKeypointLoss(nn.Module):
    """Mean squared difference of what has a target, weighted by its confidence.

    Args:
        reduction: ``'valid'`` divides by the sum of the weights, so that neither clips without
            labels nor joints that a dataset does not annotate make the others count less. In
            distributed training that sum is averaged over the ranks, which makes the averaged
            gradient equal that of one process with the whole batch. ``'all'`` divides by the
            number of all elements, those without confidence included, as VIBE does.

    Raises:
        ValueError: If ``reduction`` is neither.
    """

    def __init__(self, reduction: str = 'valid') -> None:
        super().__init__()
        if reduction not in ('valid', 'all'):
            raise ValueError(f"reduction got {reduction!r}, expected 'valid' or 'all'")
        self.reduction = reduction

    def forward(self, prediction: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Compare.

        Args:
            prediction: Any shape.
            target: The same shape; may hold anything, NaN too, where the weight is zero.
            weight: Of each element, not negative, of a shape that expands to it.

        Returns:
            A scalar; zero, with zero gradient, if nothing has a target.
        """
        weight = weight.expand_as(prediction)
        difference = (prediction - target).masked_fill(weight == 0, 0)
        total = (weight * difference.square()).sum()
        if self.reduction == 'all':
            return total / max(prediction.numel(), 1)
        normalizer = weight.sum().detach()
        all_reduce(normalizer, op='mean')
        return total / torch.where(normalizer > 0, normalizer, 1)
