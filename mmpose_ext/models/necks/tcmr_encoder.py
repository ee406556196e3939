import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmpose.utils.typing import OptMultiConfig
from torch import Tensor, nn

from mmpose_ext.models.necks.clip_features import check_clip_features
from mmpose_ext.registry import MODELS


@MODELS.register_module()
class TCMREncoder(BaseModule):
    """A temporal encoder after TCMR (Choi et al., CVPR 2021), which leans on the frame less.

    Three branches say what a frame should be: one from the frames before it, one from those after
    it, and one from the whole clip. The first two do not see the frame itself, so they can only
    forecast it. A small network weighs the three against each other, and nothing of the frame's own
    features is added: that residual is what lets the jitter of single frames through.

    It is not the published network. That one reads a window of frames and answers for the one in
    its middle; this one answers for every frame, as the losses and metrics of clips expect, in one
    pass. At the borders of a clip, where there is no past or no future, that branch has a learned
    state. The published losses on the answers of single branches are left out, and the widths of
    the weighting network are our own. Weights of the two do not fit each other.

    Args:
        in_channels: Width C of the features of a frame, and of what is returned.
        hidden_channels: Units per branch and direction.
        num_layers: Recurrent layers of the branch of the whole clip; the others have one.
        attention_channels: Width of what the weights are computed from, per branch.
        residual: Whether the features are added after all.
        init_cfg: Initialization; by default PyTorch's.
    """

    def __init__(
        self,
        in_channels: int = 2048,
        hidden_channels: int = 1024,
        num_layers: int = 2,
        attention_channels: int = 256,
        residual: bool = False,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.residual = residual
        self.whole = nn.GRU(
            in_channels, hidden_channels, num_layers, batch_first=True, bidirectional=True
        )
        self.past = nn.GRU(in_channels, hidden_channels, batch_first=True)
        self.future = nn.GRU(in_channels, hidden_channels, batch_first=True)
        self.border = nn.Parameter(torch.zeros(2, hidden_channels))
        self.outputs = nn.ModuleList(
            nn.Linear(width, in_channels)
            for width in (2 * hidden_channels, hidden_channels, hidden_channels)
        )
        self.summaries = nn.ModuleList(nn.Linear(in_channels, attention_channels) for _ in range(3))
        self.attention = nn.Sequential(
            nn.Linear(3 * attention_channels, attention_channels),
            nn.ReLU(),
            nn.Linear(attention_channels, 3),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Encode clips.

        Args:
            features: ``(B, T, C)``.

        Returns:
            ``(B, T, C)``.

        Raises:
            ValueError: If the features have another width.
        """
        check_clip_features(self, features, self.in_channels)
        states = (self.whole(features)[0], self._before(features), self._after(features))
        branches = [layer(state.relu()) for layer, state in zip(self.outputs, states)]
        weights = self._weights(branches)
        encoded = sum(
            weight[..., None] * branch for weight, branch in zip(weights.unbind(-1), branches)
        )
        return encoded + features if self.residual else encoded

    def _before(self, features: Tensor) -> Tensor:
        """For each frame the state after the frame before it, ``(B, T, H)``."""
        return _delayed(self.past(features)[0], self.border[0])

    def _after(self, features: Tensor) -> Tensor:
        """For each frame the state of the reverse pass after the frame behind it, ``(B, T, H)``."""
        return _delayed(self.future(features.flip(1))[0], self.border[1]).flip(1)

    def _weights(self, branches: list[Tensor]) -> Tensor:
        """How much each branch counts in each frame, ``(B, T, 3)``, of sum 1."""
        summaries = [layer(branch) for layer, branch in zip(self.summaries, branches)]
        return F.softmax(self.attention(torch.cat(summaries, dim=-1)), dim=-1)


def _delayed(states: Tensor, first: Tensor) -> Tensor:
    first = first.to(states.dtype).expand(len(states), 1, -1)
    return torch.cat([first, states[:, :-1]], dim=1)
