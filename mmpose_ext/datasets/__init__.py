"""Datasets, transforms and samplers. Importing the package registers them."""

from .datasets import *  # noqa: F403
from .datasets import UnionDataset
from .packed_collate import packed_collate
from .samplers import SourceRatioSampler
from .transforms import *  # noqa: F403
from .worker_init import seed_worker

__all__ = ['SourceRatioSampler', 'UnionDataset', 'packed_collate', 'seed_worker']
