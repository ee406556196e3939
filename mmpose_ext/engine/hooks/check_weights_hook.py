"""Weights of another model."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from mmpose_ext.engine.config_checks import ConfigError
from mmpose_ext.registry import HOOKS

_SHOWN = 5


@HOOKS.register_module()
class CheckWeightsHook(Hook):
    """Refuse a checkpoint that has not all weights of the model.

    MMEngine goes on with random weights where a checkpoint lacks some, or has them in another
    shape. That is what fine-tuning wants; a test then measures nothing. ``tools/test.py`` uses this
    hook.
    """

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Compare names and shapes.

        Raises:
            ConfigError: If a weight is missing or has another shape.
        """
        content = checkpoint.get('state_dict', checkpoint)
        found = {name.removeprefix('module.'): value for name, value in content.items()}
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        wrong = []
        for name, value in model.state_dict().items():
            # Old checkpoints have none, and nothing depends on it.
            if name.endswith('num_batches_tracked'):
                continue
            if name not in found:
                wrong.append(f'no {name}')
            elif found[name].shape != value.shape:
                shapes = tuple(found[name].shape), tuple(value.shape)
                wrong.append('{} of shape {}, expected {}'.format(name, *shapes))
        if wrong:
            more = f', and {len(wrong) - _SHOWN} more' if len(wrong) > _SHOWN else ''
            raise ConfigError(
                f'checkpoint got {"; ".join(wrong[:_SHOWN])}{more}: it is of another model than '
                "the config's"
            )
