import math

import pytest
import torch

from mmpose_ext.models.losses import MaskedL1Loss

PREDICTION = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
TARGET = torch.tensor([[0.0, 4.0, math.nan], [4.5, math.nan, math.inf]])
MASK = torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


@pytest.mark.parametrize(('reduction', 'divisor'), [('valid', 3), ('all', 6)])
def test_only_what_has_a_target_counts(reduction: str, divisor: int) -> None:
    prediction = PREDICTION.clone().requires_grad_()
    loss = MaskedL1Loss(reduction)(prediction, TARGET, MASK)
    assert loss.item() == pytest.approx((1 + 2 + 0.5) / divisor)
    loss.backward()
    expected = torch.tensor([[1.0, -1.0, 0.0], [-1.0, 0.0, 0.0]]) / divisor
    torch.testing.assert_close(prediction.grad, expected)


@pytest.mark.parametrize('reduction', ['valid', 'all'])
def test_no_target_at_all_is_no_loss(reduction: str) -> None:
    prediction = PREDICTION.clone().requires_grad_()
    loss = MaskedL1Loss(reduction)(prediction, TARGET, torch.zeros_like(MASK))
    loss.backward()
    assert loss.item() == 0
    assert not prediction.grad.any()


def test_a_mask_per_row_counts_every_element_of_the_row() -> None:
    target = torch.zeros(2, 3)
    loss = MaskedL1Loss()(PREDICTION, target, torch.tensor([[0.0], [1.0]]))
    assert loss.item() == pytest.approx((4 + 5 + 6) / 3)


def test_repeating_the_labelled_half_changes_nothing_if_only_valid_ones_count() -> None:
    prediction, target = torch.randn(4, 5), torch.randn(4, 5)
    mask = torch.ones(4, 1)
    whole = MaskedL1Loss()(prediction, target, mask)
    padded = MaskedL1Loss()(
        torch.cat([prediction, prediction]),
        torch.cat([target, target]),
        torch.cat([mask, torch.zeros(4, 1)]),
    )
    torch.testing.assert_close(whole, padded)


def test_an_unknown_reduction_is_refused() -> None:
    with pytest.raises(ValueError, match="reduction got 'mean'"):
        MaskedL1Loss('mean')
