from mmengine.model import BaseModule
from mmpose.utils.typing import ConfigType, OptMultiConfig
from torch import Tensor, nn

from mmpose_ext.models.backbones.widening import first_convolution, sum_channels_on_load
from mmpose_ext.models.feature_fusion import FUSIONS, check_fusion
from mmpose_ext.registry import MODELS


@MODELS.register_module()
class MaskFeatureEncoder(BaseModule):
    """One vector per foreground map, to be joined with the features of its frame.

    Pooled features of a mask are no ones: multiplied with them, the features of a frame would lose
    at the first step what their backbone was trained for. A last linear layer that begins with zero
    weights and a constant bias lets the fusion begin as if it were not there.

    Args:
        backbone: Takes one channel; its last map is averaged. Weights for RGB images load into it,
            their first convolution summed over the channels.
        in_channels: Channels of the backbone's last map.
        out_channels: Channels C of the features it is joined with.
        init: ``'identity'``, or ``'random'`` for pooled features that are used as they are, through
            a linear layer only where the widths differ.
        threshold: Smaller probabilities count as zero.
        fusion: What the vectors are for, see :func:`fuse_features`; decides what is neutral.
        init_cfg: Initialization.

    Raises:
        ValueError: If ``init`` or ``fusion`` is unknown.
    """

    def __init__(
        self,
        backbone: ConfigType,
        in_channels: int = 2048,
        out_channels: int = 2048,
        init: str = 'identity',
        threshold: float = 0.2,
        fusion: str = 'hadamard',
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        if init not in ('identity', 'random'):
            raise ValueError(f"init got {init!r}, expected 'identity' or 'random'")
        self.fusion = check_fusion(fusion)
        self.threshold = threshold
        self.backbone = MODELS.build(backbone)
        sum_channels_on_load(first_convolution(self.backbone)[1])
        self.projection: nn.Module = nn.Identity()
        if init == 'identity' or in_channels != out_channels:
            self.projection = nn.Linear(in_channels, out_channels)
        if init == 'identity':
            nn.init.zeros_(self.projection.weight)
            nn.init.constant_(self.projection.bias, FUSIONS[fusion])

    def forward(self, probability: Tensor) -> Tensor:
        """Encode.

        Args:
            probability: Of the foreground, ``(N, 1, S, S)`` in 0..1.

        Returns:
            ``(N, C)``.

        Raises:
            ValueError: If the maps have another shape.
        """
        if probability.ndim != 4 or probability.shape[1] != 1:
            raise ValueError(
                f'probability got shape {tuple(probability.shape)}, expected (N, 1, S, S)'
            )
        kept = probability * (probability >= self.threshold)
        return self.projection(self.backbone(kept)[-1].mean(dim=(2, 3)))
