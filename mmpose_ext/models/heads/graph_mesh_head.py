from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmpose.utils.typing import OptMultiConfig
from torch import Tensor, nn

from mmpose_ext.models.heads.graph_convolution import (
    GraphConvolution,
    GraphResidual,
    normalized_adjacency,
)
from mmpose_ext.models.heads.soft_argmax_3d_head import JointPositions
from mmpose_ext.registry import MODELS
from mmpose_ext.skeletons import Skeleton, get_skeleton


class MeshParameters(NamedTuple):
    """What a mesh head predicts.

    Args:
        root: Global orientation, six numbers read as a 3x2 matrix, ``(B, 6)``.
        latent: What the pose prior decodes, ``(B, latent_dim)``.
        betas: Shape parameters, ``(B, num_betas)``.
        camera: See ``geometry.crop_translation``, ``(B, 3)``.
    """

    root: Tensor
    latent: Tensor
    betas: Tensor
    camera: Tensor


@MODELS.register_module()
class GraphMeshHead(BaseModule):
    """SMPL parameters from the image features at the joints, by a graph network.

    The rotation head of 3DCrowdNet (Choi et al., CVPR 2022): features are sampled where the joints
    are, so that those of other people stay out, and travel along the skeleton. Gradients do not
    reach the positions.

    Args:
        in_channels: Channels of the feature map.
        hidden_channels: Features per joint.
        num_blocks: Residual blocks.
        latent_dim: Size of the pose prior's input.
        num_betas: Number of shape parameters.
        skeleton: Skeleton of the joints; its links and left-right pairs are the graph.
        root_bias: Orientation that training starts from: by default upright and facing the camera.
            As published: six zeros, an undefined one.
        camera_bias: Camera that training starts from: by default one whose crop shows 2.1 m. As
            published: three zeros, 1.25 m.
        init_cfg: Initialization; by default that of linear layers is N(0, 0.01), as published.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int = 128,
        num_blocks: int = 4,
        latent_dim: int = 32,
        num_betas: int = 10,
        skeleton: str | dict | Skeleton = 'graph15',
        root_bias: Sequence[float] = (1, 0, 0, -1, 0, 0),
        camera_bias: Sequence[float] = (0, 0, 1.7),
        init_cfg: OptMultiConfig = dict(type='Normal', layer='Linear', std=0.01),  # noqa: B006
    ) -> None:
        super().__init__(init_cfg)
        skeleton = get_skeleton(skeleton)
        adjacency = normalized_adjacency(skeleton)
        self.graph = nn.Sequential(
            GraphConvolution(adjacency, in_channels + 4, hidden_channels),
            *(GraphResidual(adjacency, hidden_channels) for _ in range(num_blocks)),
        )
        width = skeleton.num_keypoints * hidden_channels
        self.root = nn.Linear(width, 6)
        self.latent = nn.Linear(width, latent_dim)
        self.betas = nn.Linear(width, num_betas)
        self.camera = nn.Linear(width, 3)
        self.root_bias, self.camera_bias = tuple(root_bias), tuple(camera_bias)

    def init_weights(self) -> None:
        """Initialize; the outputs start at ``root_bias`` and ``camera_bias``."""
        super().init_weights()
        for layer, bias in ((self.root, self.root_bias), (self.camera, self.camera_bias)):
            layer.bias.data = layer.bias.new_tensor(bias)

    def forward(self, features: Tensor, positions: JointPositions) -> MeshParameters:
        """Predict.

        Args:
            features: ``(B, C, H, W)``, the map that the positions come from.
            positions: The joints.
        """
        bins, scores = positions.bins.detach(), positions.scores.detach()
        joints = torch.cat([sample_features(features, bins), bins, scores], dim=-1)
        vector = self.graph(joints).flatten(1)
        return MeshParameters(
            self.root(vector), self.latent(vector), self.betas(vector), self.camera(vector)
        )


def sample_features(features: Tensor, bins: Tensor) -> Tensor:
    """Interpolate a feature map at the joints.

    Args:
        features: ``(B, C, H, W)``.
        bins: x and y in cells, zero at the centre of the first, ``(B, J, 2 or more)``.

    Returns:
        ``(B, J, C)``.
    """
    height, width = features.shape[-2:]
    x = bins[..., 0] * (2 / max(width - 1, 1)) - 1
    y = bins[..., 1] * (2 / max(height - 1, 1)) - 1
    grid = torch.stack([x, y], dim=-1)[:, :, None]
    return F.grid_sample(features, grid, align_corners=True)[..., 0].transpose(1, 2)
