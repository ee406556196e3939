import random

import numpy as np
import torch
from mmengine.registry import FUNCTIONS
from torch.utils.data import DataLoader, Dataset

from mmpose_ext.datasets import seed_worker


class Draws(Dataset):
    """What an augmentation would draw, from each of the three random states."""

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return random.random(), np.random.rand(), torch.rand(()).item()  # noqa: NPY002


def epochs(number, seed):
    loader = DataLoader(Draws(), batch_size=4, num_workers=2, worker_init_fn=seed_worker)
    result = []
    for epoch in range(number):
        torch.manual_seed(seed + epoch)
        result.append(torch.cat([torch.stack(batch) for batch in loader], dim=1))
    return torch.stack(result)


def test_it_is_found_by_mmengines_runner():
    assert FUNCTIONS.get('mmpose_ext.seed_worker') is seed_worker


def test_epochs_and_workers_differ_and_repeat_exactly():
    draws = epochs(2, seed=3)

    assert draws.unique().numel() == draws.numel()
    # A run that starts at the second epoch.
    assert torch.equal(epochs(1, seed=4)[0], draws[1])
