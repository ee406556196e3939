import numpy as np
import pytest
from scipy import ndimage

from mmpose_ext.datasets.transforms import RandomBlur

FILTERS = dict(mean=ndimage.uniform_filter, median=ndimage.median_filter)


@pytest.mark.parametrize('method', ['mean', 'median'])
@pytest.mark.parametrize('size', [3, 5])
def test_it_is_the_named_filter(photo, method, size):
    blurred = RandomBlur(method, prob=1.0, kernel_sizes=[size])(dict(img=photo.copy()))['img']

    expected = FILTERS[method](photo.astype(float), (size, size, 1))
    inner = slice(size, -size)
    assert np.abs(blurred - expected)[inner, inner].max() <= 1


def test_probability_and_sizes(photo):
    blur = RandomBlur(prob=0.3, kernel_sizes=(3, 7))
    chosen = [blur._choose() for _ in range(3000)]

    assert set(chosen) == {0, 3, 7}
    assert abs(np.mean(np.array(chosen) > 0) - 0.3) < 0.05
    assert RandomBlur(prob=0.0)(dict(img=photo))['img'] is photo


@pytest.mark.parametrize('options', [dict(method='gauss'), dict(kernel_sizes=[4])])
def test_arguments_out_of_range(options):
    with pytest.raises(ValueError):
        RandomBlur(**options)
