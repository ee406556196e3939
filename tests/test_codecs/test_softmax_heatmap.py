import math

import numpy as np
import pytest
from mmpose.codecs import UDPHeatmap
from mmpose.registry import KEYPOINT_CODECS

from mmpose_ext.codecs import SoftmaxHeatmap

SIZES = dict(input_size=(96, 128), heatmap_size=(24, 32))


@pytest.fixture
def codec():
    return KEYPOINT_CODECS.build(dict(type='mmpose_ext.SoftmaxHeatmap', **SIZES, sigma=1.5))


@pytest.fixture
def keypoints():
    rng = np.random.default_rng(0)
    return rng.uniform((12, 12), (84, 116), (1, 200, 2)).astype(np.float32)


def gaussian_logits(keypoints, sigma, offsets):
    """The logarithm of a Gaussian at each keypoint, written down, plus a constant each."""
    columns = np.arange(24)[None, None] * 95 / 23
    rows = np.arange(32)[None, :, None] * 127 / 31
    x, y = keypoints[0, :, 0, None, None], keypoints[0, :, 1, None, None]
    dx, dy = (columns - x) * 23 / 95, (rows - y) * 31 / 127
    return (-(dx**2 + dy**2) / (2 * sigma**2) + offsets[:, None, None]).astype(np.float32)


def test_finds_the_centre_between_positions_whatever_the_constant(codec, keypoints):
    offsets = np.random.default_rng(1).normal(0, 50, 200)
    found, scores = codec.decode(gaussian_logits(keypoints, 1.5, offsets))
    # With `use_udp=True`, the last pixel's centre is the box's edge: 95 becomes 96.
    expected = keypoints * [96 / 95, 128 / 127]
    assert np.abs(found - expected).max() < 0.01
    assert scores.min() > 0.8 and scores.max() <= 1


def test_labels_are_gaussians_around_the_exact_place(codec):
    rng = np.random.default_rng(2)
    # Also at, and beyond, every border.
    keypoints = rng.uniform((-20, -20), (116, 148), (1, 300, 2)).astype(np.float32)
    visible = (rng.random((1, 300)) < 0.8).astype(np.float32)
    encoded = codec.encode(keypoints, visible)
    for k, (x, y) in enumerate(keypoints[0] * [23 / 95, 31 / 127]):
        near = -4.5 < x < 23 + 4.5 and -4.5 < y < 31 + 4.5
        assert encoded['keypoint_weights'][0, k] == (visible[0, k] if near else 0)
        for row, column in ((0, 0), (5, 3), (31, 23), (16, 12)):
            expected = math.exp(-((column - x) ** 2 + (row - y) ** 2) / 4.5) * visible[0, k] * near
            assert encoded['heatmaps'][k, row, column] == pytest.approx(expected, abs=1e-5)


def test_labels_are_those_of_udp_where_its_window_is_whole(keypoints):
    codec = SoftmaxHeatmap(**SIZES, sigma=1)
    stock = UDPHeatmap(**SIZES, sigma=1).encode(keypoints)
    encoded = codec.encode(keypoints)
    inside = stock['heatmaps'] > 0
    np.testing.assert_allclose(encoded['heatmaps'][inside], stock['heatmaps'][inside], atol=1e-5)
    # The rest is what lies beyond three standard deviations along either axis.
    assert encoded['heatmaps'][~inside].max() < math.exp(-(3**2) / 2)
    np.testing.assert_array_equal(encoded['keypoint_weights'], stock['keypoint_weights'])


def test_labels_come_back(codec):
    keypoints = np.random.default_rng(3).uniform((2, 2), (93, 125), (1, 200, 2))
    encoded = codec.encode(keypoints.astype(np.float32))
    found, scores = codec.decode(np.log(encoded['heatmaps'] + 1e-20) + 7)
    error = np.abs(found - keypoints * [96 / 95, 128 / 127])
    # Half a pixel of the map at a border, exact elsewhere.
    assert error.max() < 2.2
    assert error[((keypoints > 4) & (keypoints < (91, 123))).all(-1)].max() < 0.01
    assert scores.max() <= 1


def test_several_people_are_refused(codec, keypoints):
    with pytest.raises(ValueError, match='expected \\(1, K, 2\\)'):
        codec.encode(np.concatenate([keypoints, keypoints]))


def test_score_falls_with_the_spread_as_the_peak_of_a_gaussian(codec):
    keypoints = np.array([[[47.5, 63.5]]], np.float32)
    scores = [
        codec.decode(gaussian_logits(keypoints, sigma, np.zeros(1)))[1].item()
        for sigma in (1.5, 2.0, 3.0)
    ]
    # The peak of a normalized Gaussian goes with 1 / sigma**2; the middle lies between positions.
    assert scores[1] / scores[0] == pytest.approx((1.5 / 2) ** 2, rel=0.1)
    assert scores[2] / scores[0] == pytest.approx((1.5 / 3) ** 2, rel=0.12)


def test_a_mirrored_map_decodes_to_the_mirrored_keypoint(codec, keypoints):
    logits = gaussian_logits(keypoints, 1.5, np.zeros(200))
    found, _ = codec.decode(logits)
    mirrored, _ = codec.decode(np.ascontiguousarray(logits[:, :, ::-1]))
    np.testing.assert_allclose(mirrored[..., 0], 96 - found[..., 0], atol=1e-3)
    np.testing.assert_allclose(mirrored[..., 1], found[..., 1], atol=1e-3)
