import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mmpose_ext.engine import EpochSeedHook


def draws(seed: int, epoch: int, rank: int) -> tuple:
    EpochSeedHook().before_train_epoch(SimpleNamespace(seed=seed, epoch=epoch, rank=rank))
    return random.random(), np.random.rand(), torch.rand(()).item()  # noqa: NPY002


def test_numbers_depend_on_seed_epoch_and_rank_only():
    first = draws(1, 2, 0)
    torch.rand(5), random.random()
    assert draws(1, 2, 0) == first
    for other in (draws(2, 2, 0), draws(1, 3, 0), draws(1, 2, 1)):
        assert not set(other) & set(first)


def resumed(sampler_seed: int, persistent: bool = False) -> SimpleNamespace:
    """A run that started with seed 5 and found seed 7 in its checkpoint."""
    messages = []
    dataloader = SimpleNamespace(
        sampler=SimpleNamespace(seed=sampler_seed),
        batch_sampler=SimpleNamespace(),
        num_workers=2,
        persistent_workers=persistent,
    )
    logger = SimpleNamespace(log=lambda level, message: messages.append(message))
    run = SimpleNamespace(seed=5, train_dataloader=dataloader, logger=logger, messages=messages)
    hook = EpochSeedHook()
    hook.before_run(run)
    run.seed = 7
    hook.before_train(run)
    return run


@pytest.mark.parametrize(('seed', 'expected'), [(5, 7), (3, 3)])
def test_the_sampler_follows_a_restored_seed_unless_it_has_its_own(seed, expected):
    assert resumed(seed).train_dataloader.sampler.seed == expected


def test_persistent_workers_are_warned_about():
    assert not resumed(5).messages
    assert 'persistent_workers' in resumed(5, persistent=True).messages[0]
