"""The published networks against their definitions, from files under the authors' names."""

import pytest
import torch
import torch.nn.functional as F

from mmpose_ext.models import HEDEdge, PiDiNetEdge, RCFEdge
from mmpose_ext.models.edge_sources.rcf_edge import enlarge

IMAGENET_MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
IMAGENET_STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
BGR_MEAN = torch.tensor([104.00698793, 116.66876762, 122.67891434]).view(3, 1, 1)
VGG_CONVOLUTIONS = 14_714_688  # those of the VGG16 of torchvision and of Caffe


@pytest.fixture(scope='module')
def images():
    return torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def saved(tmp_path, random_weights):
    """Write a published file as its authors did, and return its path and its weights."""

    def save(file, prefix='', wrap=True):
        weights = random_weights(file)
        content = {f'{prefix}{name}': value for name, value in weights.items()}
        path = tmp_path / f'{file}.pth'
        torch.save(dict(epoch=12, state_dict=content) if wrap else content, path)
        return path, weights

    return save


def convolve(weights, name, features, **options):
    return F.conv2d(features, weights[f'{name}.weight'], weights.get(f'{name}.bias'), **options)


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        (HEDEdge, VGG_CONVOLUTIONS + (64 + 128 + 256 + 512 + 512 + 5) + 6),
        (
            RCFEdge,
            VGG_CONVOLUTIONS + 21 * (2 * 65 + 2 * 129 + 3 * 257 + 6 * 513) + 5 * (21 + 1) + (5 + 1),
        ),
    ],
)
def test_number_of_parameters_is_that_of_vgg16_and_the_side_outputs(source, expected):
    network = source(init='random').detector.network
    assert sum(parameter.numel() for parameter in network.parameters()) == expected


def test_pidinet_has_the_710_thousand_parameters_of_its_paper():
    network = PiDiNetEdge(init='random').detector.network
    stages = 0
    for channels, blocks, before in ((60, 3, 60), (120, 4, 60), (240, 4, 120), (240, 4, 240)):
        stages += (blocks - 1) * (9 * channels + channels**2)
        stages += 9 * before + before * channels
        stages += before * channels + channels if before != channels or blocks == 4 else 0
        context = 24 * (channels + 1) + 4 * 9 * 24**2
        attention = 4 * (24 + 1) + 9 * 4
        stages += context + attention + (24 + 1)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == 9 * 3 * 60 + stages + (4 + 1)
    assert round(count, -4) == 710_000


@pytest.mark.parametrize('prefix', ['module', 'net'])
def test_hed_equals_its_definition(saved, images, prefix):
    path, weights = saved('hed', wrap=False)
    if prefix == 'net':
        renamed = {name.replace('module', 'net'): value for name, value in weights.items()}
        torch.save(renamed, path)
    features = images[:, [2, 1, 0]] * 255 - BGR_MEAN
    sides = []
    for word, layers in zip(('One', 'Two', 'Thr', 'Fou', 'Fiv'), (2, 2, 3, 3, 3)):
        first = word == 'One'
        features = features if first else F.max_pool2d(features, 2)
        for layer in range(layers):
            name = f'moduleVgg{word}.{2 * layer + (not first)}'
            features = convolve(weights, name, features, padding=1).relu()
        side = convolve(weights, f'moduleScore{word}', features)
        sides.append(F.interpolate(side, (32, 48), mode='bilinear', align_corners=False))
    expected = convolve(weights, 'moduleCombine.0', torch.cat(sides, 1)).sigmoid()
    assert expected.std() > 0.1
    torch.testing.assert_close(HEDEdge(path)(images), expected)


@pytest.mark.parametrize(('file', 'kernel'), [('rcf_epoch12', 32), ('rcf_authors', 16)])
def test_rcf_equals_its_definition(saved, images, file, kernel):
    """Both files, each with the enlargement it was trained with, cropped at the centre."""
    path, weights = saved(file)
    features = images[:, [2, 1, 0]] * 255 - BGR_MEAN
    sides = []
    for stage, layers in enumerate((2, 2, 3, 3, 3), start=1):
        dilation = 2 if stage == 5 else 1
        if stage > 1:
            features = F.max_pool2d(features, 2, 1 if stage == 5 else 2, ceil_mode=True)
        down = 0
        for layer in range(1, layers + 1):
            name = f'conv{stage}_{layer}'
            options = dict(padding=dilation, dilation=dilation)
            features = convolve(weights, name, features, **options).relu()
            down = down + convolve(weights, f'{name}_down', features)
        side = convolve(weights, f'score_dsn{stage}', down)
        if stage > 1:
            stride = min(2 ** (stage - 1), 8)
            size = kernel if stage == 5 else 2 * stride
            tent = torch.tensor([1 - abs(i - size / 2 + 0.5) / (size / 2) for i in range(size)])
            side = F.conv_transpose2d(side, torch.outer(tent, tent)[None, None], stride=stride)
            top, left = ((side.shape[2] - 32) // 2, (side.shape[3] - 48) // 2)
            side = side[..., top : top + 32, left : left + 48]
        sides.append(side)
    fusion = 'score_final' if kernel == 32 else 'score_fuse'
    expected = convolve(weights, fusion, torch.cat(sides, 1)).sigmoid()
    torch.testing.assert_close(RCFEdge(path)(images), expected)


@pytest.mark.parametrize(('stage', 'stride'), [(2, 2), (3, 4), (4, 8), (5, 8)])
def test_rcf_enlarges_a_slope_to_the_same_slope(stage, stride):
    """Also in images whose sides no stride divides: values stay where their pixels are."""
    is_last = stage == 5
    height, width = 53, 61
    rows, columns = (-(-side // stride) - is_last for side in (height, width))
    # A value's place: the centre of its cell, or the corner between four after the last pooling.
    shift = stride - 0.5 if is_last else (stride - 1) / 2
    y = torch.arange(rows) * stride + shift
    x = torch.arange(columns) * stride + shift
    side = (2 * y[:, None] - 3 * x)[None, None]
    found = enlarge(side, stride, 2 * stride, is_last, (height, width))[0, 0]
    expected = 2 * torch.arange(height)[:, None] - 3 * torch.arange(width)
    inside = (slice(int(y[0]) + 1, int(y[-1])), slice(int(x[0]) + 1, int(x[-1])))
    assert found.shape == (height, width)
    torch.testing.assert_close(found[inside], expected[inside].float())


def test_pidinet_equals_its_definition_with_plain_convolutions(saved, images):
    """Differences are linear, so an impulse through the definition gives the plain kernel."""
    path, weights = saved('pidinet_tiny', prefix='module.')
    kinds = iter(['central', 'angular', 'radial', 'plain'] * 4)

    def differences(name, features, groups):
        weight, kind = weights[f'{name}.weight'], next(kinds)
        kernel = torch.zeros(*weight.shape[:2], 5, 5)
        ring = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
        around = [(y, x) for y in range(3) for x in range(3) if (y, x) != (1, 1)]
        if kind in ('plain', 'central'):
            kernel[..., 1:4, 1:4] = weight
        if kind == 'central':
            kernel[..., 2, 2] -= weight.sum((2, 3))
        if kind == 'angular':
            for (y, x), (next_y, next_x) in zip(ring, ring[1:] + ring[:1]):
                kernel[..., y + 1, x + 1] += weight[..., y, x]
                kernel[..., next_y + 1, next_x + 1] -= weight[..., y, x]
        if kind == 'radial':
            for number, (y, x) in enumerate(around, start=1):
                kernel[..., 2 * y, 2 * x] += weight.flatten(2)[..., number]
                kernel[..., y + 1, x + 1] -= weight.flatten(2)[..., number]
        return F.conv2d(features, kernel, padding=2, groups=groups)

    features = differences('init_block', (images - IMAGENET_MEAN) / IMAGENET_STD, 1)
    sides = []
    for stage in range(4):
        for block in range(1, 4 if stage == 0 else 5):
            name = f'block{stage + 1}_{block}'
            halves = f'{name}.shortcut.weight' in weights
            features = F.max_pool2d(features, 2) if halves else features
            change = differences(f'{name}.conv1', features, features.shape[1]).relu()
            features = convolve(weights, f'{name}.shortcut', features) if halves else features
            features = features + convolve(weights, f'{name}.conv2', change)
        reduced = convolve(weights, f'dilations.{stage}.conv1', features.relu())
        context = sum(
            convolve(weights, f'dilations.{stage}.conv2_{i}', reduced, padding=d, dilation=d)
            for i, d in zip((1, 2, 3, 4), (5, 7, 9, 11))
        )
        attention = convolve(weights, f'attentions.{stage}.conv1', context.relu())
        attention = convolve(weights, f'attentions.{stage}.conv2', attention, padding=1)
        side = convolve(weights, f'conv_reduces.{stage}.conv', context * attention.sigmoid())
        sides.append(F.interpolate(side, (32, 48), mode='bilinear', align_corners=False))
    expected = convolve(weights, 'classifier', torch.cat(sides, 1)).sigmoid()
    assert expected.std() > 0.01
    torch.testing.assert_close(PiDiNetEdge(path, width=20)(images), expected)


def test_files_name_exactly_the_networks_weights(published_shapes):
    pairs = [
        (HEDEdge, 'hed', ('module', 'net')),
        (RCFEdge, 'rcf_epoch12', ('score_final', 'score_fuse')),
        (PiDiNetEdge, 'pidinet', ('', '')),
    ]
    for source, file, (theirs, ours) in pairs:
        state = source(init='random').detector.network.state_dict()
        found = {name: tuple(value.shape) for name, value in state.items()}
        expected = published_shapes[file]
        assert found == {name.replace(theirs, ours): shape for name, shape in expected.items()}


@pytest.mark.parametrize('source', [HEDEdge, RCFEdge])
def test_published_preprocessing_leaves_red_first(saved, images, source):
    path, _ = saved('hed' if source is HEDEdge else 'rcf_epoch12')
    published = source(path, preprocessing='published')
    swapped = published(images[:, [2, 1, 0]])
    torch.testing.assert_close(swapped, source(path)(images))
    assert not torch.allclose(swapped, published(images), atol=1e-2)


def test_published_preprocessing_of_pidinet_is_none(saved, images):
    path, _ = saved('pidinet_tiny')
    standardized = (images - IMAGENET_MEAN) / IMAGENET_STD
    published = PiDiNetEdge(path, preprocessing='published', width=20)
    torch.testing.assert_close(
        published(standardized), PiDiNetEdge(path, width=20)(images), atol=1e-6, rtol=1e-4
    )
