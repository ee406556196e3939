from pathlib import Path

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmpose_ext.models.edge_sources.dilation import check_dilation, dilate
from mmpose_ext.models.edge_sources.frozen_network import FrozenNetwork
from mmpose_ext.models.weight_files import StateDict

PREPROCESSINGS = ('trained', 'published')


class EdgeSource(BaseModule):
    """Base of edge detectors inside a model: a frozen network that turns images into edge maps.

    A new one names its ``homepage``, passes its network here and normalizes its images.

    Args:
        network: Maps normalized images ``(B, 3, H, W)`` to edges ``(B, 1, H, W)`` in 0..1.
        checkpoint: File, URL or object store address of the network's weights.
        dilation: Side in pixels of the square that thickens the edges: 0 (not at all), 3, 5, 7, 9.
        init: ``'checkpoint'``, or ``'random'`` for tests.

    Raises:
        ValueError: If ``checkpoint`` is missing, or an option is unknown.
    """

    homepage: str
    # Images smaller than this have no pixel left in the coarsest stage.
    least_side = 16

    def __init__(
        self, network: nn.Module, checkpoint: str | Path | None, dilation: int, init: str
    ) -> None:
        super().__init__()
        self.dilation = check_dilation(dilation)
        self.detector = FrozenNetwork(
            network, type(self).__name__, checkpoint, init, self.homepage, self.adapt
        )

    def adapt(self, weights: StateDict) -> StateDict:
        """Bring the weights of a file into the network's own names."""
        return weights

    def normalize(self, images: Tensor) -> Tensor:
        """Turn RGB images in 0..1 into what the network was trained with, or was fed."""
        return images

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Detect edges.

        Args:
            images: RGB images ``(B, 3, H, W)`` in 0..1.

        Returns:
            Edge maps ``(B, 1, H, W)`` in 0..1, of the images' precision, without gradient.

        Raises:
            ValueError: If the images have another shape or are too small.
        """
        if images.ndim != 4 or images.shape[1] != 3 or min(images.shape[2:]) < self.least_side:
            raise ValueError(
                f'images got shape {tuple(images.shape)}, expected (B, 3, H, W) with sides of '
                f'{self.least_side} pixels or more'
            )
        edges = self.detector(self.normalize(images))
        return dilate(edges, self.dilation).to(images.dtype)


def check_preprocessing(value: str) -> str:
    """Return ``value`` if it is one of ``PREPROCESSINGS``.

    Raises:
        ValueError: If it is not.
    """
    if value not in PREPROCESSINGS:
        raise ValueError(f'preprocessing got {value!r}, expected one of {PREPROCESSINGS}')
    return value
