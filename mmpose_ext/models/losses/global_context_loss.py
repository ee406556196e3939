from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from mmpose_ext.registry import MODELS


@MODELS.register_module()
class GlobalContextLoss(nn.Module):
    """Mean absolute difference after adding to each map what it holds as a whole.

    A context block (Cao et al., "GCNet", 2019) is shared by student and teacher. Its last layer
    starts at zero; in the code of SEFD no optimizer holds it, and it stays there: published results
    are those of :class:`FeatureL1Loss`, which is what ``trainable=False`` computes.

    Args:
        channels: Channels of each of the chosen stages.
        trainable: Whether there are blocks, and they are trained. Their weights are then in the
            checkpoints of the training, beside the student's.
    """

    def __init__(self, channels: Sequence[int], trainable: bool = True) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            ContextBlock(count) if trainable else nn.Identity() for count in channels
        )

    def forward(self, student: Sequence[Tensor], teacher: Sequence[Tensor]) -> list[Tensor]:
        """Compare each of the stages, ``(B, C_i, H_i, W_i)`` each."""
        return [
            F.l1_loss(block(mine), block(theirs))
            for block, mine, theirs in zip(self.blocks, student, teacher)
        ]


class ContextBlock(nn.Module):
    """Attention-pool a map to a vector, transform it, and add it everywhere.

    Args:
        channels: Channels C of the map.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = channels // 2
        self.attention = nn.Conv2d(channels, 1, kernel_size=1)
        self.transform = nn.Sequential(
            nn.Linear(channels, hidden),
            nn.LayerNorm(hidden),
            nn.ReLU(),
            nn.Linear(hidden, channels),
        )
        nn.init.zeros_(self.transform[-1].weight)
        nn.init.zeros_(self.transform[-1].bias)

    def forward(self, features: Tensor) -> Tensor:
        """``(B, C, H, W)`` to the same shape."""
        weights = self.attention(features).flatten(1).softmax(dim=1)
        context = (features.flatten(2) * weights[:, None]).sum(dim=2)
        return features + self.transform(context)[..., None, None]
