import copy

import pytest
import torch
from mmengine.model import BaseModel
from torch import nn

from mmpose_ext.models import FrozenSegmentor
from mmpose_ext.models.segmentors import foreground_probability


@pytest.fixture
def checkpoint(segmentor, tmp_path):
    for name, value in segmentor.state_dict().items():
        if name.endswith('running_var'):
            value.uniform_(0.5, 2)
    path = tmp_path / 'segmentor.pth'
    torch.save(dict(state_dict=segmentor.state_dict()), path)
    return path


@pytest.fixture
def frozen(config, checkpoint):
    return FrozenSegmentor(config, checkpoint, batch_size=3)


class Owner(BaseModel):
    def __init__(self, segmentor):
        super().__init__()
        self.segmentor = segmentor
        self.layer = nn.Conv2d(1, 2, 3)

    def forward(self, inputs):
        return self.layer(self.segmentor(inputs)).square().mean()


def test_it_answers_as_the_segmentor_does_for_its_own_images(frozen, segmentor, batch):
    segmentor.eval()
    with torch.no_grad():
        data = segmentor.data_preprocessor(batch)
        expected = foreground_probability(segmentor(**data), (32, 32))
    unit_rgb = torch.stack(batch['inputs']['img']).flip(1) / 255
    found = frozen(unit_rgb)
    assert found.shape == (4, 1, 32, 32) and not found.requires_grad
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_nothing_of_it_moves_in_training(frozen):
    owner = Owner(frozen)
    owner.init_weights()
    owner.train()
    network = frozen._hidden['segmentor']
    before = copy.deepcopy(network.state_dict())
    optimizer = torch.optim.SGD(owner.parameters(), lr=1.0)
    for _ in range(3):
        optimizer.zero_grad()
        # Masks take part in training what comes after them.
        owner(torch.rand(4, 3, 32, 32)).backward()
        optimizer.step()
    assert owner.layer.weight.grad.abs().sum() > 0
    assert not network.model.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any('segmentor' in name for name in owner.state_dict())
    assert not any('segmentor' in name for name, _ in owner.named_parameters())


def test_it_follows_its_owner(frozen):
    owner = Owner(frozen)
    owner.init_weights()
    owner.double()
    assert owner.segmentor._hidden['segmentor'].model.head.classify.weight.dtype == torch.float64


def test_crops_can_be_brought_to_its_own_size(config, checkpoint, frozen):
    bigger = FrozenSegmentor(config, checkpoint, input_size=64)
    found = bigger(torch.rand(2, 3, 32, 32))
    assert found.shape == (2, 1, 32, 32)
    flat = torch.full((2, 3, 32, 32), 0.5)
    large = frozen(torch.full((2, 3, 64, 64), 0.5))
    expected = nn.functional.interpolate(large, (32, 32), mode='bilinear')
    assert (bigger(flat) - expected).abs().mean() < 0.02


def test_it_is_built_without_its_files_and_says_what_is_missing(config):
    frozen = FrozenSegmentor(config, 'none.pth')
    with pytest.raises(FileNotFoundError, match=r"'foreground segmentor'.*none\.pth"):
        frozen(torch.rand(1, 3, 32, 32))
    with pytest.raises(ValueError, match='batch_size got 0'):
        FrozenSegmentor(config, 'none.pth', batch_size=0)
