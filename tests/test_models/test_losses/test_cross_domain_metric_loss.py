import math

import pytest
import torch
from torch import Tensor

from mmpose_ext.models.losses import CrossDomainMetricLoss

FORMS = (
    dict(form='log_ratio'),
    dict(form='log_ratio', delta=None),
    dict(form='thesis'),
    dict(form='thesis', p=2),
    dict(form='thesis_centered'),
)
TINY = dict(eps_f=1e-9, eps_y=1e-9)


@pytest.fixture
def batch() -> dict[str, Tensor]:
    """Five anchors and eleven candidates in float64."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.double)

    return dict(
        anchor_features=normal(5, 6),
        anchor_labels=normal(5, 4, 3),
        candidate_features=normal(11, 6),
        candidate_labels=normal(11, 4, 3),
    )


def penalty(logarithm: float, form: str, delta: float | None = 1.0, p: float = 1) -> float:
    softplus = math.log(1 + math.exp(logarithm))
    if form == 'thesis':
        return softplus**p
    if form == 'thesis_centered':
        return (softplus - math.log(2)) ** 2
    if delta is None:
        return logarithm**2
    return logarithm**2 / 2 if abs(logarithm) <= delta else delta * (abs(logarithm) - delta / 2)


def triple_loop(batch: dict[str, Tensor], count: int, **form: object) -> float:
    """Algorithm 1, one triplet after the other."""
    total = 0.0
    for feature, label in zip(batch['anchor_features'], batch['anchor_labels']):
        rows = []
        for number in range(len(batch['candidate_features'])):
            f = float((batch['candidate_features'][number] - feature).norm())
            y = float((batch['candidate_labels'][number] - label).norm())
            rows.append((y, number, f))
        rows.sort()
        values = [
            penalty(math.log(near[2] / far[2] * far[0] / near[0]), **form)
            for near in rows[:count]
            for far in rows[-count:]
        ]
        total += sum(values) / len(values)
    return total


@pytest.mark.parametrize('form', FORMS)
def test_equals_the_triple_loop(batch: dict, form: dict) -> None:
    expected = triple_loop(batch, 3, **form)
    for reduction, factor in (('mean', 1 / 5), ('sum', 1)):
        loss = CrossDomainMetricLoss(anchor_reduction=reduction, **form, **TINY)
        torch.testing.assert_close(float(loss(**batch)), factor * expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize('form', FORMS)
def test_gradients_are_those_of_finite_differences(batch: dict, form: dict) -> None:
    loss = CrossDomainMetricLoss(**form)

    def value(anchors: Tensor, candidates: Tensor) -> Tensor:
        return loss(**(batch | dict(anchor_features=anchors, candidate_features=candidates)))

    leaves = (batch[name].requires_grad_() for name in ('anchor_features', 'candidate_features'))
    assert torch.autograd.gradcheck(value, tuple(leaves))


@pytest.mark.parametrize(
    ('candidates', 'fractions', 'expected'),
    [
        (128, (0.3, 0.3), (38, 38)),
        (2048, (0.3, 0.3), (614, 614)),
        (100, (0.29, 0.57), (29, 57)),
        (3, (0.3, 0.3), (1, 1)),
        (2, (0.5, 0.5), (1, 1)),
        (1, (0.3, 0.3), (1, 0)),
        (0, (0.3, 0.3), (0, 0)),
    ],
)
def test_share_of_the_candidates(
    candidates: int, fractions: tuple, expected: tuple[int, int]
) -> None:
    distances = torch.rand(3, candidates, generator=torch.Generator().manual_seed(0))
    near, far = CrossDomainMetricLoss(*fractions).neighbours(distances)
    assert (near.shape[1], far.shape[1]) == expected
    for row in range(3):
        assert not set(near[row].tolist()) & set(far[row].tolist())
        others = set(range(candidates)) - set(near[row].tolist())
        if near.shape[1] and others:
            limit = distances[row, near[row]].max()
            assert all(distances[row, number] >= limit for number in others)


def test_ties_go_by_position() -> None:
    distances = torch.tensor([[2.0, 1, 1, 2, 1, 2, 2, 1, 1, 2]])
    near, far = CrossDomainMetricLoss().neighbours(distances)
    assert near.tolist() == [[1, 2, 4]]
    assert far.tolist() == [[5, 6, 9]]


def test_zero_where_features_are_labels_in_another_unit(batch: dict) -> None:
    loss = CrossDomainMetricLoss(**TINY)
    features = {
        f'{name}_features': 5 - 2 * batch[f'{name}_labels'].flatten(1)
        for name in ('anchor', 'candidate')
    }
    assert loss(**(batch | features)) < 1e-12
    assert loss(**batch) > 1e-3


def test_positives_that_are_far_are_left_out(batch: dict) -> None:
    anchor = torch.zeros(1, 4, 3, dtype=torch.double)
    labels = torch.zeros(10, 4, 3, dtype=torch.double)
    # Candidate n has all its joints at n / 10 + 0.05 metres.
    labels[..., 0] = (torch.arange(10).double() / 10 + 0.05)[:, None]
    example = dict(
        anchor_features=batch['anchor_features'][:1],
        anchor_labels=anchor,
        candidate_features=batch['candidate_features'][:10],
        candidate_labels=labels,
    )
    limited = CrossDomainMetricLoss(max_label_dist=0.2)(**example)
    two = CrossDomainMetricLoss(pos_frac=0.2)(**example)
    torch.testing.assert_close(limited, two)
    loss = CrossDomainMetricLoss(max_label_dist=0.01)
    assert loss(**example) == 0
    assert loss.statistics == {}


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize(('anchors', 'candidates'), [(0, 11), (5, 0), (5, 1), (0, 0)])
def test_nothing_to_compare_is_exactly_zero(
    batch: dict, form: dict, anchors: int, candidates: int
) -> None:
    sizes = dict(anchor=anchors, candidate=candidates)
    part = {name: value[: sizes[name.split('_')[0]]] for name, value in batch.items()}
    leaves = [part[f'{name}_features'].requires_grad_() for name in sizes]
    value = CrossDomainMetricLoss(**form)(**part)
    value.backward()
    assert value == 0
    assert all(torch.all(leaf.grad == 0) for leaf in leaves)


@pytest.mark.parametrize('form', FORMS)
def test_equal_frames_are_harmless(batch: dict, form: dict) -> None:
    batch = {name: value.float() for name, value in batch.items()}
    batch['candidate_features'][:5] = batch['anchor_features']
    batch['candidate_labels'][:5] = batch['anchor_labels']
    leaf = batch['candidate_features'].requires_grad_()
    value = CrossDomainMetricLoss(**form)(**batch)
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(leaf.grad).all()


def test_half_precision_and_autocast_change_nothing(batch: dict) -> None:
    half = {
        name: value.bfloat16() if 'features' in name else value.float()
        for name, value in batch.items()
    }
    loss = CrossDomainMetricLoss()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        value = loss(**half)
    assert value.dtype == torch.float32
    assert torch.equal(value, loss(**{name: tensor.float() for name, tensor in half.items()}))


def test_detached_anchors_get_no_gradient(batch: dict) -> None:
    anchors = batch['anchor_features'].requires_grad_()
    candidates = batch['candidate_features'].requires_grad_()
    CrossDomainMetricLoss(detach_anchor=True)(**batch).backward()
    assert anchors.grad is None
    assert candidates.grad.abs().sum() > 0


def test_bad_arguments_are_named(batch: dict) -> None:
    with pytest.raises(ValueError, match=r'pos_frac and neg_frac got \(0.6, 0.5\)'):
        CrossDomainMetricLoss(0.6, 0.5)
    with pytest.raises(ValueError, match='anchor_labels got 4, expected 5'):
        CrossDomainMetricLoss()(**(batch | dict(anchor_labels=batch['anchor_labels'][:4])))
