from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmpose_ext.models.edge_sources.edge_source import EdgeSource, check_preprocessing
from mmpose_ext.models.edge_sources.normalization import caffe_normalize
from mmpose_ext.models.edge_sources.vgg import VGG16_STAGES
from mmpose_ext.models.weight_files import StateDict
from mmpose_ext.registry import MODELS

# Pixels from one value to the next in each stage. The last stage is dilated, not pooled.
_STRIDES = (1, 2, 4, 8, 8)


@MODELS.register_module()
class RCFEdge(EdgeSource):
    """Edges of `Richer Convolutional Features <https://arxiv.org/abs/1612.02103>`_ (RCF).

    Weights: ``RCFcheckpoint_epoch12.pth``, trained with X. Li's PyTorch code and used by SEFD, or
    ``bsds500_pascal_model.pth`` of the paper's authors. The former was trained with a kernel of 32
    pixels where the last stage is enlarged 8 times, the latter with 16, and the fusion's weights
    suit their kernel only: which one is taken follows from the file's name for the fusion,
    ``score_final`` or ``score_fuse``. Names, layers, kernels and normalization are from the code
    published with the files. Not verified: a result of the files, which this package does not have.

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

    homepage = 'https://github.com/meteorshowers/RCF-pytorch, github.com/yun-liu/RCF-PyTorch'

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        dilation: int = 0,
        preprocessing: str = 'trained',
        init: str = 'checkpoint',
    ) -> None:
        super().__init__(RCFNetwork(), checkpoint, dilation, init)
        self.preprocessing = check_preprocessing(preprocessing)

    def adapt(self, weights: StateDict) -> StateDict:
        """Take the kernel of the last stage that belongs to the weights, and rename the fusion."""
        is_epoch12 = 'score_final.weight' in weights
        self.detector.network.last_kernel = 32 if is_epoch12 else 16
        return {key.replace('score_final.', 'score_fuse.'): v for key, v in weights.items()}

    def normalize(self, images: Tensor) -> Tensor:
        """Subtract the means of Caffe's VGG16."""
        return caffe_normalize(images, self.preprocessing)


class RCFNetwork(nn.Module):
    """VGG16 with a side output from all convolutions of each stage, under the names of the file."""

    def __init__(self) -> None:
        super().__init__()
        self.last_kernel = 16
        before = 3
        for stage, widths in enumerate(VGG16_STAGES, start=1):
            dilation = 2 if stage == len(VGG16_STAGES) else 1
            for index, width in enumerate(widths, start=1):
                convolution = nn.Conv2d(before, width, 3, padding=dilation, dilation=dilation)
                self.add_module(f'conv{stage}_{index}', convolution)
                self.add_module(f'conv{stage}_{index}_down', nn.Conv2d(width, 21, 1))
                before = width
            self.add_module(f'score_dsn{stage}', nn.Conv2d(21, 1, 1))
        self.score_fuse = nn.Conv2d(len(VGG16_STAGES), 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Detect edges ``(B, 1, H, W)`` in normalized images ``(B, 3, H, W)``."""
        features, sides = images, []
        for stage, (widths, stride) in enumerate(zip(VGG16_STAGES, _STRIDES), start=1):
            is_last = stage == len(VGG16_STAGES)
            if stage > 1:
                features = F.max_pool2d(features, 2, stride=1 if is_last else 2, ceil_mode=True)
            gathered = 0
            for index in range(1, len(widths) + 1):
                features = getattr(self, f'conv{stage}_{index}')(features).relu()
                gathered = gathered + getattr(self, f'conv{stage}_{index}_down')(features)
            side = getattr(self, f'score_dsn{stage}')(gathered)
            kernel = self.last_kernel if is_last else 2 * stride
            sides.append(enlarge(side, stride, kernel, is_last, images.shape[2:]))
        return self.score_fuse(torch.cat(sides, dim=1)).sigmoid()


def enlarge(side: Tensor, stride: int, kernel: int, is_last: bool, size: tuple[int, int]) -> Tensor:
    """Enlarge a side output to the image with a transposed convolution by a bilinear kernel.

    Args:
        side: One stage's output ``(B, 1, h, w)``.
        stride: Image pixels from one value to the next.
        kernel: Side of the kernel in pixels; more than ``2 * stride`` smooths and amplifies.
        is_last: Whether values lie on the corners between the cells of ``stride`` pixels, as a
            pooling of stride one leaves them, not on the cells' centres.
        size: Height and width of the image.
    """
    if stride == 1:
        return side
    half = kernel / 2
    tent = (
        1 - (torch.arange(kernel, device=side.device, dtype=side.dtype) + 0.5 - half).abs() / half
    )
    enlarged = F.conv_transpose2d(side, (tent[:, None] * tent)[None, None], stride=stride)
    # Where the image begins: the first value lies at the kernel's centre.
    offset = (kernel - (2 if is_last else 1) * stride) // 2
    return enlarged[..., offset : offset + size[0], offset : offset + size[1]]
