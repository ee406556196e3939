from mmengine.model import BaseModule
from mmpose.utils.typing import OptMultiConfig
from torch import Tensor, nn

from mmpose_ext.registry import MODELS


@MODELS.register_module()
class MotionDiscriminator(BaseModule):
    """Tells motions that were captured from predicted ones: VIBE's (Kocabas et al., CVPR 2020).

    Recurrent units over the frames, whose states are averaged with weights that a small network
    gives them. Its last layer, too, is followed by tanh and dropout, as published: no frame can
    count more than e² times as much as another.

    Args:
        in_channels: Numbers per frame; 69 for the rotation vectors of SMPL's 23 body joints. The
            global orientation is none of a motion's matter.
        hidden_channels: Units per recurrent layer, and width of the weighting network.
        num_layers: Recurrent layers.
        attention_layers: Linear layers of the weighting network.
        attention_dropout: After each of them.
        init_cfg: Initialization; by default as published, weights of the weighting network in
            ±0.1 and its biases 0.01.
    """

    def __init__(
        self,
        in_channels: int = 69,
        hidden_channels: int = 1024,
        num_layers: int = 2,
        attention_layers: int = 3,
        attention_dropout: float = 0.2,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.gru = nn.GRU(in_channels, hidden_channels, num_layers, batch_first=True)
        layers: list[nn.Module] = []
        for index in range(attention_layers):
            width = 1 if index == attention_layers - 1 else hidden_channels
            linear = nn.Linear(hidden_channels, width)
            nn.init.uniform_(linear.weight, -0.1, 0.1)
            nn.init.constant_(linear.bias, 0.01)
            layers += [linear, nn.Tanh(), nn.Dropout(attention_dropout)]
        self.attention = nn.Sequential(*layers)
        self.score = nn.Linear(hidden_channels, 1)

    def forward(self, motion: Tensor) -> Tensor:
        """Judge motions.

        Args:
            motion: ``(B, T, in_channels)``.

        Returns:
            ``(B, 1)``, near one for what looks captured.

        Raises:
            ValueError: If the motions have another width.
        """
        if motion.ndim != 3 or motion.shape[-1] != self.in_channels:
            raise ValueError(
                f'motion got shape {tuple(motion.shape)}, expected (B, T, {self.in_channels})'
            )
        states = self.gru(motion)[0]
        return self.score((self.weigh(states) * states).sum(dim=1))

    def weigh(self, states: Tensor) -> Tensor:
        """How much each frame counts.

        Args:
            states: Of the recurrent layers, ``(B, T, H)``.

        Returns:
            ``(B, T, 1)``, of sum 1 over the frames.
        """
        return self.attention(states).softmax(dim=1)
