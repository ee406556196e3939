import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from mmpose_ext.models.heads import SoftArgmax3DHead


def one_hot(place: tuple[int, int, int], joints: int = 2, size: tuple = (4, 8, 8)) -> torch.Tensor:
    """Scores that leave no doubt about one (z, y, x), ``(1, J * D, H, W)``."""
    scores = torch.zeros(1, joints, *size)
    scores[(slice(None), slice(None), *place)] = 1e3
    return scores.flatten(1, 2)


@pytest.mark.parametrize(
    ('bin_centers', 'expected'), [(False, (40.0, 16.0, 48.0)), (True, (44.0, 20.0, 56.0))]
)
def test_a_certain_volume_gives_the_place_of_its_bin(bin_centers: bool, expected: tuple) -> None:
    head = SoftArgmax3DHead(1, num_joints=2, depth_bins=4, bin_centers=bin_centers)
    found = head.decode(one_hot((3, 2, 5)))
    torch.testing.assert_close(found.bins[0, 1], torch.tensor([5.0, 2.0, 3.0]))
    torch.testing.assert_close(found.coordinates[0, 1], torch.tensor(expected))
    torch.testing.assert_close(found.scores, torch.ones(1, 2, 1))


@pytest.mark.parametrize(('bin_centers', 'ends'), [(False, (0.0, 56.0)), (True, (4.0, 60.0))])
def test_the_range_is_that_of_the_bins(bin_centers: bool, ends: tuple[float, float]) -> None:
    """As published nothing is ever predicted in the last eighth; centres leave equal margins."""
    head = SoftArgmax3DHead(1, num_joints=2, depth_bins=8, bin_centers=bin_centers)
    for place, expected in ((0, ends[0]), (7, ends[1])):
        found = head.decode(one_hot((place,) * 3, size=(8, 8, 8)))
        torch.testing.assert_close(found.coordinates, torch.full((1, 2, 3), expected))
    middle = head.decode(torch.zeros(1, 16, 8, 8)).coordinates
    torch.testing.assert_close(middle, torch.full((1, 2, 3), sum(ends) / 2))


def test_expectation_and_score_are_those_of_the_joint_distribution() -> None:
    joints, depth, height, width = 3, 5, 4, 6
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(2, joints * depth, height, width)) * 2
    found = SoftArgmax3DHead(1, joints, depth).decode(torch.from_numpy(logits))
    for sample in range(2):
        for joint in range(joints):
            volume = np.exp(logits[sample, joint * depth : (joint + 1) * depth])
            volume /= volume.sum()
            expected = np.zeros(3)
            for z in range(depth):
                for y in range(height):
                    for x in range(width):
                        expected += volume[z, y, x] * np.array([x, y, z])
            np.testing.assert_allclose(found.bins[sample, joint], expected, atol=1e-12)
            score = map_coordinates(volume, expected[::-1, None], order=1)
            np.testing.assert_allclose(found.scores[sample, joint], score, atol=1e-12)
            unit = (expected + 0.5) / [width, height, depth] * 64
            np.testing.assert_allclose(found.coordinates[sample, joint], unit, atol=1e-10)


def test_half_precision_scores_are_decoded_in_single_precision() -> None:
    logits = torch.randn(1, 15 * 8, 8, 8)
    head = SoftArgmax3DHead(1)
    found = head.decode(logits.half())
    assert found.coordinates.dtype == found.scores.dtype == torch.float32
    torch.testing.assert_close(found.bins, head.decode(logits.half().float()).bins)


def test_depth_bins_of_a_joint_are_neighbouring_channels() -> None:
    head = SoftArgmax3DHead(4, num_joints=3, depth_bins=5)
    torch.nn.init.zeros_(head.conv.weight)
    torch.nn.init.zeros_(head.conv.bias)
    head.conv.bias.data[5 + 4] = 1e3
    bins = head(torch.randn(1, 4, 3, 3)).bins
    torch.testing.assert_close(bins[0, :, 2], torch.tensor([2.0, 4.0, 2.0]))
