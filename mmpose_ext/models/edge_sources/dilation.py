import torch.nn.functional as F
from torch import Tensor

DILATIONS = (0, 3, 5, 7, 9)


def check_dilation(size: int) -> int:
    """Return ``size`` if it is one of ``DILATIONS``.

    Raises:
        ValueError: If it is not.
    """
    if size not in DILATIONS:
        raise ValueError(f'dilation got {size!r}, expected one of {DILATIONS}')
    return size


def dilate(edges: Tensor, size: int) -> Tensor:
    """Thicken edges: the greatest value in a square around each pixel.

    The grey dilation of OpenCV, which takes nothing from outside the image.

    Args:
        edges: Edge maps ``(B, 1, H, W)``.
        size: Side of the square in pixels, odd; 0 changes nothing.

    Returns:
        Edge maps of the same shape.
    """
    if size == 0:
        return edges
    # A square is a row of columns: 2 * size comparisons per pixel instead of size ** 2.
    rows = F.max_pool2d(edges, (1, size), stride=1, padding=(0, size // 2))
    return F.max_pool2d(rows, (size, 1), stride=1, padding=(size // 2, 0))
