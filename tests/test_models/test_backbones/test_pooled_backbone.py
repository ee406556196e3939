import mmpose_ext  # noqa: F401

# isort: split
import pytest
import torch
from mmpose.registry import MODELS
from torch import nn

from mmpose_ext.models.backbones import PooledBackbone

_TINY = dict(
    _scope_='mmdet',
    type='CSPNeXt',
    deepen_factor=0.167,
    widen_factor=0.125,
    out_indices=(1, 2, 3, 4),
    norm_cfg=dict(type='BN'),
)


@pytest.fixture
def images():
    return torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def build(**kwargs):
    torch.manual_seed(0)
    return MODELS.build(dict(type='mmpose_ext.PooledBackbone', backbone=_TINY) | kwargs).eval()


@pytest.mark.parametrize('grid_size', [1, 2])
def test_cells_are_means_of_the_last_map(images, grid_size):
    pooled = build(grid_size=grid_size)
    last = pooled.body(images)[-1]
    assert last.shape == (3, 128, 2, 2)
    features = pooled(images).reshape(3, 128, grid_size, grid_size)
    step = 2 // grid_size
    for row in range(grid_size):
        for column in range(grid_size):
            cell = last[:, :, row * step : (row + 1) * step, column * step : (column + 1) * step]
            torch.testing.assert_close(features[:, :, row, column], cell.mean(dim=(2, 3)))


def test_resnet_50_gives_what_torchvision_pools(images):
    torchvision = pytest.importorskip('torchvision')
    pooled = MODELS.build(
        dict(type='mmpose_ext.PooledBackbone', backbone=dict(type='mmpose.ResNet', depth=50))
    ).eval()
    other = torchvision.models.resnet50(weights=None).eval()
    other.fc = nn.Identity()
    # Names of the weights are the same, as those of SPIN are.
    other.load_state_dict(pooled.body.state_dict(), strict=True)
    with torch.no_grad():
        torch.testing.assert_close(pooled(images), other(images))


def test_a_neck_merges_the_maps(images):
    neck = dict(type='mmpose_ext.FinestLevelNeck', in_channels=(16, 32, 64, 128), out_channels=8)
    pooled = build(neck=neck, grid_size=4)
    merged = pooled.neck(pooled.body(images))[0]
    assert merged.shape == (3, 8, 16, 16)
    expected = merged.reshape(3, 8, 4, 4, 4, 4).mean(dim=(3, 5)).flatten(1)
    torch.testing.assert_close(pooled(images), expected)


def test_a_projection_follows_the_pooling(images):
    pooled = build(grid_size=2, projection_channels=(128 * 4, 12, 7)).train()
    expected = build(grid_size=2).train()(images)
    for width, layer in zip((12, 7), pooled.projection, strict=True):
        expected = expected @ layer[0].weight.T
        expected = (expected - expected.mean(0)) / (expected.var(0, unbiased=False) + 1e-5).sqrt()
        expected = expected.clamp(min=0)
        assert expected.shape == (3, width)
    torch.testing.assert_close(pooled(images), expected)


def test_frozen_means_frozen(images):
    pooled = build(frozen=True).train()
    before = {name: value.clone() for name, value in pooled.state_dict().items()}
    assert not pooled(images).requires_grad
    assert not any(parameter.requires_grad for parameter in pooled.parameters())
    assert all(torch.equal(before[name], value) for name, value in pooled.state_dict().items())
    assert build().train()(images).requires_grad
    with torch.no_grad():
        assert not build()(images).requires_grad


def test_wrong_grids_are_named(images):
    with pytest.raises(ValueError, match='grid_size got 0'):
        PooledBackbone(_TINY, grid_size=0)
    with pytest.raises(ValueError, match=r'got \(128, 7\), expected 512 first: 128 channels in 2²'):
        build(grid_size=2, projection_channels=(128, 7))(images)
    with pytest.raises(ValueError, match='grid_size got 3.*2 x 2 of images of 64 x 64'):
        build(grid_size=3)(images)
