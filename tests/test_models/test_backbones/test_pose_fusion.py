import math

import pytest
import torch

from mmpose_ext.models.backbones import PoseFusion, render_heatmaps


def test_heatmaps_are_gaussians_at_the_joints_between_the_cells() -> None:
    joints = torch.tensor([[[2.25, 5.5], [-3.0, 1.0]]])
    heatmaps = render_heatmaps(joints, torch.ones(1, 2, 1), (8, 6), sigma=1.5)
    for joint, (x, y) in enumerate(joints[0].tolist()):
        for row in range(8):
            for column in range(6):
                squared = (column - x) ** 2 + (row - y) ** 2
                expected = math.exp(-squared / (2 * 1.5**2))
                assert heatmaps[0, joint, row, column].item() == pytest.approx(expected, abs=1e-6)


def test_a_masked_joint_has_an_empty_map_wherever_it_is() -> None:
    joints = torch.tensor([[[3.0, 3.0], [math.nan, 3.0], [3.0, 3.0]]])
    mask = torch.tensor([[[1.0], [0.0], [0.0]]])
    heatmaps = render_heatmaps(joints, mask, (8, 8), sigma=1.0)
    assert heatmaps[0, 0].max() == 1
    assert not heatmaps[0, 1:].any()


def test_heatmaps_of_any_resolution_show_the_same_blobs() -> None:
    fusion = PoseFusion(4, pose_channels=2, sigma=2.5, heatmap_size=64)
    joints, mask = torch.tensor([[[100.0, 30.0], [11.0, 77.0]]]), torch.ones(1, 2, 1)
    fine = fusion.heatmaps(joints, mask, (128, 128), (64, 64))
    coarse = fusion.heatmaps(joints, mask, (128, 128), (32, 32))
    torch.testing.assert_close(coarse, fine[..., ::2, ::2])
    assert fine[0, 0, 15, 50] == 1, 'x is horizontal, y is vertical'


def test_fusion_is_a_convolution_of_image_then_pose_channels() -> None:
    torch.manual_seed(0)
    fusion = PoseFusion(2, pose_channels=3).eval()
    features = torch.randn(1, 2, 8, 8)
    joints, mask = torch.rand(1, 3, 2) * 16, torch.ones(1, 3, 1)
    heatmaps = fusion.heatmaps(joints, mask, (16, 16), (8, 8))
    convolved = torch.nn.functional.conv2d(features, fusion.conv.weight[:, :2], padding=1)
    convolved += torch.nn.functional.conv2d(heatmaps, fusion.conv.weight[:, 2:], padding=1)
    convolved += fusion.conv.bias[:, None, None]
    expected = (convolved / math.sqrt(1 + fusion.norm.eps)).relu()
    torch.testing.assert_close(fusion(features, joints, mask, (16, 16)), expected)


@pytest.mark.parametrize('training', [True, False])
def test_a_residual_fusion_starts_as_the_identity(training: bool) -> None:
    fusion = PoseFusion(4, residual=True).train(training)
    fusion.init_weights()
    features = torch.randn(2, 4, 8, 8)
    fused = fusion(features, torch.rand(2, 30, 2) * 32, torch.ones(2, 30, 1), (32, 32))
    assert torch.equal(fused, features)
    fused.square().sum().backward()
    assert fusion.norm.weight.grad.abs().sum() > 0, 'and learns to use the pose'


def test_a_published_fusion_starts_with_a_small_convolution() -> None:
    fusion = PoseFusion(64)
    fusion.init_weights()
    assert fusion.conv.weight.std().item() == pytest.approx(1e-3, rel=0.05)
    assert not fusion.conv.bias.any()
    assert fusion.norm.weight.eq(1).all()
