from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmpose_ext.models.edge_sources.frozen_network import FrozenNetwork
from mmpose_ext.models.edge_sources.normalization import imagenet_normalize
from mmpose_ext.models.edge_sources.vgg import VGG16_STAGES, vgg16_stage
from mmpose_ext.models.weight_files import StateDict
from mmpose_ext.registry import MODELS


@MODELS.register_module()
class PerceptualLoss(BaseModule):
    """Difference of two images as VGG16 sees them.

    `Perceptual Losses for Real-Time Style Transfer <https://arxiv.org/abs/1603.08155>`_: the mean
    absolute difference of the features after the last ReLU of each stage, summed over stages.

    Args:
        checkpoint: File, URL or object store address of torchvision's VGG16.
        init: ``'checkpoint'``, or ``'random'`` for weights that know no images: for tests.
        stages: Numbers of the compared stages, 1 to 5, ascending: 1 is ``relu1_2``, 4 ``relu4_3``.

    Raises:
        ValueError: If ``checkpoint`` is missing, or an option is unknown.
    """

    homepage = 'https://download.pytorch.org/models/vgg16-397923af.pth'

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        init: str = 'checkpoint',
        stages: Sequence[int] = (1, 2, 3, 4),
    ) -> None:
        super().__init__()
        known = range(1, len(VGG16_STAGES) + 1)
        if not stages or list(stages) != sorted(set(stages) & set(known)):
            raise ValueError(f'stages got {stages!r}, expected ascending numbers from 1 to 5')
        self.stages = tuple(stages)
        layers = [layer for stage in range(self.stages[-1]) for layer in vgg16_stage(stage)]
        self.vgg = FrozenNetwork(
            VGG16Features(layers, self.stages),
            type(self).__name__,
            checkpoint,
            init,
            self.homepage,
            self._adapt,
        )

    def forward(self, pred: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Compare images.

        Args:
            pred: Images ``(B, 1, H, W)`` or ``(B, 3, H, W)`` in 0..1.
            target: Images of the same shape.
            weight: Weight of each image ``(B,)``; one by default.

        Returns:
            A scalar; the mean over images, or the weighted mean, zero if no image has a weight.

        Raises:
            ValueError: If the shapes differ.
        """
        if pred.shape != target.shape or pred.shape[1] not in (1, 3):
            raise ValueError(
                f'pred and target got shapes {tuple(pred.shape)} and {tuple(target.shape)}, '
                'expected the same with one or three channels'
            )
        with torch.no_grad():
            wanted = self.vgg(imagenet_normalize(target))
        found = self.vgg(imagenet_normalize(pred))
        differences = sum((a - b).abs().mean((1, 2, 3)) for a, b in zip(found, wanted))
        if weight is None:
            return differences.mean()
        return (differences * weight).sum() / weight.sum().clamp(min=1e-6)

    def _adapt(self, weights: StateDict) -> StateDict:
        """Leave out of torchvision's file what lies behind the last stage."""
        used = self.vgg.network.state_dict()
        return {
            key: value
            for key, value in weights.items()
            if key in used or not key.startswith(('features.', 'classifier.'))
        }


class VGG16Features(nn.Module):
    """The convolutions of VGG16 under torchvision's names; answers with chosen stages' features."""

    def __init__(self, layers: list[nn.Module], stages: Sequence[int]) -> None:
        super().__init__()
        self.features = nn.Sequential(*layers)
        self.stages = tuple(stages)

    def forward(self, images: Tensor) -> list[Tensor]:
        features, stages = images, []
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d):
                stages.append(features)
            features = layer(features)
        stages.append(features)
        return [stages[number - 1] for number in self.stages]
