import torch
from torch import nn

from mmpose_ext.engine.hooks import ChannelsLastHook


class Runner:
    """What the hook needs of MMEngine's runner."""

    def __init__(self, model):
        self.model = model


def test_results_stay_and_weights_change_their_layout():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 1)).double()
    images = torch.randn(2, 3, 9, 7, dtype=torch.float64)
    before = model(images)
    ChannelsLastHook().before_run(Runner(model))
    assert model[0].weight.is_contiguous(memory_format=torch.channels_last)
    after = model(images)
    assert after.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(after, before, rtol=1e-12, atol=1e-12)
