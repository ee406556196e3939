"""Datasets, transforms and samplers. Importing the package registers them."""

from .datasets import *  # noqa: F403
from .datasets import UnionDataset
from .samplers import SourceRatioSampler
from .transforms import *  # noqa: F403
from .worker_init import seed_worker

__all__ = ['SourceRatioSampler', 'UnionDataset', 'seed_worker']
