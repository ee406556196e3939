import numpy as np
import pytest
import torch

from mmpose_ext.models.losses import HeatmapCrossEntropyLoss


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    output = torch.randn(3, 2, 4, 5, generator=generator, dtype=torch.float64)
    target = torch.rand(3, 2, 4, 5, generator=generator, dtype=torch.float64)
    weights = torch.tensor([[1.0, 0.0], [0.5, 1.0], [1.0, 1.0]], dtype=torch.float64)
    return output, target, weights


def test_equals_the_definition(batch):
    output, target, weights = batch
    total = 0.0
    for sample in range(3):
        for joint in range(2):
            p = np.exp(output[sample, joint].numpy())
            q = target[sample, joint].numpy()
            p, q = p / p.sum(), q / q.sum()
            total += weights[sample, joint].item() * (q * np.log(q / p)).sum()
    loss = HeatmapCrossEntropyLoss()(output, target, weights)
    assert loss.item() == pytest.approx(total / weights.sum().item(), rel=1e-9)


def test_is_zero_where_the_prediction_is_the_label(batch):
    _, target, weights = batch
    assert HeatmapCrossEntropyLoss()(target.log(), target, weights).item() == pytest.approx(0)


def test_joints_without_label_give_no_gradient(batch):
    output, target, weights = batch
    target[1, 1] = 0
    output.requires_grad_()
    HeatmapCrossEntropyLoss()(output, target, weights).backward()
    flat = output.grad.abs().sum((2, 3))
    assert flat[0, 1] == 0 and flat[1, 1] == 0 and (flat[[0, 2], 0] > 0).all()


def test_mask_is_refused(batch):
    with pytest.raises(ValueError, match='mask'):
        HeatmapCrossEntropyLoss()(*batch, mask=torch.ones(3, 1, 4, 5))
