from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmpose_ext.registry import MODELS


@MODELS.register_module()
class SoftIoULoss(nn.Module):
    r"""One minus the intersection over union of probabilities and labels, averaged over classes.

    With :math:`p_c` the softmax and :math:`g_c` 0 or 1, per image

    .. math:: IoU_c = \frac{\sum p_c g_c + e}{\sum p_c + \sum g_c - \sum p_c g_c + e}, \quad
        L = \frac{\sum_c w_c (1 - IoU_c)}{\sum_c w_c}

    Args:
        class_weight: Weight of each class. A larger one of the background makes outlines ragged.
        smooth: The e above in pixels. A class that is neither there nor predicted costs nothing.
        ignore_index: Label of pixels that do not count.
        cross_entropy_weight: Weight of a cross entropy that is added.
        loss_weight: Factor of the loss.

    Raises:
        ValueError: If a weight is negative, or all are zero.
    """

    def __init__(
        self,
        class_weight: Sequence[float] = (0.5, 1.0),
        smooth: float = 1.0,
        ignore_index: int = 255,
        cross_entropy_weight: float = 0.0,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if min(class_weight) < 0 or not sum(class_weight) > 0:
            raise ValueError(
                f'class_weight got {class_weight!r}, expected numbers of which none is negative '
                'and one is positive'
            )
        self.class_weight = tuple(class_weight)
        self.smooth = smooth
        self.ignore_index = ignore_index
        self.cross_entropy_weight = cross_entropy_weight
        self.loss_weight = loss_weight

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            logits: Scores ``(B, C, H, W)``.
            target: Classes ``(B, H, W)``, integers.

        Returns:
            A scalar.

        Raises:
            ValueError: If shapes do not agree, or a label is no class.
        """
        classes = len(self.class_weight)
        if logits.shape != (len(target), classes, *target.shape[1:]):
            raise ValueError(
                f'logits got shape {tuple(logits.shape)}, expected '
                f'{(len(target), classes, *target.shape[1:])} for labels of shape '
                f'{tuple(target.shape)} and {classes} class weights'
            )
        counted = target != self.ignore_index
        target = target.masked_fill(~counted, 0).long()
        if target.numel() and not 0 <= target.min() <= target.max() < classes:
            raise ValueError(
                f'labels got values {target.min().item()} to {target.max().item()}, expected 0 to '
                f'{classes - 1}, or {self.ignore_index} to ignore'
            )
        probabilities = logits.float().softmax(dim=1) * counted[:, None]
        truth = F.one_hot(target, classes).permute(0, 3, 1, 2) * counted[:, None]
        both = (probabilities * truth).sum(dim=(2, 3))
        either = (probabilities + truth).sum(dim=(2, 3)) - both
        iou = (both + self.smooth) / (either + self.smooth)
        weight = torch.tensor(self.class_weight, device=logits.device)
        loss = ((1 - iou) * weight).sum(dim=1).mean() / weight.sum()
        if self.cross_entropy_weight:
            entropy = F.cross_entropy(logits.float(), target, reduction='none') * counted
            loss = loss + self.cross_entropy_weight * entropy.sum() / counted.sum().clamp(min=1)
        return self.loss_weight * loss
