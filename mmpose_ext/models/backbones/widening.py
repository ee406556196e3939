import torch
from mmengine.logging import print_log
from torch import Tensor, nn

_NEW_CHANNEL_STD = 1e-3


def first_convolution(module: nn.Module) -> tuple[str, nn.Conv2d]:
    """The first convolution of a network and its name.

    Args:
        module: A network whose modules are declared in the order they run.

    Raises:
        ValueError: If there is none.
    """
    for name, child in module.named_modules():
        if isinstance(child, nn.Conv2d):
            return name, child
    raise ValueError(f'backbone got {type(module).__name__} without nn.Conv2d, expected some')


def with_in_channels(convolution: nn.Conv2d, in_channels: int) -> nn.Conv2d:
    """A new convolution that differs from another in its input channels only."""
    return nn.Conv2d(
        in_channels,
        convolution.out_channels,
        convolution.kernel_size,
        convolution.stride,
        convolution.padding,
        convolution.dilation,
        convolution.groups,
        convolution.bias is not None,
        convolution.padding_mode,
    )


def widen_on_load(convolution: nn.Conv2d) -> None:
    """Let a convolution load weights that were trained with fewer input channels.

    The channels they have are copied; those they lack, an edge map after RGB, start with N(0,
    0.001), so that the network begins as the one it was without them. This works for whatever
    loads the weights: ``init_cfg``, ``load_from``, ``load_state_dict``.

    Args:
        convolution: The first convolution of a network.
    """

    def widen(state_dict: dict[str, Tensor], prefix: str, *_: object) -> None:
        weight = state_dict.get(f'{prefix}weight')
        if weight is None or weight.ndim != 4:
            return
        known, wanted = weight.shape[1], convolution.in_channels
        if known >= wanted:
            return
        new = torch.randn(weight.shape[0], wanted - known, *weight.shape[2:]) * _NEW_CHANNEL_STD
        state_dict[f'{prefix}weight'] = torch.cat([weight, new.to(weight)], dim=1)
        print_log(
            f'{prefix}weight has {known} input channels; {wanted - known} more start at random.',
            logger='current',
        )

    convolution._register_load_state_dict_pre_hook(widen)


def sum_channels_on_load(convolution: nn.Conv2d) -> None:
    """Let a convolution of one channel load weights for RGB, as their sum over the channels.

    It then answers a gray image as it answered the three equal channels of one.

    Args:
        convolution: The first convolution of a network.
    """

    def add_up(state_dict: dict[str, Tensor], prefix: str, *_: object) -> None:
        weight = state_dict.get(f'{prefix}weight')
        if convolution.in_channels == 1 and weight is not None and weight.shape[1:2] == (3,):
            state_dict[f'{prefix}weight'] = weight.sum(dim=1, keepdim=True)

    convolution._register_load_state_dict_pre_hook(add_up)
