import pytest
import torch

from mmpose_ext.models.losses import SimCCDistillationLoss


def scores(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.rand(3, 4, bins, generator=generator) for bins in (10, 14))


@pytest.mark.parametrize('temperature', [1.0, 2.5])
def test_identical_distributions_cost_nothing(temperature: float) -> None:
    student = tuple(s.requires_grad_() for s in scores(0))
    target = tuple((10 * s.detach() / temperature).softmax(-1) for s in student)
    loss = SimCCDistillationLoss(10.0, temperature)(student, target, torch.ones(3, 4))
    loss.backward()
    assert abs(loss.item()) < 1e-6
    assert all(s.grad.abs().max() < 1e-6 for s in student)


def test_matches_the_textbook_formula() -> None:
    student, teacher = scores(0), scores(1)
    weight = torch.tensor([[1.0, 0.5, 0.0, 2.0]] * 3)
    temperature, total = 2.0, 0.0
    for n in range(3):
        for k in range(4):
            for s, t in zip(student, teacher):
                q = (4.0 * t[n, k].double() / temperature).softmax(0)
                p = (10.0 * s[n, k].double() / temperature).softmax(0)
                total += weight[n, k] * (q * (q / p).log()).sum() * temperature**2
    target = tuple((4.0 * t / temperature).softmax(-1) for t in teacher)
    loss = SimCCDistillationLoss(10.0, temperature)(student, target, weight)
    torch.testing.assert_close(loss, (total / weight.double().sum()).float())


def test_squared_temperature_keeps_the_size_of_the_gradient() -> None:
    sizes = []
    for temperature in (50.0, 100.0):
        student = tuple(s.requires_grad_() for s in scores(0))
        target = tuple((10 * t / temperature).softmax(-1) for t in scores(1))
        SimCCDistillationLoss(10.0, temperature)(student, target, torch.ones(3, 4)).backward()
        sizes.append(student[0].grad.norm())
    torch.testing.assert_close(*sizes, rtol=0.05, atol=0)


def test_no_weight_is_zero_with_zero_gradient() -> None:
    student = tuple(s.requires_grad_() for s in scores(0))
    target = tuple(t.softmax(-1) for t in scores(1))
    loss = SimCCDistillationLoss()(student, target, torch.zeros(3, 4))
    loss.backward()
    assert loss == 0
    assert all(torch.all(s.grad == 0) for s in student)


def test_a_target_with_empty_bins_is_finite() -> None:
    student = tuple(s.requires_grad_() for s in scores(0))
    target = tuple(torch.nn.functional.one_hot(t.argmax(-1), t.shape[-1]) for t in scores(1))
    loss = SimCCDistillationLoss()(student, target, torch.ones(3, 4))
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(s.grad).all() for s in student)


def test_temperature_must_be_positive() -> None:
    with pytest.raises(ValueError, match='temperature got 0'):
        SimCCDistillationLoss(temperature=0)
