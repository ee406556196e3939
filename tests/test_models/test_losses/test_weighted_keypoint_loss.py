import pytest
import torch

from mmpose_ext.registry import MODELS


def build(reduction='valid'):
    return MODELS.build(dict(type='mmpose_ext.WeightedKeypointLoss', reduction=reduction))


@pytest.fixture
def case():
    generator = torch.Generator().manual_seed(0)
    prediction, target = torch.randn(2, 3, 4, 5, 2, generator=generator)
    return prediction, target, torch.rand(3, 4, 5, generator=generator).round(decimals=1)


@pytest.mark.parametrize('reduction', ['valid', 'all'])
def test_it_is_the_mean_of_a_triple_loop(case, reduction):
    prediction, target, weight = case
    weight[0, 0] = 0
    total = count = 0.0
    for b in range(3):
        for t in range(4):
            for k in range(5):
                for c in range(2):
                    difference = prediction[b, t, k, c] - target[b, t, k, c]
                    total += float(weight[b, t, k] * difference**2)
                    count += float(weight[b, t, k]) if reduction == 'valid' else 1
    loss = build(reduction)(prediction, target, weight[..., None])
    torch.testing.assert_close(float(loss), total / count, rtol=1e-5, atol=0)


def test_valid_does_not_depend_on_what_has_no_label(case):
    prediction, target, weight = case
    alone = build()(prediction, target, weight[..., None])
    padded = [torch.cat([value, torch.full_like(value, torch.nan)]) for value in (target,)]
    more = torch.cat([prediction, 100 * prediction]), *padded, torch.cat([weight, 0 * weight])
    torch.testing.assert_close(build()(more[0], more[1], more[2][..., None]), alone)
    torch.testing.assert_close(
        build('all')(more[0], more[1], more[2][..., None]),
        build('all')(prediction, target, weight[..., None]) / 2,
    )


def test_no_label_at_all_is_zero_with_a_gradient(case):
    prediction = case[0].clone().requires_grad_()
    loss = build()(prediction, torch.full_like(prediction, torch.nan), 0 * case[2][..., None])
    loss.backward()
    assert loss == 0
    assert not prediction.grad.any()


def test_other_reductions_are_refused():
    with pytest.raises(ValueError, match="reduction got 'mean', expected 'valid' or 'all'"):
        build('mean')
