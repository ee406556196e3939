from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmpose.utils.typing import ConfigType, OptMultiConfig
from torch import Tensor, nn

from mmpose_ext.registry import MODELS


class OCRLogits(NamedTuple):
    """Scores of K classes for every pixel of the finest map.

    Args:
        coarse: What the regions are pooled with, ``(B, K, H, W)``; supervised during training.
        fine: The answer, ``(B, K, H, W)``.
    """

    coarse: Tensor
    fine: Tensor


@MODELS.register_module()
class OCRHead(BaseModule):
    """Object-contextual representations: pixels are described by the regions they belong to.

    Yuan et al., "Object-Contextual Representations for Semantic Segmentation", ECCV 2020. Coarse
    scores pool one vector per class; each pixel attends to these vectors, and is classified from
    its own feature together with what it found.

    Args:
        in_channels: Channels of the backbone's maps, finest first. All are brought to the size of
            the finest and concatenated.
        channels: Width of pixel and region vectors.
        key_channels: Width of the attention.
        num_classes: Number of classes K.
        dropout: Probability of dropping a channel before the last layer.
        norm_cfg: Normalization layers.
        init_cfg: Initialization.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        channels: int = 512,
        key_channels: int = 256,
        num_classes: int = 2,
        dropout: float = 0.0,
        norm_cfg: ConfigType = dict(type='BN'),  # noqa: B006
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = tuple(in_channels)
        total = sum(self.in_channels)
        self.coarse = nn.Sequential(
            ConvModule(total, total, 1, norm_cfg=norm_cfg), nn.Conv2d(total, num_classes, 1)
        )
        self.pixels = ConvModule(total, channels, 3, padding=1, norm_cfg=norm_cfg)
        self.attention = RegionAttention(channels, key_channels, norm_cfg)
        self.merge = ConvModule(2 * channels, channels, 1, norm_cfg=norm_cfg)
        self.dropout = nn.Dropout2d(dropout)
        self.classify = nn.Conv2d(channels, num_classes, 1)

    def forward(self, maps: Sequence[Tensor]) -> OCRLogits:
        """Classify the pixels of the finest map.

        Args:
            maps: Maps ``(B, C_i, H_i, W_i)``, finest first.

        Raises:
            ValueError: If their channels are not those of the constructor.
        """
        found = tuple(feature.shape[1] for feature in maps)
        if found != self.in_channels:
            raise ValueError(
                f'maps got {found} channels, expected {self.in_channels}: a HRNet gives all its '
                'maps with extra.stage4.multiscale_output=True'
            )
        size = maps[0].shape[-2:]
        joined = torch.cat([maps[0], *(_resize(feature, size) for feature in maps[1:])], dim=1)
        coarse = self.coarse(joined)
        pixels = self.pixels(joined)
        context = self.attention(pixels, region_vectors(pixels, coarse))
        merged = self.merge(torch.cat([context, pixels], dim=1))
        return OCRLogits(coarse, self.classify(self.dropout(merged)))


class RegionAttention(nn.Module):
    """Attention of pixels to the regions of an image.

    Args:
        channels: Width C of pixel and region vectors.
        key_channels: Width of queries, keys and values.
        norm_cfg: Normalization layers.
    """

    def __init__(self, channels: int, key_channels: int, norm_cfg: ConfigType) -> None:
        super().__init__()
        self.query = _two_layers(channels, key_channels, norm_cfg)
        self.key = _two_layers(channels, key_channels, norm_cfg)
        self.value = ConvModule(channels, key_channels, 1, norm_cfg=norm_cfg)
        self.out = ConvModule(key_channels, channels, 1, norm_cfg=norm_cfg)

    def forward(self, pixels: Tensor, regions: Tensor) -> Tensor:
        """Give every pixel what its regions say.

        Args:
            pixels: ``(B, C, H, W)``.
            regions: ``(B, K, C)``.

        Returns:
            ``(B, C, H, W)``.
        """
        grid = regions.transpose(1, 2)[..., None]
        query, key, value = self.query(pixels), self.key(grid), self.value(grid)
        found = attend(query.flatten(2), key.flatten(2), value.flatten(2))
        return self.out(found.unflatten(2, pixels.shape[-2:]))


def region_vectors(pixels: Tensor, scores: Tensor) -> Tensor:
    """The mean pixel vector of each class, weighted by the softmax of its scores over all pixels.

    Args:
        pixels: ``(B, C, H, W)``.
        scores: ``(B, K, H, W)``.

    Returns:
        ``(B, K, C)``.
    """
    weights = scores.flatten(2).softmax(dim=2).to(pixels.dtype)
    return weights @ pixels.flatten(2).transpose(1, 2)


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Scaled dot-product attention.

    Args:
        query: Of N pixels, ``(B, D, N)``.
        key: Of K regions, ``(B, D, K)``.
        value: Of K regions, ``(B, E, K)``.

    Returns:
        ``(B, E, N)``.
    """
    similarity = query.transpose(1, 2) @ key / key.shape[1] ** 0.5
    return value @ similarity.softmax(dim=2).to(value.dtype).transpose(1, 2)


def _two_layers(channels: int, key_channels: int, norm_cfg: ConfigType) -> nn.Sequential:
    return nn.Sequential(
        ConvModule(channels, key_channels, 1, norm_cfg=norm_cfg),
        ConvModule(key_channels, key_channels, 1, norm_cfg=norm_cfg),
    )


def _resize(feature: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(feature, size, mode='bilinear', align_corners=False)
