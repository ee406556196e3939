import numpy as np
import pytest
from mmpose.datasets.transforms import GenerateTarget

from mmpose_ext.datasets.transforms import GenerateSimCCTarget

CODEC = dict(
    type='SimCCLabel',
    input_size=(192, 256),
    sigma=(4.9, 5.66),
    simcc_split_ratio=2.0,
    normalize=False,
)


def sample(channels):
    rng = np.random.default_rng(0)
    # From far outside to far inside, with the rounding's ties.
    keypoints = rng.uniform(-40, 300, (1, 400, 2)).astype(np.float32)
    keypoints[0, :40] = np.round(keypoints[0, :40]) + 0.25
    visible = rng.integers(0, 2, (1, 400)).astype(np.float32)
    if channels:
        visible = np.stack([visible, np.ones_like(visible)], axis=-1)
    return dict(transformed_keypoints=keypoints, keypoints_visible=visible)


@pytest.mark.parametrize('channels', [False, True])
@pytest.mark.parametrize(
    'options',
    [
        dict(),
        dict(normalize=True),
        dict(sigma=6.0, input_size=(96, 128)),
        dict(simcc_split_ratio=3.0, sigma=(2.0, 1.5)),
    ],
)
def test_it_gives_the_labels_of_mmpose(options, channels):
    codec = CODEC | options

    ours = GenerateSimCCTarget(codec)(sample(channels))
    stock = GenerateTarget(encoder=codec)(sample(channels))

    assert ours.keys() == stock.keys()
    for key in ('keypoint_x_labels', 'keypoint_y_labels', 'keypoint_weights'):
        assert ours[key].dtype == np.float32
        np.testing.assert_allclose(ours[key], stock[key], rtol=1e-5, atol=1e-7, err_msg=key)
    np.testing.assert_array_equal(ours['keypoints_visible'], stock['keypoints_visible'])
    assert 0 < (ours['keypoint_weights'] > 0).mean() < 0.5


def test_the_peak_is_at_the_joint():
    results = dict(
        transformed_keypoints=np.float32([[[50.0, 70.0]]]), keypoints_visible=np.ones((1, 1))
    )

    results = GenerateSimCCTarget(CODEC)(results)

    assert results['keypoint_x_labels'][0, 0].argmax() == 100
    assert results['keypoint_y_labels'][0, 0].argmax() == 140
    assert results['keypoint_x_labels'][0, 0, 100] == 1
    # One sigma away a Gaussian falls to exp(-1/2).
    value = np.interp(100 + 4.9, np.arange(384), results['keypoint_x_labels'][0, 0])
    assert value == pytest.approx(np.exp(-0.5), abs=0.01)


@pytest.mark.parametrize(
    'codec', [dict(type='MSRAHeatmap'), CODEC | dict(smoothing_type='standard')]
)
def test_other_codecs_are_refused(codec):
    with pytest.raises(ValueError, match='SimCCLabel'):
        GenerateSimCCTarget(codec)
