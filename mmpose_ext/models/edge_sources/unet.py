import torch
import torch.nn.functional as F
from torch import Tensor, nn


class UNet(nn.Module):
    """U-Net with five resolutions and one output.

    `Convolutional Networks for Biomedical Image Segmentation <https://arxiv.org/abs/1505.04597>`_,
    with padded convolutions, batch norm and learned upsampling: 31.04 million parameters at the
    width of 64.

    Args:
        width: Channels at full resolution; each halving of the resolution doubles them.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        channels = [width * 2**level for level in range(5)]
        self.encoder = nn.ModuleList(
            double_convolution(before, after) for before, after in zip([3, *channels], channels)
        )
        pairs = list(zip(channels[:0:-1], channels[-2::-1]))
        self.upsampling = nn.ModuleList(nn.ConvTranspose2d(low, high, 2, 2) for low, high in pairs)
        self.decoder = nn.ModuleList(double_convolution(2 * high, high) for _, high in pairs)
        self.output = nn.Conv2d(width, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Map images ``(B, 3, H, W)`` to values ``(B, 1, H, W)`` in 0..1, H and W 16 or more."""
        features, levels = images, []
        for level, block in enumerate(self.encoder):
            features = block(F.max_pool2d(features, 2) if level else features)
            levels.append(features)
        features = levels.pop()
        for upsample, block in zip(self.upsampling, self.decoder):
            finer = levels.pop()
            features = block(torch.cat([finer, _fit(upsample(features), finer)], dim=1))
        return self.output(features).sigmoid()


def double_convolution(in_channels: int, out_channels: int) -> nn.Sequential:
    """Two 3x3 convolutions, each with batch norm and ReLU."""
    layers: list[nn.Module] = []
    for channels in (in_channels, out_channels):
        layers += [
            nn.Conv2d(channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


def _fit(features: Tensor, target: Tensor) -> Tensor:
    """Pad what a pooling of an odd side has lost."""
    rows, columns = (target.shape[axis] - features.shape[axis] for axis in (2, 3))
    if rows or columns:
        features = F.pad(
            features, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
        )
    return features
