import copy

import pytest
import torch
from mmengine.runner import load_state_dict
from mmpose.registry import MODELS

from mmpose_ext.models.backbones import MaskFeatureEncoder
from mmpose_ext.models.feature_fusion import fuse_features

CHANNELS, WIDTH = 24, 512
RESNET = dict(type='ResNet', depth=18, in_channels=1, out_indices=(3,))


@pytest.fixture(scope='module')
def encoder():
    torch.manual_seed(0)
    return MaskFeatureEncoder(RESNET, in_channels=WIDTH, out_channels=CHANNELS)


@pytest.fixture(scope='module')
def masks():
    return torch.rand(3, 1, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(('fusion', 'neutral'), [('hadamard', 1.0), ('residual', 0.0)])
def test_identity_init_leaves_features_bit_for_bit(masks, fusion, neutral):
    encoder = MaskFeatureEncoder(RESNET, WIDTH, CHANNELS, fusion=fusion)
    found = encoder(masks)
    assert found.shape == (3, CHANNELS) and (found == neutral).all()
    features = torch.randn(3, CHANNELS)
    assert torch.equal(fuse_features(features, found, fusion), features)
    encoder.init_weights()
    assert (encoder(masks) == neutral).all()


def test_the_neutral_start_is_left_by_training(masks):
    torch.manual_seed(0)
    encoder = MaskFeatureEncoder(RESNET, WIDTH, CHANNELS)
    optimizer = torch.optim.Adam(encoder.parameters(), lr=1e-3)
    features, wanted = torch.rand(3, CHANNELS) + 0.5, torch.rand(3, CHANNELS)
    losses = []
    for _ in range(4):
        loss = (fuse_features(features, encoder(masks)) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    # From the second step on the backbone learns as well.
    assert encoder.backbone.conv1.weight.grad.abs().sum() > 0


def test_small_probabilities_count_as_zero(masks):
    torch.manual_seed(0)
    encoder = MaskFeatureEncoder(RESNET, WIDTH, WIDTH, init='random', threshold=0.4).eval()
    cut = torch.where(masks < 0.4, 0, masks)
    assert torch.equal(encoder(masks), encoder(cut))
    assert not torch.equal(encoder(masks), encoder(cut + 0.5 * (masks < 0.4)))


def test_the_random_form_is_the_pooled_last_map(masks):
    encoder = MaskFeatureEncoder(RESNET, WIDTH, WIDTH, init='random', threshold=0.0).eval()
    maps = encoder.backbone(masks)[-1]
    torch.testing.assert_close(encoder(masks), maps.flatten(2).mean(dim=2))
    assert not any('projection' in name for name in encoder.state_dict())


@pytest.mark.parametrize('loader', ['torch', 'mmengine'])
def test_weights_for_rgb_answer_a_gray_image_as_before(encoder, masks, loader):
    torch.manual_seed(1)
    colour, gray = MODELS.build(RESNET | dict(in_channels=3)), copy.deepcopy(encoder.backbone)
    for network in (colour, gray):
        network.eval()
    if loader == 'torch':
        gray.load_state_dict(colour.state_dict())
    else:
        load_state_dict(gray, colour.state_dict(), strict=True)
    expected = colour(masks.expand(-1, 3, -1, -1))[-1]
    torch.testing.assert_close(gray(masks)[-1], expected, rtol=1e-4, atol=1e-4)


def test_its_own_weights_load_again(encoder, masks):
    again = MaskFeatureEncoder(RESNET, WIDTH, CHANNELS)
    again.load_state_dict(encoder.state_dict())
    assert torch.equal(again.backbone.conv1.weight, encoder.backbone.conv1.weight)


def test_fusions():
    first, second = torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    assert torch.equal(fuse_features(first, second), first * second)
    assert torch.equal(fuse_features(first, second, 'residual'), first + second)
    with pytest.raises(ValueError, match="fusion got 'sum', expected one of"):
        fuse_features(first, second, 'sum')
    with pytest.raises(ValueError, match='mask_features got shape'):
        fuse_features(first, second[:, :2])


def test_options_and_shapes_are_checked(encoder):
    with pytest.raises(ValueError, match="init got 'zero'"):
        MaskFeatureEncoder(RESNET, init='zero')
    with pytest.raises(ValueError, match="fusion got 'sum'"):
        MaskFeatureEncoder(RESNET, fusion='sum')
    with pytest.raises(ValueError, match='probability got shape'):
        encoder(torch.rand(2, 3, 64, 64))
