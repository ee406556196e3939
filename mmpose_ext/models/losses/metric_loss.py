import torch
from torch import Tensor, nn

from mmpose_ext.models.losses.metric_penalties import (
    centered_penalty,
    huber_penalty,
    masked_median,
    pair_mean,
    squared_pair_mean,
    thesis_penalty,
)


class MetricLoss(nn.Module):
    """Base of losses that make distances between features follow distances between labels.

    Features of an anchor a, a positive i and a negative j are compared by ``R = (D(f_a, f_i) /
    D(f_a, f_j)) (D(y_a, y_j) / D(y_a, y_i))``, which is 1 where features are as far apart as labels
    but for a factor of the anchor's own. Distances are root mean squares over channels, calculated
    in float32 also under autocast, and no process sees another one's features.

    ====================  ==========================================  ========================
    form                  penalty of a pair                           least at
    ====================  ==========================================  ========================
    ``log_ratio``         Huber loss of ``log R``; its square where   R = 1
                          ``delta`` is None
    ``thesis``            ``log(1 + R)^p``, eq. 2 of "Few-shot        R = 0, positives on top
                          Domain Adaptation for 3D Human Pose and     of the anchor
                          Shape Estimation" (UNIST, 2021)
    ``thesis_centered``   ``(log(1 + R) - log 2)^2``                  R = 1
    ====================  ==========================================  ========================

    The squared log ratio is that of Kim et al., "Deep Metric Learning Beyond Binary Supervision",
    CVPR 2019.

    Args:
        form: See above.
        p: Power in the form ``'thesis'``.
        delta: Where the Huber loss becomes linear, which bounds the pull of a pair; None for the
            square, for which pairs need not be visited at all.
        eps_f: Distance of features below which differences stop to count, in their unit.
        eps_y: The same of labels, in metres.
        anchor_reduction: ``'mean'`` over the anchors that have positives and negatives, or
            ``'sum'``, as eq. 2 is printed, which grows with the batch.
        detach_anchor: Whether anchors stay where they are.
        chunk: Positives that are compared with all negatives at once; by default as many as fit
            into 2 MiB.
        loss_weight: Factor of the result.

    Attributes:
        statistics: Of the last batch, empty if it had no anchor with positives and negatives:
            ``ratio_median``, the median over anchors of ``median R``, 1 where neither positives nor
            negatives are pulled in; ``within_over_cross``, the mean distance of positives' features
            over that of negatives', and ``label_within_over_cross``, what it is for labels.

    Raises:
        ValueError: If an option is unknown or out of range.
    """

    def __init__(
        self,
        form: str = 'log_ratio',
        p: float = 1.0,
        delta: float | None = 1.0,
        eps_f: float = 1e-3,
        eps_y: float = 1e-3,
        anchor_reduction: str = 'mean',
        detach_anchor: bool = False,
        chunk: int | None = None,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        check_choice('form', form, ('log_ratio', 'thesis', 'thesis_centered'))
        check_choice('anchor_reduction', anchor_reduction, ('mean', 'sum'))
        if p < 1 or (p != 1 and form != 'thesis'):
            raise ValueError(
                f"p got {p!r} with form={form!r}, expected at least 1, and 1 but for 'thesis'"
            )
        for name, value in dict(delta=delta, eps_f=eps_f, eps_y=eps_y, chunk=chunk).items():
            if value is not None and value <= 0:
                raise ValueError(f'{name} got {value!r}, expected more than 0')
        self.form = form
        self.p = p
        self.delta = delta
        self.eps_f = eps_f
        self.eps_y = eps_y
        self.anchor_reduction = anchor_reduction
        self.detach_anchor = detach_anchor
        self.chunk = chunk
        self.loss_weight = loss_weight
        self.statistics: dict[str, Tensor] = {}

    def reduce(
        self,
        features: tuple[Tensor, Tensor],
        labels: tuple[Tensor, Tensor],
        masks: tuple[Tensor, Tensor],
    ) -> Tensor:
        """The loss from log distances to A anchors, and its statistics.

        Args:
            features: Of positives' features ``(A, P)`` and of negatives' ``(A, N)``.
            labels: The same of their labels.
            masks: Which of these are positives and negatives, of the same shapes.

        Returns:
            A scalar; zero, with a zero gradient, if no anchor has both.
        """
        positive, negative = (f - y for f, y in zip(features, labels))
        if self.form == 'log_ratio' and self.delta is None:
            values = squared_pair_mean(positive, negative, *masks)
        else:
            values = pair_mean(positive, negative, *masks, self._penalty, self.chunk)
        usable = masks[0].any(dim=1) & masks[1].any(dim=1)
        self.statistics = _statistics((positive, negative), features, labels, masks, usable)
        total = self.loss_weight * values.sum()
        return total / usable.sum().clamp(min=1) if self.anchor_reduction == 'mean' else total

    def penalty(self, log_ratio: Tensor) -> Tensor:
        """The penalty of pairs with these ``log R``, of any shape."""
        return self._penalty(log_ratio)[0]

    def _penalty(self, d: Tensor) -> tuple[Tensor, Tensor]:
        if self.form == 'thesis':
            return thesis_penalty(d, self.p)
        if self.form == 'thesis_centered':
            return centered_penalty(d)
        if self.delta is None:
            return d.square(), 2 * d
        return huber_penalty(d, self.delta)


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise ValueError if an argument is none of its choices."""
    if value not in choices:
        raise ValueError(f'{name} got {value!r}, expected one of {choices}')


@torch.no_grad()
def _statistics(
    differences: tuple[Tensor, Tensor],
    features: tuple[Tensor, Tensor],
    labels: tuple[Tensor, Tensor],
    masks: tuple[Tensor, Tensor],
    usable: Tensor,
) -> dict[str, Tensor]:
    if not usable.any():
        return {}
    positive, negative = (masked_median(f - y, mask) for f, y, mask in zip(features, labels, masks))
    masks = tuple(mask & usable[:, None] for mask in masks)
    return dict(
        ratio_median=(positive - negative)[usable].median().exp(),
        within_over_cross=_mean_ratio(features, masks),
        label_within_over_cross=_mean_ratio(labels, masks),
    )


def _mean_ratio(logarithms: tuple[Tensor, Tensor], masks: tuple[Tensor, ...]) -> Tensor:
    means = [(log.exp() * mask).sum() / mask.sum() for log, mask in zip(logarithms, masks)]
    return means[0] / means[1]
