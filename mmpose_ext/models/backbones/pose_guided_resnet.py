from collections.abc import Sequence
from typing import Any

from mmpose.models.backbones import ResNet
from torch import Tensor

from mmpose_ext.models.backbones.pose_fusion import PoseFusion
from mmpose_ext.models.backbones.widening import first_convolution, widen_on_load
from mmpose_ext.registry import MODELS


@MODELS.register_module()
class PoseGuidedResNet(ResNet):
    """A ResNet that is told a 2D pose after its stem.

    The backbone of 3DCrowdNet (Choi et al., CVPR 2022), with a fourth input channel that of SEFD
    (Yang et al., ICCV 2023). Its keys are those of MMPose's and torchvision's ResNets, and weights
    for RGB load into a network with more channels, see :func:`widen_on_load`.

    Args:
        depth: 18, 34, 50, 101 or 152.
        in_channels: 3 for RGB, 4 for RGB and an edge map.
        pose_channels: See :class:`PoseFusion`.
        sigma: See :class:`PoseFusion`.
        heatmap_size: See :class:`PoseFusion`.
        residual_fusion: ``residual`` of :class:`PoseFusion`.
        out_indices: Stages to return.
        **resnet: Further arguments of MMPose's ``ResNet``.
    """

    def __init__(
        self,
        depth: int = 50,
        in_channels: int = 3,
        pose_channels: int = 30,
        sigma: float = 2.5,
        heatmap_size: int = 64,
        residual_fusion: bool = False,
        out_indices: Sequence[int] = (0, 1, 2, 3),
        **resnet: Any,
    ) -> None:
        super().__init__(depth, in_channels=in_channels, out_indices=out_indices, **resnet)
        self.in_channels = in_channels
        self.fusion = PoseFusion(
            self.stem_channels, pose_channels, sigma, heatmap_size, residual_fusion, self.norm_cfg
        )
        widen_on_load(first_convolution(self)[1])

    def forward(self, images: Tensor, joints: Tensor, joints_mask: Tensor) -> tuple[Tensor, ...]:
        """Extract features.

        Args:
            images: ``(B, in_channels, H, W)``.
            joints: Input 2D pose, x and y in pixels, ``(B, J, 2)``.
            joints_mask: Which joints are given, 0 or 1, ``(B, J, 1)``.

        Returns:
            The chosen stages, whose strides are 4, 8, 16 and 32.
        """
        if self.deep_stem:
            features = self.stem(images)
        else:
            features = self.relu(self.norm1(self.conv1(images)))
        features = self.maxpool(features)
        features = self.fusion(features, joints, joints_mask, tuple(images.shape[-2:]))
        stages = []
        for index, name in enumerate(self.res_layers):
            features = getattr(self, name)(features)
            if index in self.out_indices:
                stages.append(features)
        return tuple(stages)
