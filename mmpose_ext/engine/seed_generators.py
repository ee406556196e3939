"""Random numbers that are a function of where a training stands."""

import random

import numpy as np
import torch


def seed_generators(*numbers: int, devices: bool = True) -> None:
    """Seed ``random``, numpy and PyTorch from a tuple of numbers.

    Args:
        numbers: What the random numbers are to depend on, for example (seed, epoch, rank); each at
            least 0.
        devices: Seed PyTorch on every device; otherwise on the CPU only, which is what reading a
            sample needs and much faster.
    """
    state = np.random.SeedSequence(numbers).generate_state(3)
    python_seed, numpy_seed, torch_seed = (int(value) for value in state)
    random.seed(python_seed)
    np.random.seed(numpy_seed)  # noqa: NPY002 - MMPose's transforms draw from it
    seed_torch = torch.manual_seed if devices else torch.default_generator.manual_seed
    seed_torch(torch_seed)
