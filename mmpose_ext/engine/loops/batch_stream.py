"""Batches without end, from any position on."""

import itertools
import zlib
from collections.abc import Iterator
from typing import Any

from torch.utils.data import DataLoader, Dataset

from mmpose_ext.engine.seed_generators import seed_generators


class BatchStream:
    """A data loader that never ends and can start at any batch.

    Pass follows pass over the loader's own sampler, which is told the number of the pass
    (``set_epoch``) and so shuffles anew. There is no pause in between, and workers stay alive.
    Batch ``n``, and every random number drawn while its samples are read, depend on (seed, name, n,
    rank) only: not on what was read before, nor on the number of workers. Skipping the first
    batches draws their indices and reads no sample.

    Args:
        name: Name of the stream, for its seed and for messages.
        loader: Any data loader over a dataset with indices that makes batches.

    Raises:
        ValueError: If the loader makes no batches or its dataset is empty.
    """

    def __init__(self, name: str, loader: DataLoader) -> None:
        self.name = name
        self.loader = loader
        if loader.batch_sampler is None:
            raise ValueError(f'stream {name!r} got batch_size None, expected a number')
        if len(loader.dataset) == 0:
            raise ValueError(f'stream {name!r} got a dataset without samples')

    def batches(self, seed: int, rank: int, first: int = 0) -> Iterator[Any]:
        """Batches from number ``first`` on.

        Args:
            seed: Seed of the training.
            rank: Number of the process; the loader's sampler is expected to share out the samples.
            first: How many batches to skip.

        Raises:
            ValueError: Once a pass turns out to have no batch at all.
        """
        loader = self.loader
        entropy = (seed, zlib.crc32(self.name.encode()), rank)
        return iter(
            DataLoader(
                _SeededSamples(loader.dataset),
                batch_sampler=_Batches(self._indices(), entropy, first),
                num_workers=loader.num_workers,
                collate_fn=loader.collate_fn,
                pin_memory=loader.pin_memory,
                timeout=loader.timeout,
                worker_init_fn=loader.worker_init_fn,
                multiprocessing_context=loader.multiprocessing_context,
                prefetch_factor=loader.prefetch_factor,
            )
        )

    def _indices(self) -> Iterator[list[int]]:
        batch_sampler = self.loader.batch_sampler
        samplers = (self.loader.sampler, batch_sampler, getattr(batch_sampler, 'sampler', None))
        for number in itertools.count():
            for sampler in samplers:
                if hasattr(sampler, 'set_epoch'):
                    sampler.set_epoch(number)
            empty = True
            for batch in batch_sampler:
                empty = False
                yield batch
            if empty:
                raise ValueError(
                    f'stream {self.name!r} has no batch: {len(self.loader.dataset)} samples in all '
                    f'processes, batch_size={getattr(batch_sampler, "batch_size", "?")}, '
                    f'drop_last={getattr(batch_sampler, "drop_last", "?")}. Expected '
                    'drop_last=False or a smaller batch'
                )


class _Batches:
    """Batch sampler that gives every index with the numbers that seed its sample."""

    def __init__(self, indices: Iterator[list[int]], entropy: tuple[int, ...], first: int) -> None:
        self.indices = indices
        self.entropy = entropy
        self.first = first

    def __iter__(self) -> Iterator[list[tuple[int, tuple[int, ...]]]]:
        remaining = itertools.islice(self.indices, self.first, None)
        for number, batch in enumerate(remaining, self.first):
            yield [(index, (*self.entropy, number, place)) for place, index in enumerate(batch)]


class _SeededSamples(Dataset):
    """Seeds the random generators before a sample is read."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def __getitem__(self, item: tuple[int, tuple[int, ...]]) -> Any:
        index, numbers = item
        seed_generators(*numbers, devices=False)
        return self.dataset[index]
