import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict, build_optim_wrapper
from mmengine.registry import DefaultScope
from torch import nn

import mmpose_ext.engine  # noqa: F401

CONFIG = dict(
    constructor='mmpose_ext.GANOptimWrapperConstructor',
    generator=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-5)),
    discriminator=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-4, weight_decay=1e-4)),
)


@pytest.fixture(autouse=True)
def scope():
    # As in every config; from MMEngine's own registry this package is not seen.
    with DefaultScope.overwrite_default_scope('mmpose'):
        yield


@pytest.fixture
def model():
    parts = dict(backbone=nn.Linear(2, 3), head=nn.Linear(3, 1), discriminator=nn.Linear(1, 1))
    return nn.ModuleDict(parts)


def parameters(wrapper):
    return {id(p) for group in wrapper.optimizer.param_groups for p in group['params']}


def test_each_part_has_its_own_parameters(model):
    wrappers = build_optim_wrapper(model, CONFIG)
    assert isinstance(wrappers, OptimWrapperDict)
    assert isinstance(wrappers['generator'], OptimWrapper)
    assert parameters(wrappers['discriminator']) == set(map(id, model.discriminator.parameters()))
    rest = [*model.backbone.parameters(), *model.head.parameters()]
    assert parameters(wrappers['generator']) == set(map(id, rest))
    assert isinstance(wrappers['generator'].optimizer, torch.optim.Adam)
    assert wrappers['discriminator'].optimizer.param_groups[0]['weight_decay'] == 1e-4
    assert CONFIG['generator']['optimizer']['type'] == 'Adam'


def test_frozen_parameters_are_left_out(model):
    model.backbone.requires_grad_(False)
    wrappers = build_optim_wrapper(model, CONFIG)
    assert parameters(wrappers['generator']) == set(map(id, model.head.parameters()))


@pytest.mark.parametrize(
    ('part', 'message'),
    [('discriminator', 'in its discriminator'), ('generator', 'in its generator')],
)
def test_nothing_to_train_is_an_error(model, part, message):
    frozen = [model.discriminator] if part == 'discriminator' else [model.backbone, model.head]
    for module in frozen:
        module.requires_grad_(False)
    with pytest.raises(ValueError, match=message):
        build_optim_wrapper(model, CONFIG)


def test_other_configs_are_refused(model):
    single = {name: value for name, value in CONFIG.items() if name != 'discriminator'}
    with pytest.raises(ValueError, match=r"got \['generator'\] beside the constructor"):
        build_optim_wrapper(model, single)
    with pytest.raises(ValueError, match='paramwise_cfg got'):
        build_optim_wrapper(model, CONFIG | dict(paramwise_cfg=dict(norm_decay_mult=0.0)))
