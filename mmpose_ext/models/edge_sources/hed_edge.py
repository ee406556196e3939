from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmpose_ext.models.edge_sources.edge_source import EdgeSource, check_preprocessing
from mmpose_ext.models.edge_sources.normalization import caffe_normalize
from mmpose_ext.models.edge_sources.vgg import VGG16_STAGES, vgg16_stage
from mmpose_ext.models.weight_files import StateDict
from mmpose_ext.registry import MODELS

# The published file counts its stages with these words.
_STAGES = ('One', 'Two', 'Thr', 'Fou', 'Fiv')


@MODELS.register_module()
class HEDEdge(EdgeSource):
    """Edges of `Holistically-Nested Edge Detection <https://arxiv.org/abs/1504.06375>`_ (HED).

    Weights: ``network-bsds500.pytorch``, the authors' own, converted from Caffe by S. Niklaus. Its
    names (``moduleVggOne.0.weight``, or ``net`` for ``module``), its layers and the normalization
    are from the code published with it. Side outputs are interpolated as there, without the
    padding of the original; the converter reports an F-measure of 0.774 on BSDS500, 0.780 for the
    original. Not verified: a result of the file itself, which this package does not have.

    Args:
        checkpoint: File, URL or object store address of the weights.
        dilation: Side in pixels of the square that thickens the edges: 0 (not at all), 3, 5, 7, 9.
        preprocessing: ``'trained'``: blue, green, red minus their means, as the detector was
            trained. ``'published'``: the same numbers subtracted from red, green, blue, as the
            code of `SEFD <https://github.com/YangChangHee/ICCV2023_SEFD_RELEASE>`_ does.
        init: ``'checkpoint'``, or ``'random'`` for tests.

    Raises:
        ValueError: If ``checkpoint`` is missing, or an option is unknown.
    """

    homepage = 'https://github.com/sniklaus/pytorch-hed'

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        dilation: int = 0,
        preprocessing: str = 'trained',
        init: str = 'checkpoint',
    ) -> None:
        super().__init__(HEDNetwork(), checkpoint, dilation, init)
        self.preprocessing = check_preprocessing(preprocessing)

    def adapt(self, weights: StateDict) -> StateDict:
        """Accept both names of the published file: the one on disk and the one of later code."""
        return {
            f'net{key.removeprefix("module")}' if key.startswith('module') else key: value
            for key, value in weights.items()
        }

    def normalize(self, images: Tensor) -> Tensor:
        """Subtract the means of Caffe's VGG16."""
        return caffe_normalize(images, self.preprocessing)


class HEDNetwork(nn.Module):
    """VGG16 with a side output per stage and their weighted fusion, under the names of the file."""

    def __init__(self) -> None:
        super().__init__()
        for stage, name in enumerate(_STAGES):
            self.add_module(f'netVgg{name}', vgg16_stage(stage))
        for channels, name in zip(VGG16_STAGES, _STAGES):
            self.add_module(f'netScore{name}', nn.Conv2d(channels[-1], 1, 1))
        self.netCombine = nn.Sequential(nn.Conv2d(len(_STAGES), 1, 1), nn.Sigmoid())

    def forward(self, images: Tensor) -> Tensor:
        """Detect edges ``(B, 1, H, W)`` in normalized images ``(B, 3, H, W)``."""
        features, sides = images, []
        for name in _STAGES:
            features = getattr(self, f'netVgg{name}')(features)
            side = getattr(self, f'netScore{name}')(features)
            sides.append(F.interpolate(side, images.shape[2:], mode='bilinear'))
        return self.netCombine(torch.cat(sides, dim=1))
