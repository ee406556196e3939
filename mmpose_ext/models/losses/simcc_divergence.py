"""The unit every SimCC loss of this package is measured in: nats per keypoint."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.dist import all_reduce
from torch import Tensor

NORMALIZATIONS = ('batch', 'source', 'sample')


def simcc_divergence(logits: Tensor, target: Tensor) -> Tensor:
    """Kullback-Leibler divergence of a predicted from a target distribution over bins.

    Args:
        logits: Predicted scores before the softmax, shape ``(..., bins)``.
        target: Target probabilities, shape ``(..., bins)``.

    Returns:
        ``KL(target || softmax(logits))`` in nats, shape ``(...)``, computed in float32.
    """
    log_prediction = F.log_softmax(logits.float(), dim=-1)
    return F.kl_div(log_prediction, target.float(), reduction='none').sum(dim=-1)


def weighted_mean(
    values: Tensor,
    weights: Tensor,
    normalization: str = 'batch',
    sources: Sequence[str] | None = None,
) -> Tensor:
    """Average per-keypoint values by weight, so that the result does not know the batch size.

    In distributed training the normalizer is averaged over the ranks, which makes the averaged
    gradient equal that of one process with the whole batch.

    Args:
        values: Value of each keypoint, shape ``(B, K)``.
        weights: Weight of each keypoint, shape ``(B, K)``, not negative.
        normalization: ``'batch'`` divides by the sum of all weights. ``'sample'`` averages within
            each sample, then over the samples that have any weight. ``'source'`` averages within
            each source, then over the sources that have any weight.
        sources: Source name of each sample; needed by ``'source'``.

    Returns:
        A scalar; zero, with zero gradient, if all weights are zero.

    Raises:
        ValueError: If ``normalization`` is ``'source'`` and ``sources`` is missing.
    """
    totals, masses = (values * weights).sum(dim=1), weights.sum(dim=1)
    if normalization == 'batch':
        total, normalizer = totals.sum(), masses.sum()
    else:
        if normalization == 'source':
            membership = _source_membership(sources, totals)
            totals, masses = membership @ totals, membership @ masses
        total = (totals / _one_where_zero(masses)).sum()
        normalizer = (masses > 0).to(totals.dtype).sum()
    normalizer = normalizer.detach().clone()
    all_reduce(normalizer, op='mean')
    return total / _one_where_zero(normalizer)


def _source_membership(sources: Sequence[str] | None, like: Tensor) -> Tensor:
    if sources is None or len(sources) != len(like):
        raise ValueError(
            f"normalization='source' got sources {sources!r}, expected the source name of each "
            f'of the {len(like)} samples'
        )
    names = sorted(set(sources))
    return like.new_tensor([[float(source == name) for source in sources] for name in names])


def _one_where_zero(normalizer: Tensor) -> Tensor:
    return torch.where(normalizer > 0, normalizer, torch.ones_like(normalizer))
