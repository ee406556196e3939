"""A training step of RTMPose-t's backbone on the CPU: channels-last weights or the default."""

import copy

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab
import torch
from _harness import compare
from mmdet.models.backbones import CSPNeXt
from torch import nn

_BATCH, _WIDTH, _HEIGHT = 32, 96, 128


def main() -> None:
    torch.manual_seed(0)
    default = CSPNeXt(
        deepen_factor=0.167,
        widen_factor=0.375,
        out_indices=(4,),
        channel_attention=True,
        norm_cfg=dict(type='BN'),
        act_cfg=dict(type='SiLU'),
    )
    channels_last = copy.deepcopy(default).to(memory_format=torch.channels_last)
    images = torch.randn(_BATCH, 3, _HEIGHT, _WIDTH)
    compare(
        'channels_last',
        ours=lambda: _step(channels_last, images),
        peer=lambda: _step(default, images),
        target='< 1 x peer',
    )


def _step(model: nn.Module, images: torch.Tensor) -> None:
    model.zero_grad()
    model(images)[-1].square().mean().backward()


if __name__ == '__main__':
    main()
