from pathlib import Path

import pytest
import torch
from mmengine.runner import load_checkpoint
from mmpose.models.backbones import ResNet
from torch import Tensor

from mmpose_ext.models.backbones import PoseGuidedResNet

SMALL = dict(depth=18, stem_channels=8, base_channels=8)


def pose(batch: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, 30, 2, generator=generator) * 64, torch.ones(batch, 30, 1)


def with_statistics(module: torch.nn.Module) -> torch.nn.Module:
    """Batch statistics that are not those of an untrained network."""
    torch.manual_seed(1)
    for name, buffer in module.named_buffers():
        if name.endswith('running_mean'):
            buffer.normal_(std=0.2)
        elif name.endswith('running_var'):
            buffer.uniform_(0.5, 2)
    module.eval()
    return module


@pytest.mark.parametrize('depth', [18, 50])
def test_stages_are_those_of_the_resnet_if_the_pose_says_nothing(depth: int) -> None:
    torch.manual_seed(0)
    options = SMALL | dict(depth=depth)
    plain = with_statistics(ResNet(**options, out_indices=(0, 1, 2, 3)))
    guided = with_statistics(PoseGuidedResNet(**options))
    guided.load_state_dict(plain.state_dict(), strict=False)
    fusion = guided.fusion
    fusion.norm.reset_running_stats()
    torch.nn.init.zeros_(fusion.conv.weight)
    torch.nn.init.zeros_(fusion.conv.bias)
    for channel in range(8):
        fusion.conv.weight.data[channel, channel, 1, 1] = (1 + fusion.norm.eps) ** 0.5
    images = torch.rand(2, 3, 64, 64)
    ours, theirs = guided(images, *pose(2)), plain(images)
    assert [tuple(stage.shape[2:]) for stage in ours] == [(16, 16), (8, 8), (4, 4), (2, 2)]
    for mine, reference in zip(ours, theirs):
        torch.testing.assert_close(mine, reference, rtol=1e-4, atol=1e-5)


def test_the_stride_is_on_the_3x3_convolution() -> None:
    block = PoseGuidedResNet(**SMALL | dict(depth=50)).layer2[0]
    assert block.conv1.stride == (1, 1)
    assert block.conv2.stride == (2, 2)


def test_the_pose_matters_and_masked_joints_do_not() -> None:
    torch.manual_seed(0)
    network = PoseGuidedResNet(**SMALL)
    network.init_weights()
    network.eval()
    images, (joints, mask) = torch.rand(1, 3, 64, 64), pose(1)
    mask[:, :10] = 0
    moved = joints.clone()
    moved[:, :10] += 7
    before = network(images, joints, mask)[-1]
    assert torch.equal(before, network(images, moved, mask)[-1])
    moved[:, 20] += 7
    assert not torch.equal(before, network(images, moved, mask)[-1])


def test_rgb_weights_make_a_four_channel_network_that_sees_no_difference_without_edges() -> None:
    torch.manual_seed(0)
    rgb = with_statistics(PoseGuidedResNet(**SMALL))
    wide = PoseGuidedResNet(**SMALL, in_channels=4)
    wide.eval()
    weights = rgb.state_dict()
    wide.load_state_dict(weights)
    assert weights['conv1.weight'].shape[1] == 3, 'the checkpoint itself stays'
    assert torch.equal(wide.conv1.weight[:, :3], rgb.conv1.weight)
    assert wide.conv1.weight[:, 3:].std().item() == pytest.approx(1e-3, rel=0.2)

    images = torch.rand(2, 3, 64, 64)
    expected = rgb(images, *pose(2))
    without = torch.cat([images, torch.zeros(2, 1, 64, 64)], dim=1)
    for mine, reference in zip(wide(without, *pose(2)), expected):
        torch.testing.assert_close(mine, reference, rtol=1e-5, atol=1e-6)
    with_edges = torch.cat([images, torch.rand(2, 1, 64, 64)], dim=1)
    assert not torch.allclose(wide(with_edges, *pose(2))[-1], expected[-1])
    torch.nn.init.zeros_(wide.conv1.weight[:, 3:])
    for mine, reference in zip(wide(with_edges, *pose(2)), expected):
        torch.testing.assert_close(mine, reference, rtol=1e-5, atol=1e-6)


def test_four_channel_weights_load_unchanged_and_do_not_fit_rgb() -> None:
    wide = PoseGuidedResNet(**SMALL, in_channels=4)
    other = PoseGuidedResNet(**SMALL, in_channels=4)
    other.load_state_dict(wide.state_dict())
    assert torch.equal(other.conv1.weight, wide.conv1.weight)
    with pytest.raises(RuntimeError, match='conv1.weight'):
        PoseGuidedResNet(**SMALL).load_state_dict(wide.state_dict())


@pytest.mark.parametrize('in_channels', [3, 4])
def test_init_cfg_loads_the_backbone_of_a_pose_network(tmp_path: Path, in_channels: int) -> None:
    """As the published training starts from a COCO pose network."""
    plain = with_statistics(ResNet(**SMALL))
    path = tmp_path / 'pose.pth'
    torch.save({f'backbone.{key}': value for key, value in plain.state_dict().items()}, path)
    init = dict(type='Pretrained', checkpoint=str(path), prefix='backbone.')
    network = PoseGuidedResNet(**SMALL, in_channels=in_channels, init_cfg=init)
    network.init_weights()
    loaded = network.state_dict()
    for key, value in plain.state_dict().items():
        found = loaded[key][:, :3] if key == 'conv1.weight' else loaded[key]
        assert torch.equal(found, value), key


def test_mmengine_resumes_a_widened_network(tmp_path: Path) -> None:
    wide = PoseGuidedResNet(**SMALL, in_channels=4)
    path = tmp_path / 'epoch_1.pth'
    torch.save(dict(state_dict=PoseGuidedResNet(**SMALL).state_dict()), path)
    load_checkpoint(wide, str(path), strict=True)
    assert wide.conv1.weight.shape[1] == 4
