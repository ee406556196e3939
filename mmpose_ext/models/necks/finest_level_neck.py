from collections.abc import Sequence

import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmpose.utils.typing import ConfigType, OptMultiConfig
from torch import Tensor, nn

from mmpose_ext.registry import MODELS


@MODELS.register_module()
class FinestLevelNeck(BaseModule):
    """Gather all stages of a backbone in one map at the resolution of the first.

    The top-down half of a feature pyramid: a 1x1 lateral convolution per stage, each sum doubled in
    size and added to the next finer one, and one 3x3 convolution on the finest. Unlike the pyramids
    of MMPose it computes, and returns, only the level that a heatmap head reads.

    Args:
        in_channels: Channels of each stage, finest first.
        out_channels: Channels of the result.
        norm_cfg: Normalization of the last convolution.
        act_cfg: Activation of the last convolution.
        init_cfg: Initialization; by default PyTorch's own.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        norm_cfg: ConfigType = dict(type='BN'),  # noqa: B006
        act_cfg: ConfigType = dict(type='SiLU'),  # noqa: B006
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        self.laterals = nn.ModuleList(
            nn.Conv2d(channels, out_channels, kernel_size=1) for channels in in_channels
        )
        self.output = ConvModule(
            out_channels, out_channels, 3, padding=1, norm_cfg=norm_cfg, act_cfg=act_cfg
        )

    def forward(self, stages: Sequence[Tensor]) -> tuple[Tensor]:
        """Merge.

        Args:
            stages: Feature maps ``(B, C_i, H / 2**i, W / 2**i)``, finest first.

        Returns:
            One map ``(B, out_channels, H, W)``.

        Raises:
            ValueError: If the number of maps is not that of ``in_channels``.
        """
        if len(stages) != len(self.laterals):
            raise ValueError(f'stages got {len(stages)} maps, expected {len(self.laterals)}')
        *finer, merged = (lateral(stage) for lateral, stage in zip(self.laterals, stages))
        for lateral in reversed(finer):
            merged = lateral + F.interpolate(merged, size=lateral.shape[-2:], mode='nearest')
        return (self.output(merged),)
