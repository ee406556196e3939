"""Random numbers that depend on the epoch, not on what ran before it."""

import logging

from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmpose_ext.engine.seed_generators import seed_generators
from mmpose_ext.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Reseed ``random``, numpy and PyTorch at each training epoch from (seed, epoch, rank).

    A killed run that resumes at the start of an epoch then draws the numbers that it would have
    drawn without the kill. Data workers take part if they are started anew each epoch and are
    seeded from the main process (``worker_init_fn=dict(type='mmpose_ext.seed_worker')``).

    The hook also hands a seed that was restored from a checkpoint to the sampler: MMEngine builds
    the sampler before it resumes, so that without ``randomness=dict(seed=…)`` the order of the
    samples would differ after a resume.
    """

    priority = 'VERY_HIGH'

    def before_run(self, runner: Runner) -> None:
        self._initial_seed = runner.seed

    def before_train(self, runner: Runner) -> None:
        dataloader = runner.train_dataloader
        for sampler in (dataloader.sampler, dataloader.batch_sampler):
            if getattr(sampler, 'seed', None) == self._initial_seed:
                sampler.seed = runner.seed
        if dataloader.num_workers and dataloader.persistent_workers:
            runner.logger.log(
                logging.WARNING,
                'persistent_workers=True keeps the random state of the data workers from epoch to '
                'epoch: a resumed run will see other augmentations than an uninterrupted one.',
            )

    def before_train_epoch(self, runner: Runner) -> None:
        seed_generators(runner.seed, runner.epoch, runner.rank)
