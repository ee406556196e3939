import torch
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from mmpose.utils.typing import ConfigType, OptMultiConfig
from torch import Tensor, nn

# The flanks of a Gaussian hold numbers below float32's normal range. A CPU adds them many times
# slower: the convolution over the maps took 31 ms with them, 5 ms without.
_NOTHING = 1e-14


def render_heatmaps(joints: Tensor, mask: Tensor, size: tuple[int, int], sigma: float) -> Tensor:
    """Draw one Gaussian with peak 1 per joint, at its exact place between the cells.

    Args:
        joints: x and y in cells, ``(B, J, 2)``.
        mask: ``(B, J, 1)``; a joint whose mask is zero has an empty map, whatever its position.
            Of the others, values below 1e-14 are zero.
        size: Height and width of the maps in cells.
        sigma: Standard deviation in cells.

    Returns:
        ``(B, J, height, width)``.
    """
    rows, columns = (
        _gaussian(joints[..., axis], length, sigma) for axis, length in zip((1, 0), size)
    )
    heatmaps = rows[..., :, None] * columns[..., None, :]
    return heatmaps.masked_fill((mask[..., None] == 0) | (heatmaps < _NOTHING), 0)


def _gaussian(centres: Tensor, length: int, sigma: float) -> Tensor:
    cells = torch.arange(length, dtype=centres.dtype, device=centres.device)
    return torch.exp(-0.5 * ((cells - centres[..., None]) / sigma) ** 2)


class PoseFusion(BaseModule):
    """Join an image feature map and the heatmaps of a 2D pose in one map of the same shape.

    3DCrowdNet (Choi et al., CVPR 2022): concatenation, 3x3 convolution, batch norm, ReLU.

    Args:
        channels: Channels of the feature map.
        pose_channels: Number of joints.
        sigma: Standard deviation of the Gaussians, in units of ``heatmap_size``.
        heatmap_size: What the crop's side measures in the unit of ``sigma``. The heatmaps
            themselves have the resolution of the feature map.
        residual: Whether the feature map is added to the batch norm's output, which then starts at
            zero and has no ReLU. A pretrained backbone so begins as it was trained; as published
            its later stages begin with random mixtures.
        norm_cfg: Normalization.
        init_cfg: Initialization; by default the convolution's is N(0, 0.001), as published.
    """

    def __init__(
        self,
        channels: int,
        pose_channels: int = 30,
        sigma: float = 2.5,
        heatmap_size: int = 64,
        residual: bool = False,
        norm_cfg: ConfigType = dict(type='BN'),  # noqa: B006
        init_cfg: OptMultiConfig = dict(type='Normal', layer='Conv2d', std=0.001),  # noqa: B006
    ) -> None:
        super().__init__(init_cfg)
        self.sigma = sigma
        self.heatmap_size = heatmap_size
        self.residual = residual
        self.conv = nn.Conv2d(channels + pose_channels, channels, 3, padding=1)
        self.norm = build_norm_layer(norm_cfg, channels)[1]

    def init_weights(self) -> None:
        """Initialize the convolution and the normalization."""
        nn.init.constant_(self.norm.weight, 0.0 if self.residual else 1.0)
        nn.init.zeros_(self.norm.bias)
        super().init_weights()

    def forward(
        self, features: Tensor, joints: Tensor, mask: Tensor, crop_size: tuple[int, int]
    ) -> Tensor:
        """Fuse.

        Args:
            features: ``(B, C, H, W)``.
            joints: x and y in pixels of the crop, ``(B, J, 2)``.
            mask: Which joints are given, 0 or 1, ``(B, J, 1)``.
            crop_size: Height and width of the crop in pixels.

        Returns:
            ``(B, C, H, W)``.
        """
        heatmaps = self.heatmaps(joints, mask, crop_size, tuple(features.shape[-2:]))
        fused = self.norm(self.conv(torch.cat([features, heatmaps.to(features)], dim=1)))
        return features + fused if self.residual else fused.relu()

    def heatmaps(
        self, joints: Tensor, mask: Tensor, crop_size: tuple[int, int], size: tuple[int, int]
    ) -> Tensor:
        """Heatmaps of a pose.

        Args:
            joints: See :meth:`forward`.
            mask: See :meth:`forward`.
            crop_size: See :meth:`forward`.
            size: Height and width of the maps.

        Returns:
            ``(B, J, height, width)``.
        """
        scale = joints.new_tensor([size[1] / crop_size[1], size[0] / crop_size[0]])
        sigma = self.sigma * size[1] / self.heatmap_size
        return render_heatmaps(joints * scale, mask, size, sigma)
