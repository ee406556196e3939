import copy
from typing import Any

from mmengine.model import MMDistributedDataParallel, is_model_wrapper
from mmengine.optim import OptimWrapperDict
from mmengine.registry import OPTIM_WRAPPERS, OPTIMIZERS
from torch import nn

from mmpose_ext.registry import OPTIM_WRAPPER_CONSTRUCTORS

_PARTS = ('generator', 'discriminator')


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class GANOptimWrapperConstructor:
    """One optimizer for a model's ``discriminator`` and one for all the rest, the generator.

    Only what can be trained is in them: a frozen backbone has no momentum and no weight decay.

    Example:
        optim_wrapper = dict(
            constructor='mmpose_ext.GANOptimWrapperConstructor',
            generator=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-5)),
            discriminator=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4)),
        )

    Args:
        optim_wrapper_cfg: ``generator`` and ``discriminator``, each the config of an optimizer
            wrapper.
        paramwise_cfg: Not supported.

    Raises:
        ValueError: If the configs are other than these.
    """

    def __init__(
        self, optim_wrapper_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None
    ) -> None:
        if paramwise_cfg:
            raise ValueError(f'paramwise_cfg got {paramwise_cfg!r}, expected none')
        # MMEngine's runner passes the type of single wrappers, too.
        configs = {name: value for name, value in optim_wrapper_cfg.items() if name != 'type'}
        if set(configs) != set(_PARTS):
            raise ValueError(
                f'optim_wrapper got {sorted(configs)} beside the constructor, expected '
                f'{sorted(_PARTS)}'
            )
        self.configs = configs

    def __call__(self, model: nn.Module) -> OptimWrapperDict:
        """Make the optimizers.

        Args:
            model: The model, maybe wrapped for distributed training.

        Raises:
            ValueError: If the model has no discriminator, a part has nothing to train, or the
                model is wrapped as one, which cannot be updated in parts.
        """
        if isinstance(model, MMDistributedDataParallel):
            raise ValueError(
                'the model got wrapped in MMDistributedDataParallel, expected parts that are '
                "updated by turns: model_wrapper_cfg=dict(type='MMSeparateDistributedDataParallel')"
            )
        module = model.module if is_model_wrapper(model) else model
        parameters: dict[str, list[nn.Parameter]] = {part: [] for part in _PARTS}
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                part = 'discriminator' if name.startswith('discriminator.') else 'generator'
                parameters[part].append(parameter)
        empty = [part for part in _PARTS if not parameters[part]]
        if empty:
            raise ValueError(
                f'{type(module).__name__} got no trainable parameters in its {empty[0]}, expected '
                'some: without a discriminator, optim_wrapper is a plain one'
            )
        return OptimWrapperDict(**{part: self._build(part, parameters[part]) for part in _PARTS})

    def _build(self, part: str, parameters: list[nn.Parameter]) -> Any:
        config = copy.deepcopy(self.configs[part])
        optimizer = OPTIMIZERS.build(config.pop('optimizer'), default_args=dict(params=parameters))
        config.setdefault('type', 'OptimWrapper')
        return OPTIM_WRAPPERS.build(config, default_args=dict(optimizer=optimizer))
