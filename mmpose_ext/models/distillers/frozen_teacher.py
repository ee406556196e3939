from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.model import BaseDataPreprocessor, revert_sync_batchnorm
from torch import Tensor, nn

from mmpose_ext.models.weight_files import read_weights
from mmpose_ext.registry import MODELS

_ADVICE = 'Train the teacher first, or point `checkpoint` at its weights'


class FrozenTeacher(nn.Module):
    """A trained model that only answers: nothing in it ever moves.

    It stays in eval mode whatever its owner is told, so that its batch norms keep their statistics;
    no parameter asks for a gradient; synchronized batch norms become local ones, so that it takes
    part in no collective. Keep it in a plain container (a ``dict``) of the owner, not as an
    attribute: then it is in no state dict, optimizer, distributed wrapper or moving average.
    Copying the owner shares it.

    Args:
        model: The model, with its weights.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = revert_sync_batchnorm(model).requires_grad_(False)
        self.eval()

    @classmethod
    def load(cls, name: str, config: str | Path | dict, checkpoint: str | Path) -> 'FrozenTeacher':
        """Build a teacher from files.

        Args:
            name: What to call it in error messages.
            config: A config file, ``package::path`` of an installed OpenMMLab package, a config
                shipped with this package, or the model's config itself.
            checkpoint: File, URL or object store address of weights that fit the config exactly.

        Raises:
            FileNotFoundError: If a file does not exist.
            ValueError: If the config has no model, or the checkpoint does not fit.
        """
        model = MODELS.build(model_config(name, config))
        state_dict = read_weights(f'teacher {name!r}', checkpoint, _ADVICE)
        try:
            model.load_state_dict(state_dict, strict=True)
        except RuntimeError as error:
            raise ValueError(
                f'teacher {name!r}: checkpoint {str(checkpoint)!r} got weights of another model '
                f'than its config, expected every key to fit. {error}'
            ) from error
        # Some layers fit weights to themselves, which a teacher that is to be trusted must not.
        for key, value in model.state_dict().items():
            if state_dict[key].shape != value.shape:
                raise ValueError(
                    f'teacher {name!r}: checkpoint {str(checkpoint)!r} got {key} of shape '
                    f'{tuple(state_dict[key].shape)}, expected {tuple(value.shape)} as in its '
                    'config'
                )
        return cls(model)

    def follow(self, owner: nn.Module) -> None:
        """Take the owner's device and memory layout. The precision stays."""
        weights = list(owner.parameters())
        channels_last = any(
            weight.ndim == 4
            and weight.is_contiguous(memory_format=torch.channels_last)
            and not weight.is_contiguous()
            for weight in weights
        )
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.to(weights[0].device, memory_format=layout)

    def train(self, mode: bool = True) -> 'FrozenTeacher':
        """Stay in eval mode."""
        return super().train(False)

    def __deepcopy__(self, memo: dict) -> 'FrozenTeacher':
        return self

    @torch.inference_mode()
    def forward(self, inputs: Tensor) -> Any:
        """The model's raw output for normalized inputs ``(B, C, H, W)``."""
        return self.model(inputs, None, mode='tensor')


class Renormalization:
    """Turn images normalized for one model into images normalized for another.

    Args:
        source: Preprocessor the images went through.
        target: Preprocessor they should have gone through.
    """

    def __init__(self, source: BaseDataPreprocessor, target: BaseDataPreprocessor) -> None:
        source_mean, source_std, source_swaps = _normalization(source)
        target_mean, target_std, target_swaps = _normalization(target)
        self._swaps = source_swaps != target_swaps
        if self._swaps:
            source_mean, source_std = source_mean.flip(0), source_std.flip(0)
        self._scale = source_std / target_std
        self._shift = (source_mean - target_mean) / target_std
        self._is_identity = bool(torch.all(self._scale == 1) and torch.all(self._shift == 0))

    def __call__(self, images: Tensor) -> Tensor:
        """Convert images ``(B, 3, H, W)``."""
        if self._swaps:
            images = images.flip(1)
        if self._is_identity:
            return images
        return images * self._scale.to(images) + self._shift.to(images)


def model_config(name: str, config: str | Path | dict) -> dict:
    """The model's part of a config, given as :meth:`FrozenTeacher.load` takes it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the config has no model.
    """
    if isinstance(config, dict):
        return config
    try:
        found = get_config(config) if '::' in str(config) else Config.fromfile(_locate(config))
    except FileNotFoundError as error:
        raise FileNotFoundError(f'teacher {name!r}: {error}') from error
    if 'model' not in found:
        raise ValueError(
            f"teacher {name!r}: config {str(config)!r} got no 'model', expected a training config"
        )
    return found.model


def _locate(config: str | Path) -> str:
    if Path(config).is_file():
        return str(config)
    from mmpose_ext import cfg

    return cfg(str(config))


def _normalization(preprocessor: BaseDataPreprocessor) -> tuple[Tensor, Tensor, bool]:
    mean = getattr(preprocessor, 'mean', torch.zeros(3, 1, 1)).cpu()
    std = getattr(preprocessor, 'std', torch.ones(3, 1, 1)).cpu()
    return mean, std, bool(getattr(preprocessor, '_channel_conversion', False))
