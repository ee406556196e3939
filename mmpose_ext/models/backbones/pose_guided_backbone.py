from mmengine.model import BaseModule
from mmpose.utils.typing import ConfigType, OptMultiConfig
from torch import Tensor

from mmpose_ext.models.backbones.pose_fusion import PoseFusion
from mmpose_ext.models.backbones.widening import first_convolution, widen_on_load, with_in_channels
from mmpose_ext.registry import MODELS


@MODELS.register_module()
class PoseGuidedBackbone(BaseModule):
    """Any registered backbone, told a 2D pose after one of its modules.

    :class:`PoseGuidedResNet` for other networks. The backbone's own ``init_cfg`` loads pretrained
    weights, also into a first convolution that has more channels here.

    Args:
        backbone: Config of a backbone that returns its stages, coarsest last.
        fuse_after: Name of the backbone's module whose output the pose joins.
        fuse_channels: Channels of that output.
        in_channels: 3 for RGB, 4 for RGB and an edge map.
        pose_channels: See :class:`PoseFusion`.
        sigma: See :class:`PoseFusion`.
        heatmap_size: See :class:`PoseFusion`.
        residual_fusion: ``residual`` of :class:`PoseFusion`.
        norm_cfg: Normalization of the fusion.
        init_cfg: Initialization of the whole.

    Raises:
        ValueError: If the backbone has no such module, or no convolution.
    """

    def __init__(
        self,
        backbone: ConfigType,
        fuse_after: str = 'stem',
        *,
        fuse_channels: int,
        in_channels: int = 3,
        pose_channels: int = 30,
        sigma: float = 2.5,
        heatmap_size: int = 64,
        residual_fusion: bool = False,
        norm_cfg: ConfigType = dict(type='BN'),  # noqa: B006
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.body = MODELS.build(backbone)
        modules = [name for name, _ in self.body.named_modules() if name]
        if fuse_after not in modules:
            raise ValueError(
                f'fuse_after got {fuse_after!r}, expected a module of {type(self.body).__name__} '
                f'such as {modules[:3]}'
            )
        self.fuse_after = fuse_after
        self.fusion = PoseFusion(
            fuse_channels, pose_channels, sigma, heatmap_size, residual_fusion, norm_cfg
        )
        name, convolution = first_convolution(self.body)
        if convolution.in_channels != in_channels:
            convolution = with_in_channels(convolution, in_channels)
            owner, _, attribute = name.rpartition('.')
            setattr(self.body.get_submodule(owner), attribute, convolution)
        widen_on_load(convolution)

    def forward(self, images: Tensor, joints: Tensor, joints_mask: Tensor) -> tuple[Tensor, ...]:
        """Extract features.

        Args:
            images: ``(B, in_channels, H, W)``.
            joints: Input 2D pose, x and y in pixels, ``(B, J, 2)``.
            joints_mask: Which joints are given, 0 or 1, ``(B, J, 1)``.

        Returns:
            The stages that the backbone returns.
        """
        crop_size = tuple(images.shape[-2:])
        # A hook, because wrapping the module would change the keys of its weights.
        handle = self.body.get_submodule(self.fuse_after).register_forward_hook(
            lambda module, args, output: self.fusion(output, joints, joints_mask, crop_size)
        )
        try:
            return tuple(self.body(images))
        finally:
            handle.remove()
