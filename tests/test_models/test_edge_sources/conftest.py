"""Names and shapes in the authors' files, written down from the published layers."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

VGG = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def convolution(name: str, outputs: int, inputs: int, side: int, bias: bool = True) -> dict:
    shapes = {f'{name}.weight': (outputs, inputs, side, side)}
    return shapes | ({f'{name}.bias': (outputs,)} if bias else {})


def hed_shapes() -> dict[str, tuple[int, ...]]:
    shapes, before = {}, 3
    for stage, (word, widths) in enumerate(zip(('One', 'Two', 'Thr', 'Fou', 'Fiv'), VGG)):
        for index, width in enumerate(widths):
            # Each convolution is followed by a ReLU; a pooling comes first, but for stage one.
            position = 2 * index + (stage > 0)
            shapes |= convolution(f'moduleVgg{word}.{position}', width, before, 3)
            before = width
        shapes |= convolution(f'moduleScore{word}', 1, before, 1)
    return shapes | convolution('moduleCombine.0', 1, 5, 1)


def rcf_shapes(fusion: str) -> dict[str, tuple[int, ...]]:
    shapes, before = {}, 3
    for stage, widths in enumerate(VGG, start=1):
        for index, width in enumerate(widths, start=1):
            shapes |= convolution(f'conv{stage}_{index}', width, before, 3)
            shapes |= convolution(f'conv{stage}_{index}_down', 21, width, 1)
            before = width
        shapes |= convolution(f'score_dsn{stage}', 1, 21, 1)
    return shapes | convolution(fusion, 1, 5, 1)


def pidinet_shapes(width: int = 60, context: int = 24) -> dict[str, tuple[int, ...]]:
    shapes = {'init_block.weight': (width, 3, 3, 3)}
    before = width
    for stage, (blocks, after) in enumerate(zip((3, 4, 4, 4), (1, 2, 4, 4)), start=1):
        after *= width
        for index in range(1, blocks + 1):
            name = f'block{stage}_{index}'
            shapes |= convolution(f'{name}.conv1', before, 1, 3, bias=False)
            shapes |= convolution(f'{name}.conv2', after, before, 1, bias=False)
            if stage > 1 and index == 1:
                shapes |= convolution(f'{name}.shortcut', after, before, 1)
            before = after
        side = stage - 1
        shapes |= convolution(f'dilations.{side}.conv1', context, after, 1)
        for index in range(1, 5):
            name = f'dilations.{side}.conv2_{index}'
            shapes |= convolution(name, context, context, 3, bias=False)
        shapes |= convolution(f'attentions.{side}.conv1', 4, context, 1)
        shapes |= convolution(f'attentions.{side}.conv2', 1, 4, 3, bias=False)
        shapes |= convolution(f'conv_reduces.{side}.conv', 1, context, 1)
    return shapes | convolution('classifier', 1, 4, 1)


@pytest.fixture(scope='session')
def published_shapes() -> dict[str, dict[str, tuple[int, ...]]]:
    """Shapes by name in each published file."""
    return dict(
        hed=hed_shapes(),
        rcf_epoch12=rcf_shapes('score_final'),
        rcf_authors=rcf_shapes('score_fuse'),
        pidinet=pidinet_shapes(),
        pidinet_tiny=pidinet_shapes(20, 8),
    )


@pytest.fixture(scope='session')
def random_weights(published_shapes: dict) -> Callable[[str], dict[str, Tensor]]:
    """Make weights for a published file that keep the size of activations."""

    def make(file: str) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(0)
        weights = {}
        for name, shape in published_shapes[file].items():
            fan_in = torch.Size(shape[1:]).numel()
            scale = (2 / fan_in) ** 0.5 if len(shape) > 1 else 0.01
            weights[name] = torch.randn(shape, generator=generator) * scale
        return weights

    return make
