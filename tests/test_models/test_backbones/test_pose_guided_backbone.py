import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mmpose_ext.registry import MODELS

CSPNEXT = dict(
    _scope_='mmdet',
    type='CSPNeXt',
    deepen_factor=0.167,
    widen_factor=0.375,
    out_indices=(1, 2, 3, 4),
    norm_cfg=dict(type='BN'),
)


@pytest.fixture
def guided(repository: Path) -> Callable[..., torch.nn.Module]:
    """Build the embedded pose-pretrained network with a pose input."""
    checkpoint = str(repository / 'configs' / 'unified' / 'cspnext_t_synthetic.pth')
    init = dict(type='Pretrained', checkpoint=checkpoint, prefix='backbone.')

    def build(**options: object) -> torch.nn.Module:
        options = dict(fuse_channels=24, residual_fusion=True) | options
        model = MODELS.build(
            dict(type='mmpose_ext.PoseGuidedBackbone', backbone=CSPNEXT | dict(init_cfg=init))
            | options
        )
        model.init_weights()
        return model

    return build


def test_the_embedded_network_starts_as_it_was_trained(
    guided: Callable[..., torch.nn.Module], repository: Path
) -> None:
    weights = torch.load(
        repository / 'configs' / 'unified' / 'cspnext_t_synthetic.pth', weights_only=True
    )['state_dict']
    plain = MODELS.build(dict(CSPNEXT))
    plain.load_state_dict(
        {
            key.removeprefix('backbone.'): value.float()
            for key, value in weights.items()
            if key.startswith('backbone.')
        }
    )
    plain.eval()
    images = torch.randn(2, 3, 64, 64)
    edges = torch.zeros(2, 1, 64, 64)
    pose = torch.rand(2, 30, 2) * 64, torch.ones(2, 30, 1)
    expected = plain(images)
    for channels, inputs in ((3, images), (4, torch.cat([images, edges], dim=1))):
        stages = guided(in_channels=channels).eval()(inputs, *pose)
        assert [stage.shape[1] for stage in stages] == [48, 96, 192, 384]
        for mine, reference in zip(stages, expected):
            torch.testing.assert_close(mine, reference, rtol=1e-5, atol=1e-5)


def test_the_pose_joins_after_the_named_module(guided: Callable[..., torch.nn.Module]) -> None:
    model = guided(residual_fusion=False).eval()
    torch.nn.init.normal_(model.fusion.conv.weight)
    images, joints, mask = (
        torch.randn(1, 3, 64, 64),
        torch.rand(1, 30, 2) * 64,
        torch.ones(1, 30, 1),
    )
    body = model.body
    features = model.fusion(body.stem(images), joints, mask, (64, 64))
    expected = []
    for stage in (body.stage1, body.stage2, body.stage3, body.stage4):
        features = stage(features)
        expected.append(features)
    for mine, reference in zip(model(images, joints, mask), expected):
        assert torch.equal(mine, reference)
    assert not body.stem._forward_hooks, 'no hook stays behind'


def test_a_copy_uses_its_own_weights(guided: Callable[..., torch.nn.Module]) -> None:
    model = guided(residual_fusion=False).eval()
    twin = copy.deepcopy(model)
    torch.nn.init.normal_(twin.fusion.conv.weight)
    inputs = torch.randn(1, 3, 64, 64), torch.rand(1, 30, 2) * 64, torch.ones(1, 30, 1)
    before = model(*inputs)[-1]
    assert not torch.equal(twin(*inputs)[-1], before)
    assert torch.equal(model(*inputs)[-1], before)


def test_an_unknown_module_is_named(guided: Callable[..., torch.nn.Module]) -> None:
    with pytest.raises(ValueError, match="fuse_after got 'maxpool', expected a module of CSPNeXt"):
        guided(fuse_after='maxpool')
