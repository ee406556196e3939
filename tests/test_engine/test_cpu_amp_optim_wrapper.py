import copy

import pytest
import torch
from torch import nn

from mmpose_ext.engine.optim_wrappers import CPUAmpOptimWrapper


class _Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.full = nn.Conv2d(3, 8, 3, padding=1)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.grouped = nn.Conv2d(8, 8, 1, groups=2)
        self.norm = nn.BatchNorm2d(8)

    def forward(self, x):
        full = self.full(x)
        depthwise = self.depthwise(full)
        return full, depthwise, self.norm(self.grouped(depthwise))


@pytest.fixture
def network():
    torch.manual_seed(0)
    return _Network()


@pytest.fixture
def images():
    return torch.randn(2, 3, 16, 12, generator=torch.Generator().manual_seed(1))


def _wrapper(network, **kwargs):
    return CPUAmpOptimWrapper(optimizer=torch.optim.SGD(network.parameters(), lr=0.5), **kwargs)


def test_only_depthwise_convolutions_stay_in_single_precision(network, images):
    plain = copy.deepcopy(network)
    with _wrapper(network).optim_context(network):
        full, depthwise, out = network(images)
    assert full.dtype == depthwise.dtype == out.dtype == torch.bfloat16
    # 8 bits of mantissa: rounding is visible, and small.
    exact = plain.full(images)
    assert 0 < (full - exact).abs().max() < 2**-6 * exact.abs().max()
    # As precise as its own inputs and rounding of the result allow.
    assert torch.equal(depthwise, plain.depthwise(full.float()).to(torch.bfloat16))


def test_weights_gradients_and_updates_are_single_precision(network, images):
    plain = copy.deepcopy(network)
    wrapper = _wrapper(network, clip_grad=dict(max_norm=1e6))
    with wrapper.optim_context(network):
        loss = network(images)[1].float().square().mean()
    wrapper.update_params(loss)
    expected = _wrapper(plain)
    expected.update_params(plain(images)[1].square().mean())
    for (name, weight), other in zip(network.named_parameters(), plain.parameters()):
        assert weight.dtype == torch.float32
        torch.testing.assert_close(weight, other, rtol=0.02, atol=0.02, msg=name)
    assert not torch.equal(network.full.weight, plain.full.weight)
    # The way from a loss to less of it.
    assert network(images)[1].square().mean() < loss


def test_names_copies_and_inference_stay(network, images):
    before, names = network(images)[2], list(network.state_dict())
    wrapper = _wrapper(network)
    for _ in range(2):
        with wrapper.optim_context(network):
            network.train()(images)
    assert list(network.state_dict()) == names
    twin = copy.deepcopy(network)
    with torch.no_grad():
        twin.depthwise.weight += 1
        assert not torch.equal(twin(images)[1], network(images)[1])
        after = network(images)[2]
    assert after.dtype == torch.float32
    torch.testing.assert_close(after, before)


def test_gradients_accumulate(network, images):
    wrapper = _wrapper(network, accumulative_counts=2)
    before = network.full.weight.detach().clone()
    wrapper.initialize_count_status(network, 0, 4)
    for step in range(2):
        with wrapper.optim_context(network):
            loss = network(images)[0].float().square().mean()
        wrapper.update_params(loss)
        assert torch.equal(network.full.weight, before) == (step == 0)
