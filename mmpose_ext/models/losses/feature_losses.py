"""Distances between the feature maps of a student and of a teacher of the same architecture.

The losses that "SEFD: Learning to Distill Complex Pose and Occlusion" (Yang et al., ICCV 2023)
compares in its Table 6, as its code computes them. Each takes the maps of the chosen stages of
both, ``(B, C_i, H_i, W_i)``, and returns one scalar per stage, or per pair of stages.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmpose_ext.registry import MODELS


class StageLoss(nn.Module):
    """Base of losses that compare each stage for itself, by :meth:`compare`."""

    def forward(self, student: Sequence[Tensor], teacher: Sequence[Tensor]) -> list[Tensor]:
        """Compare each of the stages."""
        return [self.compare(mine, theirs) for mine, theirs in zip(student, teacher)]

    def compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        """Compare one stage, ``(B, C, H, W)`` each."""
        raise NotImplementedError


@MODELS.register_module()
class FeatureL1Loss(StageLoss):
    """Mean absolute difference."""

    def compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        """``mean |s - t|``."""
        return F.l1_loss(student, teacher)


@MODELS.register_module()
class LogSoftmaxL1Loss(StageLoss):
    """Mean absolute difference of logarithms of the softmax over channels, SEFD's own choice."""

    def compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        """``mean |log softmax(s) - log softmax(t)|``."""
        return F.l1_loss(student.log_softmax(dim=1), teacher.log_softmax(dim=1))


@MODELS.register_module()
class ChannelKLLoss(StageLoss):
    """Divergence of the softmax over channels, summed over pixels, averaged over the batch.

    Hinton et al., "Distilling the Knowledge in a Neural Network", 2015, at temperature 1.
    """

    def compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        """``sum KL(softmax(t) || softmax(s)) / B``."""
        return F.kl_div(
            student.log_softmax(dim=1),
            teacher.log_softmax(dim=1),
            reduction='batchmean',
            log_target=True,
        )


@MODELS.register_module()
class AttentionTransferLoss(StageLoss):
    """Mean squared difference of normalized maps of where the activations are.

    Zagoruyko and Komodakis, "Paying More Attention to Attention", ICLR 2017.

    Args:
        scale: Factor of the loss.
    """

    def __init__(self, scale: float = 100.0) -> None:
        super().__init__()
        self.scale = scale

    def compare(self, student: Tensor, teacher: Tensor) -> Tensor:
        """``scale * mean (a(s) - a(t))^2``, a the mean of squares over channels over its norm."""
        return self.scale * F.mse_loss(_attention(student), _attention(teacher))


def _attention(features: Tensor) -> Tensor:
    return F.normalize(features.square().mean(dim=1).flatten(1), dim=1)


@MODELS.register_module()
class FSPLoss(nn.Module):
    """Difference of how one stage's channels correlate with the next one's.

    Yim et al., "A Gift from Knowledge Distillation", CVPR 2017 (flow of solution procedure). Each
    stage is paired with the next of the chosen ones; the larger map is max-pooled to the smaller.
    """

    def forward(self, student: Sequence[Tensor], teacher: Sequence[Tensor]) -> list[Tensor]:
        """Norms of the columns of the difference, summed, over the batch size, for each pair."""
        return [
            torch.linalg.vector_norm(mine - theirs, dim=1).sum() / len(mine)
            for mine, theirs in zip(_correlations(student), _correlations(teacher))
        ]


def _correlations(stages: Sequence[Tensor]) -> list[Tensor]:
    """``F_a F_b^T / (h w)`` of consecutive stages, each ``(B, C_a, C_b)``."""
    matrices = []
    for first, second in zip(stages[:-1], stages[1:]):
        size = tuple(min(sides) for sides in zip(first.shape[-2:], second.shape[-2:]))
        first, second = (F.adaptive_max_pool2d(stage, size).flatten(2) for stage in (first, second))
        matrices.append(first @ second.transpose(1, 2) / (size[0] * size[1]))
    return matrices
