from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmpose.utils.typing import OptMultiConfig
from torch import Tensor, nn

from mmpose_ext.registry import MODELS


class JointPositions(NamedTuple):
    """Joints in the volume of a crop: its width, its height and a range of depth.

    Args:
        bins: Expected bin numbers of x, y and z, ``(B, J, 3)``, zero at the first bin.
        coordinates: x, y and z from 0 to ``volume_size`` across the volume, ``(B, J, 3)``.
        scores: Probability of the volume at the expected place, ``(B, J, 1)``.
    """

    bins: Tensor
    coordinates: Tensor
    scores: Tensor


@MODELS.register_module()
class SoftArgmax3DHead(BaseModule):
    """Joints in 3D as expectations over a volume of bins.

    The position head of 3DCrowdNet (Choi et al., CVPR 2022): a 1x1 convolution gives every joint a
    distribution over depth, height and width. As published, bin i of n stands for the coordinate
    ``i / n``, so that no joint can lie in the last ``1 / n`` of the crop (beyond 56 of 64).

    Args:
        in_channels: Channels of the feature map.
        num_joints: Number of joints.
        depth_bins: Bins of depth; width and height have those of the feature map.
        volume_size: What the coordinates count the volume's side as.
        bin_centers: Whether bin i stands for ``(i + 0.5) / n``, the same margin on all sides;
            ``False`` for the published one.
        init_cfg: Initialization; by default N(0, 0.001), as published.
    """

    def __init__(
        self,
        in_channels: int,
        num_joints: int = 15,
        depth_bins: int = 8,
        volume_size: float = 64.0,
        bin_centers: bool = True,
        init_cfg: OptMultiConfig = dict(type='Normal', layer='Conv2d', std=0.001),  # noqa: B006
    ) -> None:
        super().__init__(init_cfg)
        self.num_joints = num_joints
        self.depth_bins = depth_bins
        self.volume_size = volume_size
        self.offset = 0.5 if bin_centers else 0.0
        self.conv = nn.Conv2d(in_channels, num_joints * depth_bins, kernel_size=1)

    def forward(self, features: Tensor) -> JointPositions:
        """Locate the joints.

        Args:
            features: ``(B, C, H, W)``.
        """
        return self.decode(self.conv(features))

    def decode(self, logits: Tensor) -> JointPositions:
        """Turn scores into positions, in float32 at least.

        Args:
            logits: ``(B, J * depth_bins, H, W)``, a joint's depth bins one after the other.
        """
        if logits.dtype in (torch.float16, torch.bfloat16):
            logits = logits.float()
        batch, _, *size = logits.shape
        shape = (batch, self.num_joints, self.depth_bins, *size)
        volume = logits.reshape(batch, self.num_joints, -1).softmax(dim=-1).reshape(shape)
        bins, coordinates = [], []
        for others in ((2, 3), (2, 4), (3, 4)):
            marginal = volume.sum(dim=others)
            count = marginal.shape[-1]
            numbers = torch.arange(count, dtype=marginal.dtype, device=marginal.device)
            expected = (marginal * numbers).sum(dim=-1)
            bins.append(expected)
            coordinates.append((expected + self.offset) * (self.volume_size / count))
        bins = torch.stack(bins, dim=-1)
        return JointPositions(bins, torch.stack(coordinates, dim=-1), _sample(volume, bins))


def _sample(volume: Tensor, bins: Tensor) -> Tensor:
    """Trilinear interpolation of ``(B, J, D, H, W)`` at one place ``(B, J, 3)`` per joint."""
    grid = torch.stack(
        [
            place * (2 / max(count - 1, 1)) - 1
            for place, count in zip(bins.unbind(-1), volume.shape[:1:-1])
        ],
        dim=-1,
    )
    sampled = F.grid_sample(
        volume.flatten(0, 1)[:, None], grid.reshape(-1, 1, 1, 1, 3), align_corners=True
    )
    return sampled.reshape(*bins.shape[:2], 1)
