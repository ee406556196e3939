import re
from collections.abc import Sequence

import torch
from mmpose.utils.typing import ConfigType
from torch import Tensor, nn

from mmpose_ext.models.losses import FSPLoss
from mmpose_ext.registry import MODELS


class DistillationTerm(nn.Module):
    """A weighted sum of distances between stages of a student and of a teacher, in float32.

    Args:
        loss: Config of the distance, see ``losses.feature_losses``.
        stages: Indices of the stages to compare.
        weights: Factor of each stage, or of each pair of stages for :class:`FSPLoss`; 1 by default.

    Raises:
        ValueError: If there is another number of weights.
    """

    def __init__(
        self, loss: ConfigType, stages: Sequence[int], weights: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        self.loss = MODELS.build(loss)
        self.stages = tuple(stages)
        count = len(self.stages) - isinstance(self.loss, FSPLoss)
        self.weights = (1.0,) * count if weights is None else tuple(weights)
        if len(self.weights) != count or count < 1:
            raise ValueError(
                f'weights got {self.weights!r} for stages {self.stages!r}, expected '
                f'{max(count, 1)} as {self.name} compares them'
            )

    @property
    def name(self) -> str:
        """The loss in snake case, for logs."""
        words = re.findall(r'[A-Z]+(?![a-z])\d*|[A-Z][a-z]*\d*', type(self.loss).__name__)
        return '_'.join(words[:-1]).lower()

    def forward(self, student: Sequence[Tensor], teacher: Sequence[Tensor]) -> Tensor:
        """Compare.

        Args:
            student: Maps of all stages ``(B, C_i, H_i, W_i)``, with gradient.
            teacher: The teacher's, of the same shapes.

        Returns:
            A scalar.

        Raises:
            ValueError: If a stage is missing, or has another shape.
        """
        with torch.autocast(student[0].device.type, enabled=False):
            pairs = [self._pair(student, teacher, stage) for stage in self.stages]
            values = self.loss(*zip(*pairs))
        return sum(weight * value for weight, value in zip(self.weights, values))

    def _pair(
        self, student: Sequence[Tensor], teacher: Sequence[Tensor], stage: int
    ) -> tuple[Tensor, Tensor]:
        if stage >= len(student):
            raise ValueError(f'stages got {stage}, expected indices of {len(student)} stages')
        mine, theirs = student[stage], teacher[stage]
        if mine.shape != theirs.shape:
            raise ValueError(
                f'stage {stage} of the teacher got shape {tuple(theirs.shape)}, expected '
                f'{tuple(mine.shape)} as the student has'
            )
        return mine.float(), theirs.float()
