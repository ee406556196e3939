import numpy as np
import pytest
from mmpose.datasets.transforms import RandomFlip

from mmpose_ext.datasets.transforms import RandomMirror
from mmpose_ext.skeletons import UNION21


def sample(image):
    rng = np.random.default_rng(0)
    return dict(
        img=image.copy(),
        img_shape=image.shape[:2],
        flip_indices=UNION21.flip_indices,
        bbox=np.float32([[10, 20, 110, 220]]),
        bbox_center=np.float32([[60, 120]]),
        keypoints=rng.uniform(0, 300, (1, 21, 2)).astype(np.float32),
        keypoints_visible=rng.integers(0, 2, (1, 21, 2)).astype(np.float32),
    )


def test_it_is_mmposes_flip(photo):
    ours, stock = RandomMirror(prob=1.0)(sample(photo)), RandomFlip(prob=1.0)(sample(photo))

    assert ours.keys() == stock.keys()
    for key in ours:
        np.testing.assert_array_equal(ours[key], stock[key], err_msg=key)


def test_twice_is_nothing(photo):
    mirror = RandomMirror(prob=1.0)

    twice = mirror(mirror(sample(photo)))

    for key, value in sample(photo).items():
        np.testing.assert_allclose(twice[key], value, atol=1e-3, err_msg=key)


def test_probability(photo):
    mirror = RandomMirror(prob=0.25)
    flips = [mirror(dict(img_shape=(10, 10)))['flip'] for _ in range(2000)]

    assert abs(np.mean(flips) - 0.25) < 0.05
    assert RandomMirror(prob=0.0)(sample(photo))['flip_direction'] is None


def test_probability_out_of_range():
    with pytest.raises(ValueError, match='prob'):
        RandomMirror(prob=1.5)
