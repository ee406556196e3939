import pytest
import torch

from mmpose_ext.models.distillers.keypoint_teacher import simcc_logits


def test_softmax_heatmaps_give_their_marginal_distributions():
    scores = torch.randn(2, 3, 4, 5, dtype=torch.float64, generator=torch.manual_seed(0))
    x, y = simcc_logits('teacher', scores, beta=1.0, is_softmax=True)
    weights = scores.exp()
    weights /= weights.sum((-2, -1), keepdim=True)
    torch.testing.assert_close(x.exp().double(), weights.sum(-2), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(y.exp().double(), weights.sum(-1), rtol=1e-5, atol=1e-6)


def test_regressed_heatmaps_are_cut_off_at_zero():
    heatmaps = torch.zeros(1, 1, 4, 5)
    heatmaps[0, 0, 1, 2], heatmaps[0, 0, 3, 4], heatmaps[0, 0, 0, 0] = 3.0, 1.0, -7.0
    x, y = simcc_logits('teacher', heatmaps, beta=1.0)
    assert x.softmax(-1)[0, 0].tolist() == pytest.approx([0, 0, 0.75, 0, 0.25])
    assert y.softmax(-1)[0, 0].tolist() == pytest.approx([0, 0.75, 0, 0.25])
