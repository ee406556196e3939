"""Memory layout of convolution weights."""

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmpose_ext.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Store the model's 4D weights channels-last, in which convolutions run faster on a CPU.

    Values, results and checkpoints stay as they are; activations take the layout of the weights.
    ``tools/benchmark/bench_channels_last.py`` measures the gain.
    """

    def before_run(self, runner: Runner) -> None:
        runner.model.to(memory_format=torch.channels_last)
