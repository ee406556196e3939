import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Positions in a flattened 3x3 window, clockwise from the top left.
_RING = [0, 1, 2, 5, 8, 7, 6, 3]
# The eight directions in a flattened 5x5 window, row by row: at distance two, at distance one.
_OUTER = [0, 2, 4, 10, 14, 20, 22, 24]
_INNER = [6, 7, 8, 11, 13, 16, 17, 18]


class PixelDifferenceConv2d(nn.Conv2d):
    """3x3 convolution over differences of pixels instead of pixels.

    `Pixel Difference Networks <https://arxiv.org/abs/2108.07009>`_, section 3.1. A difference of
    pixels is linear, so each kind is a plain convolution with another kernel.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kind: ``'plain'``, ``'central'``, ``'angular'`` or ``'radial'``, see
            :func:`difference_kernel`.
        groups: Groups of channels.
    """

    def __init__(self, in_channels: int, out_channels: int, kind: str, groups: int = 1) -> None:
        super().__init__(in_channels, out_channels, 3, groups=groups, bias=False)
        self.kind = kind

    def forward(self, images: Tensor) -> Tensor:
        """Convolve ``(B, C, H, W)``; outside is zero, the size stays."""
        kernel = difference_kernel(self.weight, self.kind)
        return F.conv2d(images, kernel, padding=kernel.shape[-1] // 2, groups=self.groups)


def difference_kernel(weight: Tensor, kind: str) -> Tensor:
    """Kernel of the plain convolution that equals a pixel difference convolution.

    Args:
        weight: Weights ``(O, I, 3, 3)`` of the differences.
        kind: ``'plain'``: of the pixels themselves. ``'central'``: each pixel minus the central
            one. ``'angular'``: each pixel of the ring minus the next one clockwise. ``'radial'``:
            in each of eight directions the pixel at distance two minus that at distance one, with
            all weights but the first.

    Returns:
        Kernel ``(O, I, 3, 3)``, or ``(O, I, 5, 5)`` for ``'radial'``.

    Raises:
        ValueError: If ``kind`` is none of these.
    """
    flat = weight.flatten(2)
    if kind == 'plain':
        return weight
    if kind == 'central':
        kernel = flat.clone()
        kernel[..., 4] -= flat.sum(-1)
    elif kind == 'angular':
        kernel = torch.zeros_like(flat)
        ring = flat[..., _RING]
        kernel[..., _RING] = ring - ring.roll(1, dims=-1)
    elif kind == 'radial':
        kernel = flat.new_zeros((*flat.shape[:2], 25))
        kernel[..., _OUTER] = flat[..., 1:]
        kernel[..., _INNER] = -flat[..., 1:]
        return kernel.unflatten(-1, (5, 5))
    else:
        raise ValueError(f"kind got {kind!r}, expected 'plain', 'central', 'angular' or 'radial'")
    return kernel.unflatten(-1, (3, 3))
