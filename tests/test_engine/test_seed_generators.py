import random

import numpy as np
import torch

from mmpose_ext.engine.seed_generators import seed_generators


def draws(*numbers: int, devices: bool = True) -> tuple[float, ...]:
    seed_generators(*numbers, devices=devices)
    return random.random(), np.random.rand(), torch.rand(()).item()  # noqa: NPY002


def test_every_number_counts_and_nothing_else():
    first = draws(1, 2, 3)
    torch.rand(5), random.random()
    assert draws(1, 2, 3) == first
    assert draws(1, 2, 3, devices=False) == first
    for other in ((2, 2, 3), (1, 3, 3), (1, 2, 4), (1, 2), (3, 2, 1)):
        assert not set(draws(*other)) & set(first)
