"""How optimizers are made."""

from mmpose_ext.engine.optim_wrappers.gan_optim_wrapper_constructor import (
    GANOptimWrapperConstructor,
)

__all__ = ['GANOptimWrapperConstructor']
