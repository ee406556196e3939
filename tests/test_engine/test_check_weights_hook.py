from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmpose_ext.engine import CheckWeightsHook
from mmpose_ext.engine.config_checks import ConfigError


@pytest.fixture
def model():
    return nn.Sequential(nn.Conv2d(4, 2, 3), nn.BatchNorm2d(2))


def check(model, checkpoint):
    CheckWeightsHook().after_load_checkpoint(SimpleNamespace(model=model), checkpoint)


def test_weights_of_the_model_and_more_pass(model):
    state = model.state_dict()
    check(model, dict(state_dict=state, meta={}))
    check(model, state | {'teacher.weight': torch.ones(1)})
    check(model, {f'module.{name}': value for name, value in state.items()})
    del state['1.num_batches_tracked']
    check(model, state)


def test_missing_weights_and_other_shapes_are_listed(model):
    state = model.state_dict()
    del state['1.running_var']
    state['0.weight'] = torch.ones(2, 3, 3, 3)
    with pytest.raises(ConfigError) as error:
        check(model, dict(state_dict=state))
    assert '0.weight of shape (2, 3, 3, 3), expected (2, 4, 3, 3)' in str(error.value)
    assert 'no 1.running_var' in str(error.value)
    with pytest.raises(ConfigError, match='and 1 more: it is of another model'):
        check(model, {})
