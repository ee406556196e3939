"""Pixel difference convolutions against their definition, pixel by pixel."""

import numpy as np
import pytest
import torch

from mmpose_ext.models.edge_sources.pixel_difference import (
    PixelDifferenceConv2d,
    difference_kernel,
)

# (row, column) around the centre, clockwise from the top left.
RING = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)]
ROW_BY_ROW = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)]


def central(weight, pixel):
    return sum(
        weight[row + 1, column + 1] * (pixel(row, column) - pixel(0, 0))
        for row, column in ROW_BY_ROW
    )


def angular(weight, pixel):
    return sum(
        weight[here[0] + 1, here[1] + 1] * (pixel(*here) - pixel(*after))
        for here, after in zip(RING, RING[1:] + RING[:1])
    )


def radial(weight, pixel):
    """The eight directions take the weights from the second on, row by row."""
    directions = [offset for offset in ROW_BY_ROW if offset != (0, 0)]
    return sum(
        factor * (pixel(2 * row, 2 * column) - pixel(row, column))
        for factor, (row, column) in zip(weight.flatten()[1:], directions)
    )


@pytest.mark.parametrize('definition', [central, angular, radial])
def test_equals_the_sum_over_differences(definition):
    generator = np.random.default_rng(0)
    image = generator.normal(size=(2, 7, 6))
    layer = PixelDifferenceConv2d(2, 3, definition.__name__).double()
    weight = layer.weight.detach().numpy()
    padded = np.pad(image, ((0, 0), (2, 2), (2, 2)))
    expected = np.zeros((3, 7, 6))
    for output, row, column in np.ndindex(expected.shape):
        for channel in range(2):
            expected[output, row, column] += definition(
                weight[output, channel],
                lambda y, x, c=channel, r=row, k=column: padded[c, r + 2 + y, k + 2 + x],
            )
    found = layer(torch.from_numpy(image)[None])[0].detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_each_channel_of_a_depthwise_layer_is_on_its_own():
    layer = PixelDifferenceConv2d(3, 3, 'angular', groups=3)
    images = torch.randn(1, 3, 6, 6)
    changed = images.clone()
    changed[:, 1] += torch.randn(6, 6)
    same = (layer(images) == layer(changed)).flatten(2).all(-1)[0]
    assert same.tolist() == [True, False, True]


@pytest.mark.parametrize('kind', ['central', 'angular', 'radial'])
def test_flat_images_have_no_differences(kind):
    layer = PixelDifferenceConv2d(1, 2, kind).double()
    answer = layer(torch.full((1, 1, 9, 9), 3.0, dtype=torch.float64))
    assert answer[..., 2:-2, 2:-2].abs().max() < 1e-12


def test_plain_is_the_convolution_and_others_are_refused():
    layer = PixelDifferenceConv2d(2, 3, 'plain')
    images = torch.randn(1, 2, 5, 5)
    expected = torch.nn.functional.conv2d(images, layer.weight, padding=1)
    torch.testing.assert_close(layer(images), expected)
    with pytest.raises(ValueError, match="kind got 'cd', expected 'plain'"):
        difference_kernel(layer.weight, 'cd')
