import pytest
import torch

from mmpose_ext.models import SoftIoULoss

# A softmax of two classes of which the second has probability p.


def logits_of(probability):
    probability = torch.as_tensor(probability, dtype=torch.float64)
    return torch.stack([(1 - probability).log(), probability.log()], dim=1)


def test_equal_probabilities_against_the_closed_form():
    """p on all of n pixels of which m are foreground."""
    p, n, m = 0.3, 24, 6
    target = torch.zeros(1, 4, 6, dtype=torch.long)
    target[0, 0] = 1
    foreground = p * m / (p * n + m - p * m)
    background = (1 - p) * (n - m) / ((1 - p) * n + (n - m) - (1 - p) * (n - m))
    expected = (0.5 * (1 - background) + 1.0 * (1 - foreground)) / 1.5
    found = SoftIoULoss(smooth=0)(logits_of(torch.full((1, 4, 6), p)), target)
    assert found.item() == pytest.approx(expected, rel=1e-5)
    only = SoftIoULoss(class_weight=(0, 2), smooth=0)(logits_of(torch.full((1, 4, 6), p)), target)
    assert only.item() == pytest.approx(1 - foreground, rel=1e-5)


def test_hard_masks_give_the_intersection_over_union():
    found = torch.zeros(2, 8, 8)
    found[:, 2:6, 2:6] = 1
    target = torch.zeros(2, 8, 8, dtype=torch.long)
    target[0, 2:6, 4:8] = 1  # half of it: 8 of 24
    target[1] = found[1].long()
    logits = torch.stack([50 * (1 - found), 50 * found], dim=1)
    loss = SoftIoULoss(class_weight=(0, 1), smooth=0)(logits, target)
    assert loss.item() == pytest.approx((1 - 8 / 24) / 2, abs=1e-6)


def test_images_count_equally_whatever_their_foreground():
    target = torch.zeros(2, 6, 6, dtype=torch.long)
    target[0, 0, 0] = target[1, :3] = 1
    logits = torch.randn(2, 2, 6, 6)
    loss = SoftIoULoss()
    both = (loss(logits[:1], target[:1]) + loss(logits[1:], target[1:])) / 2
    torch.testing.assert_close(loss(logits, target), both)


def test_ignored_pixels_change_nothing_and_get_no_gradient():
    torch.manual_seed(0)
    logits = torch.randn(1, 2, 4, 4, requires_grad=True)
    target = torch.randint(2, (1, 4, 4))
    loss = SoftIoULoss(cross_entropy_weight=0.5)
    expected = loss(logits[..., :3], target[..., :3])
    target[..., 3] = 255
    found = loss(logits, target)
    torch.testing.assert_close(found, expected)
    found.backward()
    assert (logits.grad[..., 3] == 0).all() and (logits.grad[..., :3] != 0).any()


def test_an_empty_class_that_is_not_predicted_costs_nothing():
    target = torch.zeros(1, 4, 4, dtype=torch.long)
    logits = torch.stack([torch.full((1, 4, 4), 40.0), torch.zeros(1, 4, 4)], dim=1)
    assert SoftIoULoss()(logits, target).item() == pytest.approx(0, abs=1e-6)
    everything_ignored = SoftIoULoss(cross_entropy_weight=1)(logits, torch.full((1, 4, 4), 255))
    assert torch.isfinite(everything_ignored)


def test_gradient():
    logits = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    target = torch.randint(2, (2, 3, 3))
    loss = SoftIoULoss(loss_weight=3.0)
    base = loss(logits, target)
    base.backward()
    step = 1e-2 * torch.randn_like(logits)
    change = loss(logits + step, target) - loss(logits - step, target)
    assert change.item() == pytest.approx(2 * (logits.grad * step).sum().item(), rel=1e-2, abs=1e-6)


@pytest.mark.parametrize('weights', [(-1, 1), (0, 0)])
def test_weights_are_checked(weights):
    with pytest.raises(ValueError, match='class_weight got'):
        SoftIoULoss(class_weight=weights)


def test_wrong_labels_and_shapes_are_errors():
    with pytest.raises(ValueError, match='labels got values 0 to 2'):
        SoftIoULoss()(torch.zeros(1, 2, 2, 2), torch.tensor([[[0, 1], [2, 0]]]))
    with pytest.raises(ValueError, match='logits got shape'):
        SoftIoULoss()(torch.zeros(1, 3, 2, 2), torch.zeros(1, 2, 2, dtype=torch.long))
