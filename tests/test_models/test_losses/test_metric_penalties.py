import math
from functools import partial

import pytest
import torch
from torch import Tensor

from mmpose_ext.models.losses.metric_penalties import (
    centered_penalty,
    huber_penalty,
    label_distances,
    log_rms,
    log_rms_distances,
    pair_mean,
    squared_pair_mean,
    thesis_penalty,
)

PENALTIES = dict(
    huber=partial(huber_penalty, delta=0.7),
    thesis=partial(thesis_penalty, p=1),
    thesis_power=partial(thesis_penalty, p=2.5),
    centered=centered_penalty,
)


@pytest.fixture
def pairs() -> tuple[Tensor, ...]:
    """``u`` of 3 anchors' frames and masks; the second anchor has no positives."""
    generator = torch.Generator().manual_seed(0)
    positive = torch.randn(3, 5, generator=generator, dtype=torch.double)
    negative = torch.randn(3, 7, generator=generator, dtype=torch.double)
    masks = [torch.rand(u.shape, generator=generator) > 0.4 for u in (positive, negative)]
    masks[0][1] = False
    return positive.requires_grad_(), negative.requires_grad_(), *masks


def loop(pairs: tuple[Tensor, ...], penalty) -> list[float]:
    """Mean over pairs, one pair after the other."""
    means = []
    for u, v, first, second in zip(*pairs):
        values = [
            penalty(float((u[i] - v[j]).detach()))
            for i in range(len(u))
            for j in range(len(v))
            if first[i] and second[j]
        ]
        means.append(sum(values) / len(values) if values else 0.0)
    return means


@pytest.mark.parametrize('chunk', [None, 1, 2, 5])
def test_pairs_are_averaged_as_by_a_double_loop(pairs: tuple, chunk: int | None) -> None:
    expected = dict(
        huber=loop(pairs, lambda d: d * d / 2 if abs(d) < 0.7 else 0.7 * (abs(d) - 0.35)),
        thesis=loop(pairs, lambda d: math.log(1 + math.exp(d))),
        thesis_power=loop(pairs, lambda d: math.log(1 + math.exp(d)) ** 2.5),
        centered=loop(pairs, lambda d: (math.log(1 + math.exp(d)) - math.log(2)) ** 2),
    )
    for name, penalty in PENALTIES.items():
        values = pair_mean(*pairs, penalty, chunk)
        torch.testing.assert_close(values, torch.tensor(expected[name], dtype=torch.double))


def test_squares_need_no_pairs(pairs: tuple) -> None:
    expected = torch.tensor(loop(pairs, lambda d: d * d), dtype=torch.double)
    torch.testing.assert_close(squared_pair_mean(*pairs), expected)


def test_every_anchor_has_a_factor_of_its_own(pairs: tuple) -> None:
    factors = torch.tensor([[3.0], [-1.0], [0.5]], dtype=torch.double)
    moved = [u + factors for u in pairs[:2]]
    for penalty in PENALTIES.values():
        mean = pair_mean(*moved, *pairs[2:], penalty)
        torch.testing.assert_close(mean, pair_mean(*pairs, penalty))
    torch.testing.assert_close(squared_pair_mean(*moved, *pairs[2:]), squared_pair_mean(*pairs))
    proportional = [factors.expand_as(u) for u in pairs[:2]]
    for mean in (
        squared_pair_mean(*proportional, *pairs[2:]),
        pair_mean(*proportional, *pairs[2:], PENALTIES['huber']),
        pair_mean(*proportional, *pairs[2:], PENALTIES['centered']),
    ):
        assert mean.abs().max() < 1e-15


@pytest.mark.parametrize('name', [*PENALTIES, 'squared'])
def test_gradients_are_those_of_finite_differences(pairs: tuple, name: str) -> None:
    def mean(positive: Tensor, negative: Tensor) -> Tensor:
        if name == 'squared':
            return squared_pair_mean(positive, negative, *pairs[2:])
        return pair_mean(positive, negative, *pairs[2:], PENALTIES[name], 2)

    assert torch.autograd.gradcheck(mean, pairs[:2])


def test_pull_on_a_pair_is_bounded() -> None:
    d = torch.linspace(-50, 50, 1001, dtype=torch.double)
    assert huber_penalty(d, 0.7)[1].abs().max() <= 0.7
    slope = thesis_penalty(d, 1)[1]
    assert slope.min() > 0
    assert slope.max() <= 1


def test_thesis_form_is_a_softplus_that_has_no_minimum() -> None:
    ratios = torch.logspace(-6, 6, 200, dtype=torch.double)
    values = thesis_penalty(ratios.log(), 1)[0]
    torch.testing.assert_close(values, torch.log1p(ratios))
    torch.testing.assert_close(values, torch.nn.functional.softplus(ratios.log()))
    assert torch.all(values.diff() > 0)
    assert values[0] < 2e-6
    assert math.isclose(
        float(thesis_penalty(torch.zeros(1, dtype=torch.double), 1)[0]), math.log(2)
    )


def test_sound_forms_are_least_at_one_and_log_ratio_is_symmetric() -> None:
    d = torch.linspace(-4, 4, 401, dtype=torch.double)
    for penalty in (PENALTIES['huber'], centered_penalty):
        values = penalty(d)[0]
        assert values.argmin() == 200
        assert values[200] < 1e-20
    values = huber_penalty(d, 1.0)[0]
    torch.testing.assert_close(values, values.flip(0))


def test_log_distances_agree_with_direct_ones(far_points: Tensor) -> None:
    points = far_points
    direct = (points[:4, None] - points[4:]).square().mean(-1).sqrt()
    torch.testing.assert_close(log_rms_distances(points[:4], points[4:], 1e-9), direct.log())
    torch.testing.assert_close(log_rms(points[:4, None] - points[4:], 1e-9), direct.log())
    torch.testing.assert_close(label_distances(points[:4], points[4:]), direct)


@pytest.fixture
def far_points() -> Tensor:
    """Ten points far from the origin."""
    generator = torch.Generator().manual_seed(1)
    return 50 + torch.randn(10, 6, generator=generator, dtype=torch.double)


def test_points_far_from_the_origin_keep_their_digits() -> None:
    points = 300 + torch.randn(12, 64, generator=torch.Generator().manual_seed(0))
    exact = torch.cdist(points.double(), points.double()) / 8
    found = log_rms_distances(points, points, 1e-3).exp()
    off_diagonal = ~torch.eye(12, dtype=torch.bool)
    torch.testing.assert_close(found[off_diagonal], exact[off_diagonal].float(), rtol=1e-4, atol=0)


@pytest.mark.parametrize('eps', [1e-3, 0.1])
def test_slope_of_log_distance_is_bounded_by_eps(eps: float) -> None:
    distances = torch.logspace(-8, 2, 400, dtype=torch.double).requires_grad_()
    (slope,) = torch.autograd.grad(log_rms(distances[:, None], eps).sum(), distances)
    assert slope.max() <= 1 / (2 * eps) * (1 + 1e-12)
    assert slope.max() > 0.49 / eps
    zero = torch.zeros(1, 5, requires_grad=True)
    (slope,) = torch.autograd.grad(log_rms(zero, eps).sum(), zero)
    assert torch.all(slope == 0)
