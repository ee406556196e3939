"""The three steps of the foreground branch: a trained segmentor, frozen, beside what learns."""

import copy

import numpy as np
import pytest
import torch

from mmpose_ext.registry import MODELS

RESNET = dict(type='ResNet', depth=18, base_channels=8, in_channels=1, out_indices=(3,))


def mask_encoder(video, fusion='hadamard'):
    return dict(
        type='mmpose_ext.MaskFeatureEncoder',
        backbone=RESNET,
        in_channels=64,
        out_channels=video.channels,
        fusion=fusion,
    )


@pytest.fixture(scope='module')
def segmentor(tmp_path_factory):
    """A trained one, as far as files go."""
    stages = {
        f'stage{number}': dict(
            num_modules=1,
            num_branches=number,
            block='BASIC',
            num_blocks=(1,) * number,
            num_channels=tuple(4 * 2**branch for branch in range(number)),
            multiscale_output=True,
        )
        for number in (2, 3, 4)
    }
    stages['stage1'] = dict(
        num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(1,), num_channels=(4,)
    )
    config = dict(
        type='mmpose_ext.ForegroundSegmentor',
        backbone=dict(type='HRNet', extra=stages),
        head=dict(
            type='mmpose_ext.OCRHead', in_channels=(4, 8, 16, 32), channels=8, key_channels=4
        ),
    )
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('segmentor') / 'segmentor.pth'
    torch.save(dict(state_dict=MODELS.build(config).state_dict()), path)
    return dict(type='mmpose_ext.FrozenSegmentor', config=config, checkpoint=str(path))


@pytest.mark.parametrize('fusion', ['hadamard', 'residual'])
def test_the_fused_model_begins_as_the_one_without_masks(video, fusion):
    plain = video.build().eval()
    fused = video.build(mask_encoder=mask_encoder(video, fusion), fusion=fusion).eval()
    fused.load_state_dict(plain.state_dict(), strict=False)
    features = torch.randn(2, video.frames, video.channels)
    masks = torch.rand(2, video.frames, 1, 32, 32)
    expected = plain.estimate(plain.extract_feat(dict(features=features)), with_vertices=False)
    found = fused.estimate(
        fused.extract_feat(dict(features=features, mask=masks)), with_vertices=False
    )
    assert torch.equal(found.joints, expected.joints)
    assert torch.equal(found.projected, expected.projected)


def test_masks_are_made_of_images_and_the_segmentor_stays(video, segmentor):
    model = video.build(mask_encoder=mask_encoder(video), fusion='hadamard', segmentor=segmentor)
    model.init_weights()
    network = model.segmentor._hidden['segmentor']
    before = copy.deepcopy(network.state_dict())
    weights = model.mask_encoder.projection.bias.clone()
    data = video.stream(2)
    data['inputs']['img'] = [
        torch.randint(0, 256, (video.frames, 3, 32, 32), dtype=torch.uint8) for _ in range(2)
    ]
    inputs = model.data_preprocessor(data)['inputs']
    images = torch.stack(data['inputs']['img']).flip(2) / 255
    masks = model.segmentor(images.flatten(0, 1)).unflatten(0, (2, video.frames))
    with torch.no_grad():
        own = model.eval().extract_feat(inputs)
        given = model.extract_feat(dict(features=inputs['features'], mask=masks))
    torch.testing.assert_close(own, given)
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    sum(v for k, v in model(**model.data_preprocessor(data), mode='loss').items()).backward()
    optimizer.step()
    assert not torch.equal(model.mask_encoder.projection.bias, weights)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any('segmentor' in name for name in model.state_dict())


def test_masks_that_are_there_are_used(video, segmentor):
    model = video.build(
        mask_encoder=mask_encoder(video), fusion='hadamard', segmentor=segmentor
    ).eval()
    torch.nn.init.normal_(model.mask_encoder.projection.weight)
    features, masks = torch.randn(1, 2, video.channels), torch.rand(1, 2, 1, 32, 32)
    without = model.extract_feat(dict(features=features, mask=masks))
    images = torch.randn(1, 2, 3, 32, 32)
    assert torch.equal(model.extract_feat(dict(features=features, mask=masks, img=images)), without)
    assert np.isfinite(without.detach().numpy()).all()


def test_what_does_not_go_together_is_an_error(video, segmentor):
    with pytest.raises(ValueError, match="fusion got 'residual', but .* for 'hadamard'"):
        video.build(mask_encoder=mask_encoder(video), fusion='residual')
    with pytest.raises(ValueError, match='segmentor got a config without a mask_encoder'):
        video.build(segmentor=segmentor)
    model = video.build(mask_encoder=mask_encoder(video), fusion='hadamard')
    features = torch.randn(1, 2, video.channels)
    with pytest.raises(ValueError, match="without a segmentor, expected 'mask' too"):
        model.extract_feat(dict(features=features))
