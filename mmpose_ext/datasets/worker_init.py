"""Seeding of data loader workers."""

import random

import numpy as np
import torch

from mmpose_ext.registry import FUNCTIONS


@FUNCTIONS.register_module()
def seed_worker(worker_id: int) -> None:
    """Seed NumPy and ``random`` of a worker from the seed PyTorch gave it.

    For ``worker_init_fn=dict(type='mmpose_ext.seed_worker')``. PyTorch derives a worker's seed from
    the main process' random state at the moment the loader is iterated, so augmentations differ
    between epochs and depend on nothing else. MMEngine's default seeds workers with a constant
    instead, and every epoch then repeats the same augmentations unless workers are persistent; and
    persistent workers cannot be resumed exactly, because their random state depends on all epochs
    before.

    Args:
        worker_id: Number of the worker; already part of the seed PyTorch gave it.
    """
    seed = torch.initial_seed()
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
