"""Training on several data loaders at once."""

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from mmengine.dist import get_world_size
from mmengine.runner import BaseLoop, IterBasedTrainLoop, Runner
from mmengine.runner.utils import calc_dynamic_intervals
from torch import nn
from torch.utils.data import DataLoader

from mmpose_ext.engine.loops.batch_stream import BatchStream
from mmpose_ext.engine.seed_generators import seed_generators
from mmpose_ext.registry import LOOPS

_STREAMS = 'streams'


@LOOPS.register_module()
class MultiSourceIterTrainLoop(IterBasedTrainLoop):
    """Give every training step one batch of each of several data loaders.

    Each loader is a stream of its own: it has its own batch size, shuffling and length, and starts
    over when it ends, at once and in a new order. The model's ``train_step`` gets a dict from the
    stream's name to its batch.

    The order of the samples, their augmentation and the random numbers of a training step follow
    from the seed and the number of the iteration. So a run that was killed and resumes continues
    in the middle of every stream as if it had not been killed, with any number of data workers.
    Neither ``EpochSeedHook`` nor ``persistent_workers`` matters to that: workers live as long as
    the training.

    Args:
        runner: The runner.
        dataloader: The main loader, built or as config (``train_dataloader``).
        max_iters: Training steps.
        val_begin: First step after which to validate.
        val_interval: Steps between two validations.
        dynamic_intervals: Pairs (step, interval): use the interval from that step on.
        extra_dataloaders: Further loaders by the name of their stream, built or as configs.
        main_stream: Name of the main loader's stream.

    Raises:
        ValueError: If a loader has nothing to give, or a name comes twice.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        max_iters: int,
        val_begin: int = 1,
        val_interval: int = 1000,
        dynamic_intervals: Sequence[tuple[int, int]] | None = None,
        extra_dataloaders: Mapping[str, DataLoader | dict] | None = None,
        main_stream: str = 'kp3d',
    ) -> None:
        # Not IterBasedTrainLoop's: it starts to read the main loader at once.
        BaseLoop.__init__(self, runner, dataloader)
        if max_iters != int(max_iters) or max_iters < 1:
            raise ValueError(f'max_iters got {max_iters!r}, expected a whole number above 0')
        if main_stream in (extra_dataloaders or {}):
            raise ValueError(
                f'extra_dataloaders got {main_stream!r}, which is the name of the main stream'
            )
        self._max_iters = int(max_iters)
        # Hooks take the whole training for one epoch.
        self._max_epochs = 1
        self._epoch = 0
        self._iter = 0
        self.val_begin = val_begin
        self.val_interval = val_interval
        self.stop_training = False
        self.dynamic_milestones, self.dynamic_intervals = calc_dynamic_intervals(
            val_interval, dynamic_intervals
        )
        runner.visualizer.dataset_meta = getattr(self.dataloader.dataset, 'metainfo', None)
        self.main_stream = main_stream
        self._initial_seed = runner.seed
        loaders = {main_stream: self.dataloader}
        for name, extra in (extra_dataloaders or {}).items():
            loaders[name] = runner.build_dataloader(
                extra,
                seed=self._sampler_seed(name),
                diff_rank_seed=runner._randomness_cfg.get('diff_rank_seed', False),
            )
        self.streams = {name: BatchStream(name, loader) for name, loader in loaders.items()}

    def run(self) -> nn.Module:
        """Train; returns the model."""
        runner = self.runner
        runner.call_hook('before_train')
        runner.call_hook('before_train_epoch')
        self._adopt_restored_seed()
        self._compare_with_checkpoint()
        batches = {
            name: stream.batches(runner.seed, runner.rank, first=self._iter)
            for name, stream in self.streams.items()
        }
        while self._iter < self._max_iters and not self.stop_training:
            runner.model.train()
            data_batch = {name: next(stream) for name, stream in batches.items()}
            seed_generators(runner.seed, self._iter, runner.rank)
            self.run_iter(data_batch)
            self._decide_current_val_interval()
            if runner.val_loop is not None and self._validates():
                runner.val_loop.run()
        runner.call_hook('after_train_epoch')
        runner.call_hook('after_train')
        return runner.model

    def _validates(self) -> bool:
        due = self._iter % self.val_interval == 0 or self._iter == self._max_iters
        return self._iter >= self.val_begin and due

    def _sampler_seed(self, name: str, seed: int | None = None) -> int:
        """Seed of a stream's sampler; by its name, so that it depends on no other stream."""
        seed = self.runner.seed if seed is None else seed
        if name == self.main_stream:
            return seed
        sequence = np.random.SeedSequence((seed, zlib.crc32(name.encode())))
        # MMEngine adds the numbers of workers and passes, and numpy takes less than 2 ** 32.
        return int(sequence.generate_state(1)[0]) >> 1

    def _adopt_restored_seed(self) -> None:
        """Shuffle as the checkpoint's run did: samplers are built before the seed is restored."""
        for name, stream in self.streams.items():
            built = self._sampler_seed(name, self._initial_seed)
            for sampler in (stream.loader.sampler, stream.loader.batch_sampler):
                if getattr(sampler, 'seed', None) == built:
                    sampler.seed = self._sampler_seed(name)

    def _compare_with_checkpoint(self) -> None:
        """Warn where the streams are not those of the run that is continued."""
        hub = self.runner.message_hub
        now = {
            name: dict(
                samples=len(stream.loader.dataset),
                batches=len(stream.loader.batch_sampler),
                batch_size=getattr(stream.loader.batch_sampler, 'batch_size', None),
                processes=get_world_size(),
            )
            for name, stream in self.streams.items()
        }
        before = hub.get_info(_STREAMS, now)
        if self._iter and before != now:
            self.runner.logger.warning(
                f'The run that is continued had the streams {before}, this one has {now}: its '
                'batches are not those that would have followed.'
            )
        hub.update_info(_STREAMS, now)
