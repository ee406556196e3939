"""Validation that a kill prevented."""

from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, IterBasedTrainLoop, Runner

from mmpose_ext.registry import HOOKS

# Not 'validated': MMEngine logs what begins with the name of a phase.
_VALIDATED = 'last_validation'


@HOOKS.register_module()
class ResumeValidationHook(Hook):
    """Validate right after a resume where the resumed epoch or iteration was due for it.

    MMEngine writes a checkpoint before it validates. A run killed in between resumes with what
    comes next: the score is lost, the best checkpoint may be another one than without the kill, and
    a learning rate that falls with the score falls later. A checkpoint that MMEngine wrote once
    more after the validation, because the score was the best, is not validated twice.
    """

    # Below CheckpointHook and EMAHook, which prepare themselves in `before_train`.
    priority = 'LOWEST'

    def before_val_epoch(self, runner: Runner) -> None:
        # `runner.iter` would build the loop where only a validation was asked for.
        if isinstance(runner._train_loop, BaseLoop):
            # A checkpoint that is written from here on knows of this validation.
            runner.message_hub.update_info(_VALIDATED, runner.iter)

    def before_train(self, runner: Runner) -> None:
        loop = runner.train_loop
        if isinstance(loop, EpochBasedTrainLoop):
            step, last, unit = loop.epoch, loop.max_epochs, 'epoch'
        elif isinstance(loop, IterBasedTrainLoop):
            step, last, unit = loop.iter, loop.max_iters, 'iteration'
        else:
            return
        if runner.val_loop is None or not step or step < loop.val_begin:
            return
        known = runner.message_hub.get_info(_VALIDATED, None) == loop.iter
        if not known and (step % loop.val_interval == 0 or step == last):
            runner.logger.info(f'Validating the resumed {unit} {step}.')
            runner.val_loop.run()
