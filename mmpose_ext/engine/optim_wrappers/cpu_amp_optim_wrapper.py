"""Mixed precision on processors."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from mmpose_ext.registry import OPTIM_WRAPPERS


class _Float32Conv2d(nn.Conv2d):
    """A convolution that stays out of autocast."""

    def forward(self, inputs: Tensor) -> Tensor:
        with torch.autocast(inputs.device.type, enabled=False):
            return super().forward(inputs.float()).to(inputs.dtype)


@OPTIM_WRAPPERS.register_module()
class CPUAmpOptimWrapper(OptimWrapper):
    """``AmpOptimWrapper`` for processors: losses are computed under autocast to bfloat16.

    MMEngine's own refuses processors. Those with matrix units for bfloat16 (Intel's AMX) train
    faster so, others slower. Weights, their gradients and checkpoints stay in single precision, and
    bfloat16 has its range, so that no loss is scaled. Depthwise convolutions stay in single
    precision too: they have little to multiply, and PyTorch has no fast gradient of theirs in
    bfloat16 (measured with 2.13: 3 to 5 times the time).

    Args:
        **kwargs: Arguments of ``OptimWrapper``.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self._is_prepared = False

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Compute what is inside in mixed precision.

        Args:
            model: The network.
        """
        if not self._is_prepared:
            _keep_depthwise(model)
            self._is_prepared = True
        with super().optim_context(model), torch.autocast('cpu', torch.bfloat16):
            yield


def _keep_depthwise(model: nn.Module) -> None:
    # Another class rather than another function: names, weights and copies of the module remain.
    for module in model.modules():
        if type(module) is nn.Conv2d and module.groups == module.in_channels > 1:
            module.__class__ = _Float32Conv2d
