from mmengine.model import BaseModule
from mmpose.utils.typing import OptMultiConfig
from torch import Tensor, nn

from mmpose_ext.models.necks.clip_features import check_clip_features
from mmpose_ext.registry import MODELS


@MODELS.register_module()
class TemporalGRUEncoder(BaseModule):
    """The temporal encoder of VIBE (Kocabas et al., CVPR 2020).

    Gated recurrent units over the frames of a clip, a rectifier, and a linear layer back to the
    width of the features, to which they are added. The paper says that it looks in both directions;
    its code and its published weights look into the past only, as is the default here.

    Args:
        in_channels: Width C of the features of a frame, and of what is returned.
        hidden_channels: Units per layer and direction.
        num_layers: Recurrent layers.
        bidirectional: Whether frames see the future too.
        residual: Whether the features are added.
        init_cfg: Initialization; by default PyTorch's.
    """

    def __init__(
        self,
        in_channels: int = 2048,
        hidden_channels: int = 1024,
        num_layers: int = 2,
        bidirectional: bool = False,
        residual: bool = True,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.residual = residual
        self.gru = nn.GRU(
            in_channels,
            hidden_channels,
            num_layers,
            batch_first=True,
            bidirectional=bidirectional,
        )
        self.linear = nn.Linear(hidden_channels * (1 + bidirectional), in_channels)

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
        encoded = self.linear(self.gru(features)[0].relu())
        return encoded + features if self.residual else encoded
