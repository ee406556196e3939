"""Graph layers over the joints of a skeleton."""

import torch
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from mmpose.utils.typing import ConfigType
from torch import Tensor, nn

from mmpose_ext.skeletons import Skeleton


def normalized_adjacency(skeleton: Skeleton) -> Tensor:
    """Adjacency matrix of a skeleton's links and left-right pairs.

    Args:
        skeleton: A skeleton of J keypoints.

    Returns:
        ``D^-1/2 (A + I) D^-1/2`` of shape ``(J, J)``, float64: symmetric, with largest eigenvalue 1
        (Kipf and Welling, "Semi-Supervised Classification with Graph Convolutional Networks", ICLR
        2017).
    """
    adjacency = torch.eye(skeleton.num_keypoints, dtype=torch.float64)
    for pair in (*skeleton.links, *skeleton.swaps):
        first, second = skeleton.indices(pair)
        adjacency[first, second] = adjacency[second, first] = 1
    scale = adjacency.sum(dim=1).rsqrt()
    return scale[:, None] * adjacency * scale


class GraphConvolution(BaseModule):
    """A linear layer and a batch norm of its own for every joint, then one step over the graph.

    Args:
        adjacency: ``(J, J)``.
        in_channels: Features per joint.
        out_channels: Resulting features per joint.
        norm_cfg: Normalization of the J * out_channels values.
    """

    def __init__(
        self,
        adjacency: Tensor,
        in_channels: int,
        out_channels: int,
        norm_cfg: ConfigType = dict(type='BN1d'),  # noqa: B006
    ) -> None:
        super().__init__()
        joints = len(adjacency)
        self.weight = nn.Parameter(torch.empty(joints, in_channels, out_channels))
        self.bias = nn.Parameter(torch.empty(joints, out_channels))
        self.norm = build_norm_layer(norm_cfg, joints * out_channels)[1]
        self.register_buffer('adjacency', adjacency.float(), persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights from N(0, 0.01), as published."""
        nn.init.normal_(self.weight, std=0.01)
        nn.init.zeros_(self.bias)

    def forward(self, joints: Tensor) -> Tensor:
        """``(B, J, in_channels)`` to ``(B, J, out_channels)``."""
        values = torch.baddbmm(self.bias[:, None], joints.transpose(0, 1), self.weight)
        values = values.transpose(0, 1)
        values = self.norm(values.flatten(1)).view_as(values)
        return (self.adjacency @ values).relu()


class GraphResidual(nn.Module):
    """Two graph convolutions, added to their input.

    Args:
        adjacency: ``(J, J)``.
        channels: Features per joint.
    """

    def __init__(self, adjacency: Tensor, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            GraphConvolution(adjacency, channels, channels),
            GraphConvolution(adjacency, channels, channels),
        )

    def forward(self, joints: Tensor) -> Tensor:
        """``(B, J, channels)`` to the same shape."""
        return joints + self.layers(joints)
