import random
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, Compose
from mmengine.logging import print_log
from torch.utils.data import Dataset

from mmpose_ext.registry import DATASETS

TAILS = ('fixed', 'redrawn')


@DATASETS.register_module()
class BalancedMixedDataset(Dataset):
    """Groups of datasets in equal parts, such as 3D and 2D ones (3DCrowdNet's 1:1 mix).

    The datasets of a group are put one after the other. All groups are made as long as the longest:
    a shorter one is repeated as often as it fits wholly, and the rest is a random choice of it.
    Group after group, so that a shuffling sampler mixes them.

    Args:
        groups: For each group its datasets, as configs or built.
        pipeline: Transforms of all samples, after those of their own datasets.
        tail: How the rest of a shorter group is chosen: ``'fixed'``, without repetition, once and
            for all from the seed; or ``'redrawn'``, anew at every access from Python's ``random``
            (which data workers seed), as 3DCrowdNet does: over the epochs every sample then comes
            equally often.
        seed: Seed of ``'fixed'``.
        lazy_init: Do not read annotations yet.

    Raises:
        ValueError: If there is no group, a group has no dataset, or one has no sample.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[Mapping[str, Any] | BaseDataset]],
        pipeline: Sequence[dict | Callable] = (),
        tail: str = 'fixed',
        seed: int = 0,
        lazy_init: bool = False,
    ) -> None:
        if not groups or not all(groups):
            raise ValueError(f'groups got {groups!r}, expected lists of at least one dataset each')
        if tail not in TAILS:
            raise ValueError(f'tail got {tail!r}, expected one of {TAILS}')
        self.pipeline = Compose(list(pipeline))
        self.groups = [[_build(dataset) for dataset in group] for group in groups]
        self.tail = tail
        self.seed = seed
        self._metainfo = self.groups[0][0].metainfo
        self._fully_initialized = False
        if not lazy_init:
            self.full_init()

    @property
    def metainfo(self) -> dict[str, Any]:
        """Meta information of the first dataset; all of them have the same joints."""
        return dict(self._metainfo)

    @property
    def datasets(self) -> list[BaseDataset]:
        """All datasets, group after group."""
        return [dataset for group in self.groups for dataset in group]

    def full_init(self) -> None:
        """Read all datasets, and say how they are mixed."""
        if self._fully_initialized:
            return
        for dataset in self.datasets:
            dataset.full_init()
        self._stops = [np.cumsum([len(d) for d in group]).tolist() for group in self.groups]
        lengths = [stops[-1] for stops in self._stops]
        if min(lengths) == 0:
            raise ValueError(f'groups got {lengths} samples, expected at least one in each')
        self._group_length = max(lengths)
        self._tails = [self._fixed_tail(n, length) for n, length in enumerate(lengths)]
        self._fully_initialized = True
        parts = [
            f'{length} samples of ' + ' + '.join(_name(dataset) for dataset in group)
            for length, group in zip(lengths, self.groups)
        ]
        print_log(
            f'{type(self).__name__}: {len(self)} samples, {self._group_length} of each group: '
            + '; '.join(parts),
            logger='current',
        )

    def __len__(self) -> int:
        self.full_init()
        return len(self.groups) * self._group_length

    def __getitem__(self, index: int) -> Any:
        dataset, inner = self.locate(index)
        return self.pipeline(dataset[inner])

    def get_data_info(self, index: int) -> dict[str, Any]:
        """The sample before the pipeline."""
        dataset, inner = self.locate(index)
        return dataset.get_data_info(inner)

    def locate(self, index: int) -> tuple[BaseDataset, int]:
        """The dataset that a sample comes from, and its index there.

        Raises:
            IndexError: If there is no such sample.
        """
        group, place = divmod(range(len(self))[index], self._group_length)
        stops = self._stops[group]
        whole = self._group_length // stops[-1] * stops[-1]
        if place >= whole:
            place = (
                int(self._tails[group][place - whole])
                if self.tail == 'fixed'
                else random.randrange(stops[-1])
            )
        place %= stops[-1]
        number = bisect_right(stops, place)
        return self.groups[group][number], place - (stops[number - 1] if number else 0)

    def _fixed_tail(self, group: int, length: int) -> np.ndarray:
        chosen = np.random.default_rng([self.seed, group]).permutation(length)
        return chosen[: self._group_length % length]


def _build(dataset: Mapping[str, Any] | BaseDataset) -> BaseDataset:
    return DATASETS.build(dict(dataset)) if isinstance(dataset, Mapping) else dataset


def _name(dataset: Any) -> str:
    name = getattr(dataset, 'source', '') or type(dataset).__name__
    return f'{name} ({len(dataset)})'
