import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmpose.utils.typing import ConfigType, OptConfigType, OptMultiConfig
from torch import Tensor, nn

from mmpose_ext.registry import MODELS


@MODELS.register_module()
class PooledBackbone(BaseModule):
    """One vector per image: the last map of a backbone, averaged over a coarse grid.

    A grid of one cell is the global average pooling of SPIN (Kolotouros et al., "Learning to
    Reconstruct 3D Human Pose and Shape via Model-fitting in the Loop", ICCV 2019), whose ResNet-50
    was trained to say everything in 2,048 channels. A small backbone that was trained on heatmaps
    says in its channels what is there, and by position where; the cells of a finer grid keep both,
    and a projection makes of them what a linear head such as :class:`SMPLIterativeHead` can read.

    Args:
        backbone: Config of a backbone of images ``(N, 3, S, S)``.
        neck: Config of what merges the backbone's maps.
        grid_size: Cells per side, G; the vector has G² values per channel.
        projection_channels: Widths of fully connected layers after the pooling, first the input's;
            each layer has batch norm and ReLU. The vector has the last width.
        frozen: Whether weights and batch statistics stay as they are.
        init_cfg: Initialization of the whole.

    Raises:
        ValueError: If ``grid_size`` is not positive.
    """

    def __init__(
        self,
        backbone: ConfigType,
        neck: OptConfigType = None,
        grid_size: int = 1,
        projection_channels: Sequence[int] = (),
        frozen: bool = False,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        if grid_size < 1:
            raise ValueError(f'grid_size got {grid_size!r}, expected at least 1')
        self.body = MODELS.build(backbone)
        self.neck = None if neck is None else MODELS.build(neck)
        self.grid_size = grid_size
        self.projection_channels = tuple(projection_channels)
        self.projection = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Linear(width, channels, bias=False), nn.BatchNorm1d(channels), nn.ReLU()
                )
                for width, channels in itertools.pairwise(projection_channels)
            )
        )
        self.frozen = frozen
        if frozen:
            self.requires_grad_(False)
            self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Extract features.

        Args:
            images: Normalized, ``(N, 3, S, S)``.

        Returns:
            ``(N, C * grid_size**2)`` for a last map of C channels, of each channel the cells row
            by row; with a projection ``(N, projection_channels[-1])``.

        Raises:
            ValueError: If the grid is finer than the last map, or the projection is for vectors of
                another width.
        """
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            maps = self.body(images)
            maps = maps if self.neck is None else self.neck(maps)
            last = maps[-1] if isinstance(maps, Sequence) else maps
            if min(last.shape[-2:]) < self.grid_size:
                raise ValueError(
                    f'grid_size got {self.grid_size}, expected at most the size of the last map, '
                    f'{last.shape[-2]} x {last.shape[-1]} of images of '
                    f'{images.shape[-2]} x {images.shape[-1]}'
                )
            vectors = F.adaptive_avg_pool2d(last, self.grid_size).flatten(1)
            if self.projection and vectors.shape[1] != self.projection_channels[0]:
                raise ValueError(
                    f'projection_channels got {self.projection_channels}, expected '
                    f'{vectors.shape[1]} first: {last.shape[1]} channels in {self.grid_size}² cells'
                )
            return self.projection(vectors)

    def train(self, mode: bool = True) -> 'PooledBackbone':
        """Switch mode; what is frozen stays in evaluation mode."""
        return super().train(mode and not self.frozen)
