import math
from collections.abc import Iterator, Mapping

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mmpose_ext.datasets.datasets import UnionDataset
from mmpose_ext.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class SourceRatioSampler(Sampler):
    """Give every batch the same mix of sources.

    What an epoch contains follows from the seed and the epoch's number alone, so a resumed training
    continues as if it had not stopped. Batches are numbered across processes: batch ``i`` of
    process ``r`` of ``W`` is number ``i * W + r``. Where a ratio does not divide a batch,
    neighbouring batches round differently, so that after any number of batches every source is
    within one sample of its share. A source that is too small for its share comes again, in a new
    order each time; one that is too large is cut, elsewhere each epoch.

    MMPose's ``MultiSourceSampler`` keeps its position in running iterators instead, which a resumed
    training loses.

    Args:
        dataset: A :class:`UnionDataset`.
        batch_size: Batch size of the data loader, in one process.
        ratios: Relative number of samples of each source, by name; 0 leaves a source out.
        shuffle: Draw each source in random order.
        round_up: Let the last batch of an epoch repeat samples rather than leave some out.
        epoch_length: Samples per epoch in all processes together; by default as many as the sources
            with a ratio above 0 have.
        seed: Seed, the same in all processes; by default agreed upon by them.

    Raises:
        ValueError: If the dataset is of another kind, or ratios do not name exactly its sources.
    """

    def __init__(
        self,
        dataset: UnionDataset,
        batch_size: int,
        ratios: Mapping[str, float],
        shuffle: bool = True,
        round_up: bool = True,
        epoch_length: int | None = None,
        seed: int | None = None,
    ) -> None:
        if not isinstance(dataset, UnionDataset):
            raise ValueError(f'dataset got {type(dataset).__name__}, expected a UnionDataset')
        self.lengths = dataset.source_lengths
        if set(ratios) != set(self.lengths):
            raise ValueError(
                f'ratios got the sources {sorted(ratios)}, expected {sorted(self.lengths)}'
            )
        if min(ratios.values()) < 0 or sum(ratios.values()) <= 0:
            raise ValueError(f'ratios got {dict(ratios)}, expected positive numbers or 0')
        if batch_size < 1:
            raise ValueError(f'batch_size got {batch_size!r}, expected at least 1')
        self.rank, self.world_size = get_dist_info()
        self.batch_size = batch_size
        self.shares = np.array([ratios[name] for name in self.lengths]) / sum(ratios.values())
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0
        if epoch_length is None:
            epoch_length = sum(n for n, s in zip(self.lengths.values(), self.shares) if s > 0)
        batches = epoch_length / (batch_size * self.world_size)
        self.num_batches = math.ceil(batches) if round_up else math.floor(batches)
        if self.num_batches < 1:
            raise ValueError(
                f'an epoch of {epoch_length} samples has no batch of {batch_size} for each of '
                f'{self.world_size} processes'
            )

    def __iter__(self) -> Iterator[int]:
        counts = self._counts()
        stops = np.cumsum(counts, axis=0)
        firsts = np.cumsum([0, *self.lengths.values()])
        streams = [
            firsts[source] + self._stream(source, int(stops[-1, source]))
            for source in range(len(self.lengths))
        ]
        for batch in range(self.rank, len(counts), self.world_size):
            for source, stream in enumerate(streams):
                stop = stops[batch, source]
                yield from stream[stop - counts[batch, source] : stop].tolist()

    def __len__(self) -> int:
        """Number of samples in one process and epoch."""
        return self.num_batches * self.batch_size

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; MMEngine's ``DistSamplerSeedHook`` calls this."""
        self.epoch = epoch

    def _counts(self) -> np.ndarray:
        """Samples of each source in each batch of all processes, shape (batches, sources)."""
        batches = self.num_batches * self.world_size
        number = batches * self.batch_size
        # Sample j of a source is due after (j + 1/2) / share samples of all (Webster's
        # apportionment).
        sources = np.repeat(
            np.arange(len(self.shares)), np.ceil(self.shares * number + 1).astype(int)
        )
        ranks = np.concatenate([np.arange(n) for n in np.bincount(sources)])
        with np.errstate(divide='ignore'):
            due = (ranks + 0.5) / self.shares[sources]
        order = sources[np.argsort(due, kind='stable')[:number]].reshape(batches, self.batch_size)
        return np.stack([(order == s).sum(axis=1) for s in range(len(self.shares))], axis=1)

    def _stream(self, source: int, number: int) -> np.ndarray:
        """Indices of a source, pass after pass."""
        length = list(self.lengths.values())[source]
        passes = math.ceil(number / length)
        if not self.shuffle:
            return np.tile(np.arange(length), passes)[:number]
        random = np.random.default_rng([self.seed, self.epoch, source])
        return np.concatenate(
            [np.zeros(0, int), *(random.permutation(length) for _ in range(passes))]
        )[:number]
