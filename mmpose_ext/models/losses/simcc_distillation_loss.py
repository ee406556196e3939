from torch import Tensor, nn

from mmpose_ext.models.losses.simcc_divergence import simcc_divergence, weighted_mean
from mmpose_ext.registry import MODELS


@MODELS.register_module()
class SimCCDistillationLoss(nn.Module):
    """Divergence of a student's SimCC prediction from a teacher's.

    It has the unit of :class:`ConditionalKeypointLoss`: on the same target, both have the same
    value. Softened distributions are brought back to the gradient size of hard ones by the factor
    ``temperature ** 2`` (Hinton et al., 2015).

    Args:
        beta: Factor on the student's scores before their softmax; the one its head trains with.
        temperature: Divides the student's scores. The teacher's probabilities are expected to be
            softened by the same temperature already.

    Raises:
        ValueError: If ``temperature`` is not positive.
    """

    def __init__(self, beta: float = 10.0, temperature: float = 1.0) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f'temperature got {temperature!r}, expected a positive number')
        self.beta = beta
        self.temperature = temperature

    def forward(
        self,
        pred_simcc: tuple[Tensor, Tensor],
        target_simcc: tuple[Tensor, Tensor],
        target_weight: Tensor,
    ) -> Tensor:
        """Compare the student's scores with the teacher's probabilities.

        Args:
            pred_simcc: The student's scores of x ``(B, K, W)`` and y ``(B, K, H)``.
            target_simcc: The teacher's probabilities of the same shapes.
            target_weight: Weight of each keypoint ``(B, K)``.

        Returns:
            A scalar, averaged over the weights.
        """
        factor = self.beta / self.temperature
        divergence = sum(
            simcc_divergence(prediction * factor, target)
            for prediction, target in zip(pred_simcc, target_simcc)
        )
        return weighted_mean(divergence, target_weight) * self.temperature**2
