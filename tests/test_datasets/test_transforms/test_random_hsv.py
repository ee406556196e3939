import numpy as np
import pytest
from mmpose.datasets.transforms import YOLOXHSVRandomAug

from mmpose_ext.datasets.transforms import RandomHSV


def with_gains(kind, gains):
    """A transform of this kind that always draws the same gains."""
    fixed = type('Fixed', (kind,), dict(_get_hsv_gains=lambda self: np.array(gains, np.int16)))
    return fixed()


@pytest.mark.parametrize('gains', [(5, 0, 0), (-5, 30, -30), (0, -17, 29), (3, 0, -1)])
def test_it_gives_the_pixels_of_mmpose(photo, gains):
    ours = with_gains(RandomHSV, gains)(dict(img=photo.copy()))['img']
    stock = with_gains(YOLOXHSVRandomAug, gains)(dict(img=photo.copy()))['img']

    np.testing.assert_array_equal(ours, stock)
    assert (ours != photo).any()


def test_no_gain_changes_nothing(photo):
    same = with_gains(RandomHSV, (0, 0, 0))(dict(img=photo.copy()))['img']

    np.testing.assert_array_equal(same, photo)
