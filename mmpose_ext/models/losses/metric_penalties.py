"""Parts of the metric losses: log distances, and penalties averaged over pairs.

For an anchor a, ``u_k = log D(f_a, f_k) - log D(y_a, y_k)`` says by which factor the distance of
frame k in feature space differs from its distance in label space. Of a pair of frames the losses
see ``d = u_i - u_j = log R`` with ``R = (D(f_a, f_i) / D(f_a, f_j)) (D(y_a, y_j) / D(y_a, y_i))``.
"""

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

Penalty = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From ``d`` to the penalty and its derivative, of the same shape."""

# Pairs that are looked at together: 2 MiB.
_PAIRS_AT_ONCE = 2**19


def at_least_float(tensor: Tensor) -> Tensor:
    """Convert to float32, but leave float64 alone."""
    return tensor if tensor.dtype == torch.float64 else tensor.float()


def log_rms(differences: Tensor, eps: float) -> Tensor:
    """Logarithm of root mean squares over the last dimension.

    ``log sqrt(x^2 + eps^2)``, whose derivative by the root mean square x is at most
    ``1 / (2 eps)``, so that equal frames do no harm.

    Args:
        differences: ``(..., C)``.
        eps: In the unit of the differences.

    Returns:
        ``(...)``.
    """
    return (differences.square().mean(dim=-1) + eps**2).log() / 2


def log_rms_distances(rows: Tensor, columns: Tensor, eps: float) -> Tensor:
    """:func:`log_rms` of all differences between two sets, without the differences.

    ``|a|^2 + |b|^2 - 2 a b`` cancels where the distance is far smaller than the vectors are long:
    the mean is taken off before, and near pairs belong into :func:`log_rms`.

    Args:
        rows: ``(A, C)``.
        columns: ``(N, C)``.
        eps: In the unit of the vectors.

    Returns:
        ``(A, N)``.
    """
    scale = 1 / math.sqrt(rows.shape[1])
    mean = columns.detach().sum(dim=0) / max(len(columns), 1)
    rows, columns = (rows - mean) * scale, (columns - mean) * scale
    squares = (rows.square().sum(dim=1)[:, None] + eps**2) + columns.square().sum(dim=1)
    return torch.addmm(squares, rows, columns.T, alpha=-2).clamp(min=eps**2).log() / 2


def label_distances(rows: Tensor, columns: Tensor) -> Tensor:
    """Root mean square differences of labels, exact for near pairs, without gradient.

    Args:
        rows: ``(..., A, K)``.
        columns: ``(..., N, K)``.

    Returns:
        ``(..., A, N)``.
    """
    mode = 'donot_use_mm_for_euclid_dist'
    distances = torch.cdist(rows.detach(), columns.detach(), compute_mode=mode)
    return distances / math.sqrt(rows.shape[-1])


def log_distances(distances: Tensor, eps: float) -> Tensor:
    """``log sqrt(D^2 + eps^2)`` of distances D."""
    return (distances.square() + eps**2).log() / 2


def huber_penalty(d: Tensor, delta: float) -> tuple[Tensor, Tensor]:
    """``d^2 / 2`` up to ``delta``, a straight line beyond."""
    slope = d.clamp(-delta, delta)
    return slope * (d - slope / 2), slope


def thesis_penalty(d: Tensor, p: float) -> tuple[Tensor, Tensor]:
    """``log(1 + R)^p``."""
    value, slope = F.softplus(d), torch.sigmoid(d)
    if p == 1:
        return value, slope
    return value.pow(p), p * value.pow(p - 1) * slope


def centered_penalty(d: Tensor) -> tuple[Tensor, Tensor]:
    """``(log(1 + R) - log 2)^2``, zero at R = 1."""
    value = F.softplus(d) - math.log(2)
    return value.square(), 2 * value * torch.sigmoid(d)


def pair_mean(
    positive: Tensor,
    negative: Tensor,
    positive_mask: Tensor,
    negative_mask: Tensor,
    penalty: Penalty,
    chunk: int | None = None,
) -> Tensor:
    """Mean penalty over the pairs of each anchor, in the memory of its frames.

    Args:
        positive: ``u`` of frames that may be positives, ``(A, P)``.
        negative: ``u`` of frames that may be negatives, ``(A, N)``.
        positive_mask: Which ones are, ``(A, P)``.
        negative_mask: Which ones are, ``(A, N)``.
        penalty: Of ``d``.
        chunk: Positives that are compared at once; by default as many as fit into 2 MiB.

    Returns:
        ``(A,)``; zero for anchors without positives or without negatives.
    """
    weights = _weights(positive_mask, positive), _weights(negative_mask, negative)
    return _PairMean.apply(positive, negative, *weights, penalty, chunk)


def squared_pair_mean(
    positive: Tensor, negative: Tensor, positive_mask: Tensor, negative_mask: Tensor
) -> Tensor:
    """Mean of ``d^2`` over the pairs of each anchor, without the pairs.

    It is the variance of the positives, plus that of the negatives, plus the squared difference of
    their means. Arguments and result are those of :func:`pair_mean`.
    """
    (first, first_variance), (second, second_variance) = (
        _moments(values, _weights(mask, values))
        for values, mask in ((positive, positive_mask), (negative, negative_mask))
    )
    mean = first_variance + second_variance + (first - second).square()
    return mean * (positive_mask.any(dim=1) & negative_mask.any(dim=1))


def masked_median(values: Tensor, mask: Tensor) -> Tensor:
    """Median of each row's masked entries, ``(A, N)`` to ``(A,)``; NaN where there are none."""
    if not values.shape[1]:
        return values.new_full((len(values),), torch.nan)
    return values.masked_fill(~mask, torch.nan).nanmedian(dim=1).values


class _PairMean(torch.autograd.Function):
    """Sums penalties and their derivatives in one pass, so that no pair is kept for backward."""

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        positive: Tensor,
        negative: Tensor,
        positive_weight: Tensor,
        negative_weight: Tensor,
        penalty: Penalty,
        chunk: int | None,
    ) -> Tensor:
        total = positive.new_zeros(len(positive))
        positive_slope, negative_slope = torch.zeros_like(positive), torch.zeros_like(negative)
        for rows, columns in _chunks(*positive.shape, negative.shape[1], chunk):
            first, second = positive_weight[rows, None, columns], negative_weight[rows, :, None]
            values, slopes = penalty(positive[rows, columns, None] - negative[rows, None])
            # (A, 1, P) (A, P, N) (A, N, 1)
            total[rows] += (first @ (values @ second))[:, 0, 0]
            positive_slope[rows, columns] = (slopes @ second)[..., 0]
            negative_slope[rows] -= (first @ slopes)[:, 0]
        ctx.save_for_backward(
            positive_slope.mul_(positive_weight), negative_slope.mul_(negative_weight)
        )
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        positive_slope, negative_slope = ctx.saved_tensors
        gradient = gradient[:, None]
        return gradient * positive_slope, gradient * negative_slope, None, None, None, None


def _chunks(
    anchors: int, positives: int, negatives: int, chunk: int | None
) -> Iterator[tuple[slice, slice]]:
    """Blocks of anchors and of their positives."""
    negatives = max(negatives, 1)
    rows = max(1, min(anchors, _PAIRS_AT_ONCE // (negatives * (chunk or 1))))
    columns = chunk or max(1, _PAIRS_AT_ONCE // (negatives * rows))
    for row in range(0, anchors, rows):
        for column in range(0, positives, columns):
            yield slice(row, row + rows), slice(column, column + columns)


def _weights(mask: Tensor, values: Tensor) -> Tensor:
    return mask.to(values) / mask.sum(dim=1, keepdim=True).clamp(min=1)


def _moments(values: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    mean = (values * weights).sum(dim=1)
    return mean, ((values - mean[:, None]).square() * weights).sum(dim=1)
