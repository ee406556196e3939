import numpy as np
from scipy.stats import kstest, truncnorm

from mmpose_ext.datasets.transforms import RandomBoxTransform


def test_numbers_follow_the_truncated_normal_distribution():
    np.random.seed(0)  # noqa: NPY002 - MMPose's transforms draw from it
    values = RandomBoxTransform._truncnorm(size=(2000, 4))

    assert values.shape == (2000, 4)
    assert values.dtype == np.float32
    assert np.abs(values).max() <= 1
    assert kstest(values.ravel(), truncnorm(-1, 1).cdf).pvalue > 0.01
    assert (
        kstest(RandomBoxTransform._truncnorm(0.5, 3, (5000,)), truncnorm(0.5, 3).cdf).pvalue > 0.01
    )


def test_boxes_stay_within_the_factors():
    transform = RandomBoxTransform(scale_factor=(0.6, 1.4), rotate_factor=80)
    for _ in range(200):
        results = transform(
            dict(bbox_center=np.float32([[50, 60]]), bbox_scale=np.float32([[30, 40]]))
        )
        assert 0.6 <= results['bbox_scale'][0, 0] / 30 <= 1.4
        assert abs(results['bbox_rotation'][0]) <= 80
        assert np.all(
            np.abs(results['bbox_center'] - [[50, 60]]) <= 0.16 * np.array([30, 40]) + 1e-4
        )
