import math
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from mmpose_ext.models.losses import (
    AttentionTransferLoss,
    ChannelKLLoss,
    FeatureL1Loss,
    FSPLoss,
    GlobalContextLoss,
    LogSoftmaxL1Loss,
)

SHAPES = ((2, 4, 4, 4), (2, 6, 2, 2), (2, 8, 2, 2))
LOSSES = (
    FeatureL1Loss(),
    LogSoftmaxL1Loss(),
    ChannelKLLoss(),
    AttentionTransferLoss(),
    FSPLoss(),
    GlobalContextLoss([4, 6, 8]),
    GlobalContextLoss([4, 6, 8], trainable=False),
)


def stages(seed: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator) for shape in SHAPES]


def softmax(values: Tensor) -> list[float]:
    exponents = [math.exp(value) for value in values.tolist()]
    return [exponent / sum(exponents) for exponent in exponents]


@pytest.mark.parametrize('loss', LOSSES, ids=lambda loss: type(loss).__name__)
def test_equal_features_cost_nothing_and_others_something(loss: torch.nn.Module) -> None:
    same = loss(stages(0), stages(0))
    assert all(value.item() == pytest.approx(0, abs=1e-6) for value in same)
    different = loss(stages(0), stages(1))
    assert len(same) == len(different) == (2 if isinstance(loss, FSPLoss) else 3)
    assert all(value.ndim == 0 and value.item() > 1e-3 for value in different)


@pytest.mark.parametrize('loss', LOSSES, ids=lambda loss: type(loss).__name__)
def test_gradients_are_finite_and_pull_towards_the_teacher(loss: torch.nn.Module) -> None:
    student, teacher = [stage.requires_grad_() for stage in stages(0)], stages(1)
    before = sum(loss(student, teacher))
    gradients = torch.autograd.grad(before, student)
    moved = [stage - 1e-3 * gradient for stage, gradient in zip(student, gradients)]
    assert sum(loss(moved, teacher)).item() < before.item()
    # The distance has a corner where it is zero.
    sum(loss(student, [stage.detach() for stage in student])).backward()
    assert all(stage.grad.isfinite().all() for stage in student)


def pixels(stage: Tensor) -> Sequence[tuple[int, int, int]]:
    batch, _, height, width = stage.shape
    return [(b, y, x) for b in range(batch) for y in range(height) for x in range(width)]


def test_feature_l1_is_the_mean_difference() -> None:
    for value, mine, theirs in zip(FeatureL1Loss()(stages(0), stages(1)), stages(0), stages(1)):
        differences = [
            abs(a - b) for a, b in zip(mine.flatten().tolist(), theirs.flatten().tolist())
        ]
        assert value.item() == pytest.approx(sum(differences) / len(differences), rel=1e-5)


def test_log_softmax_l1_compares_channels_of_a_pixel() -> None:
    values = LogSoftmaxL1Loss()(stages(0), stages(1))
    for value, mine, theirs in zip(values, stages(0), stages(1)):
        total = 0.0
        for b, y, x in pixels(mine):
            p, q = softmax(mine[b, :, y, x]), softmax(theirs[b, :, y, x])
            total += sum(abs(math.log(first) - math.log(second)) for first, second in zip(p, q))
        assert value.item() == pytest.approx(total / mine.numel(), rel=1e-4)


def test_channel_kl_is_the_students_divergence_from_the_teacher() -> None:
    values = ChannelKLLoss()(stages(0), stages(1))
    for value, mine, theirs in zip(values, stages(0), stages(1)):
        total = 0.0
        for b, y, x in pixels(mine):
            p, q = softmax(mine[b, :, y, x]), softmax(theirs[b, :, y, x])
            total += sum(second * math.log(second / first) for first, second in zip(p, q))
        assert value.item() == pytest.approx(total / len(mine), rel=1e-4)


def test_attention_transfer_compares_normalized_energy_maps() -> None:
    values = AttentionTransferLoss()(stages(0), stages(1))
    for value, mine, theirs in zip(values, stages(0), stages(1)):
        squares = []
        for b in range(len(mine)):
            maps = []
            for stage in (mine, theirs):
                energy = [
                    sum(stage[b, :, y, x].square().tolist()) / stage.shape[1]
                    for _, y, x in pixels(stage[:1])
                ]
                norm = math.sqrt(sum(e * e for e in energy))
                maps.append([e / norm for e in energy])
            squares += [(first - second) ** 2 for first, second in zip(*maps)]
        expected = 100 * sum(squares) / len(squares)
        assert value.item() == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_fsp_compares_correlations_of_consecutive_stages() -> None:
    def correlation(first: Tensor, second: Tensor, b: int, i: int, j: int) -> float:
        size = second.shape[-1]
        step = first.shape[-1] // size
        total = 0.0
        for y in range(size):
            for x in range(size):
                block = first[b, i, y * step : (y + 1) * step, x * step : (x + 1) * step]
                total += block.max().item() * second[b, j, y, x].item()
        return total / size**2

    student, teacher = stages(0), stages(1)
    for pair, value in enumerate(FSPLoss()(student, teacher)):
        expected = 0.0
        for b in range(2):
            for j in range(SHAPES[pair + 1][1]):
                column = [
                    correlation(student[pair], student[pair + 1], b, i, j)
                    - correlation(teacher[pair], teacher[pair + 1], b, i, j)
                    for i in range(SHAPES[pair][1])
                ]
                expected += math.sqrt(sum(entry**2 for entry in column))
        assert value.item() == pytest.approx(expected / 2, rel=1e-4)


def test_global_context_starts_as_plain_l1_and_stays_there_as_published() -> None:
    plain = FeatureL1Loss()(stages(0), stages(1))
    for trainable in (True, False):
        loss = GlobalContextLoss([4, 6, 8], trainable)
        torch.testing.assert_close(loss(stages(0), stages(1)), plain)
        assert bool(list(loss.parameters())) == trainable
        assert bool(loss.state_dict()) == trainable


def test_global_context_is_added_to_every_pixel() -> None:
    torch.manual_seed(0)
    loss = GlobalContextLoss([4])
    block = loss.blocks[0]
    torch.nn.init.normal_(block.transform[-1].weight)
    mine, theirs = stages(0)[:1], stages(1)[:1]

    def transformed(features: Tensor) -> Tensor:
        result = torch.zeros_like(features)
        for b in range(len(features)):
            columns = [features[b, :, y, x] for _, y, x in pixels(features[:1])]
            weight, bias = block.attention.weight[0, :, 0, 0], block.attention.bias[0]
            scores = softmax(torch.stack([weight @ column + bias for column in columns]))
            context = sum(score * column for score, column in zip(scores, columns))
            hidden = block.transform[0].weight @ context + block.transform[0].bias
            hidden = (hidden - hidden.mean()) / (hidden.var(correction=0) + 1e-5).sqrt()
            added = block.transform[3].weight @ hidden.clamp(min=0) + block.transform[3].bias
            result[b] = features[b] + added[:, None, None]
        return result

    expected = (transformed(mine[0]) - transformed(theirs[0])).abs().mean()
    torch.testing.assert_close(loss(mine, theirs)[0], expected, rtol=1e-4, atol=1e-5)
    loss(mine, theirs)[0].backward()
    assert all(parameter.grad is not None for parameter in loss.parameters())
