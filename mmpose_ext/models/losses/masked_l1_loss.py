import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from mmpose_ext.registry import MODELS


@MODELS.register_module()
class MaskedL1Loss(nn.Module):
    """Mean absolute difference of what has a target.

    Args:
        reduction: ``'valid'`` divides by what the mask lets through, so that a batch with few
            labels counts as much as one with many. In distributed training that number is averaged
            over the ranks, which makes the averaged gradient equal that of one process with the
            whole batch. ``'all'`` divides by all elements, as 3DCrowdNet does.

    Raises:
        ValueError: If ``reduction`` is neither.
    """

    def __init__(self, reduction: str = 'valid') -> None:
        super().__init__()
        if reduction not in ('valid', 'all'):
            raise ValueError(f"reduction got {reduction!r}, expected 'valid' or 'all'")
        self.reduction = reduction

    def forward(self, prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        """Compare.

        Args:
            prediction: Any shape.
            target: The same shape; may hold anything, NaN too, where the mask is zero.
            mask: Weight of each element, not negative, of a shape that expands to it.

        Returns:
            A scalar; zero, with zero gradient, if nothing has a target.
        """
        mask = mask.expand_as(prediction)
        difference = (prediction - target).masked_fill(mask == 0, 0)
        total = (difference.abs() * mask).sum()
        if self.reduction == 'all':
            return total / prediction.numel()
        normalizer = mask.sum().detach()
        all_reduce(normalizer, op='mean')
        return total / torch.where(normalizer > 0, normalizer, 1)
