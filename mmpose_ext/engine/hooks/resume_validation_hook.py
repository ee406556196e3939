"""Validation that a kill prevented."""

from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from mmpose_ext.registry import HOOKS


@HOOKS.register_module()
class ResumeValidationHook(Hook):
    """Validate right after a resume where the resumed epoch was due for it.

    MMEngine writes an epoch's checkpoint before it validates. A run killed in between resumes with
    the next epoch: the score of this one is lost, and the best checkpoint may be another one than
    without the kill. Validating again is harmless, because the score is the same.
    """

    # Below CheckpointHook and EMAHook, which prepare themselves in `before_train`.
    priority = 'LOWEST'

    def before_train(self, runner: Runner) -> None:
        loop = runner.train_loop
        if not isinstance(loop, EpochBasedTrainLoop) or runner.val_loop is None or not loop.epoch:
            return
        if loop.epoch >= loop.val_begin and loop.epoch % loop.val_interval == 0:
            runner.logger.info(f'Validating the resumed epoch {loop.epoch}.')
            runner.val_loop.run()
