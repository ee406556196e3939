"""How optimizers are made, and how they step."""

from mmpose_ext.engine.optim_wrappers.cpu_amp_optim_wrapper import CPUAmpOptimWrapper
from mmpose_ext.engine.optim_wrappers.gan_optim_wrapper_constructor import (
    GANOptimWrapperConstructor,
)

__all__ = ['CPUAmpOptimWrapper', 'GANOptimWrapperConstructor']
