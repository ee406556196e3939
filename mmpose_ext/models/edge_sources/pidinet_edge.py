from collections import OrderedDict
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmpose_ext.models.edge_sources.edge_source import EdgeSource, check_preprocessing
from mmpose_ext.models.edge_sources.normalization import imagenet_normalize
from mmpose_ext.models.edge_sources.pixel_difference import PixelDifferenceConv2d
from mmpose_ext.registry import MODELS

# Configuration "carv4": four times these convolutions, the first of which is on the image itself.
_KINDS = ('central', 'angular', 'radial', 'plain')
_CONTEXT_DILATIONS = (5, 7, 9, 11)


@MODELS.register_module()
class PiDiNetEdge(EdgeSource):
    """Edges of `Pixel Difference Networks <https://arxiv.org/abs/2108.07009>`_ (PiDiNet).

    Weights: ``table5_pidinet.pth``, not the form converted to plain convolutions. Its names, its
    layers and the normalization are from the code published with it. Not verified: a result of
    the file itself, which this package does not have.

    Args:
        checkpoint: File, URL or object store address of the weights.
        dilation: Side in pixels of the square that thickens the edges: 0 (not at all), 3, 5, 7, 9.
        preprocessing: ``'trained'``: with the mean and deviation of ImageNet, as the detector was
            trained. ``'published'``: images in 0..1 as they are, as the code of `SEFD
            <https://github.com/YangChangHee/ICCV2023_SEFD_RELEASE>`_ does.
        init: ``'checkpoint'``, or ``'random'`` for tests.
        width: Channels of the first stage: 60, or 30 and 20 for the files ``small`` and ``tiny``.

    Raises:
        ValueError: If ``checkpoint`` is missing, or an option is unknown.
    """

    homepage = 'https://github.com/hellozhuo/pidinet (trained_models)'

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        dilation: int = 0,
        preprocessing: str = 'trained',
        init: str = 'checkpoint',
        width: int = 60,
    ) -> None:
        super().__init__(PiDiNetwork(width), checkpoint, dilation, init)
        self.preprocessing = check_preprocessing(preprocessing)

    def normalize(self, images: Tensor) -> Tensor:
        """Standardize the channels as for ImageNet, or leave them."""
        if self.preprocessing == 'published':
            return images
        return imagenet_normalize(images)


class PiDiNetwork(nn.Module):
    """Four stages of pixel difference blocks, each with a side output, under the file's names."""

    def __init__(self, width: int) -> None:
        super().__init__()
        context = width * 2 // 5
        self.init_block = PixelDifferenceConv2d(3, width, _KINDS[0])
        self.dilations, self.attentions = nn.ModuleList(), nn.ModuleList()
        self.conv_reduces = nn.ModuleList()
        before = width
        for stage, channels in enumerate((width, 2 * width, 4 * width, 4 * width), start=1):
            # The convolution on the image stands for the first block of the first stage.
            for index, kind in enumerate(_KINDS[1:] if stage == 1 else _KINDS, start=1):
                halves = stage > 1 and index == 1
                block = DifferenceBlock(kind, before, channels, halves)
                self.add_module(f'block{stage}_{index}', block)
                before = channels
            self.dilations.append(ContextModule(channels, context))
            self.attentions.append(SpatialAttention(context))
            self.conv_reduces.append(nn.Sequential(OrderedDict(conv=nn.Conv2d(context, 1, 1))))
        self.classifier = nn.Conv2d(4, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Detect edges ``(B, 1, H, W)`` in normalized images ``(B, 3, H, W)``."""
        features, sides = self.init_block(images), []
        side_modules = zip(self.dilations, self.attentions, self.conv_reduces)
        for stage, (context, attention, reduce) in enumerate(side_modules, start=1):
            for index in range(1, len(_KINDS) + (stage > 1)):
                features = getattr(self, f'block{stage}_{index}')(features)
            side = reduce(attention(context(features)))
            sides.append(F.interpolate(side, images.shape[2:], mode='bilinear'))
        return self.classifier(torch.cat(sides, dim=1)).sigmoid()


class DifferenceBlock(nn.Module):
    """Residual block of a depthwise pixel difference convolution and a pointwise one."""

    def __init__(self, kind: str, in_channels: int, out_channels: int, halves: bool) -> None:
        super().__init__()
        self.halves = halves
        if halves:
            self.shortcut = nn.Conv2d(in_channels, out_channels, 1)
        self.conv1 = PixelDifferenceConv2d(in_channels, in_channels, kind, groups=in_channels)
        self.conv2 = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        if self.halves:
            features = F.max_pool2d(features, 2)
        shortcut = self.shortcut(features) if self.halves else features
        return shortcut + self.conv2(self.conv1(features).relu())


class ContextModule(nn.Module):
    """Compact Dilation Convolution based Module (CDCM): four dilated convolutions, summed."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 1)
        for index, dilation in enumerate(_CONTEXT_DILATIONS, start=1):
            layer = nn.Conv2d(channels, channels, 3, 1, dilation, dilation, bias=False)
            self.add_module(f'conv2_{index}', layer)

    def forward(self, features: Tensor) -> Tensor:
        features = self.conv1(features.relu())
        layers = (getattr(self, f'conv2_{i}') for i in range(1, len(_CONTEXT_DILATIONS) + 1))
        return sum(layer(features) for layer in layers)


class SpatialAttention(nn.Module):
    """Compact Spatial Attention Module (CSAM): a factor in 0..1 per pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 4, 1)
        self.conv2 = nn.Conv2d(4, 1, 3, padding=1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        return features * self.conv2(self.conv1(features.relu())).sigmoid()
