import numpy as np
import pytest
from mmpose.datasets.transforms import YOLOXHSVRandomAug

from mmpose_ext.datasets.transforms import RandomHSV


@pytest.mark.parametrize('gains', [(5, 0, 0), (-5, 30, -30), (0, -17, 29), (3, 0, -1)])
def test_it_gives_the_pixels_of_mmpose(photo, gains, monkeypatch):
    for kind in (YOLOXHSVRandomAug, RandomHSV):
        monkeypatch.setattr(kind, '_get_hsv_gains', lambda self: np.array(gains, np.int16))

    ours = RandomHSV()(dict(img=photo.copy()))['img']
    stock = YOLOXHSVRandomAug()(dict(img=photo.copy()))['img']

    np.testing.assert_array_equal(ours, stock)
    assert (ours != photo).any()


def test_no_gain_changes_nothing(photo, monkeypatch):
    monkeypatch.setattr(RandomHSV, '_get_hsv_gains', lambda self: np.zeros(3, np.int16))

    np.testing.assert_array_equal(RandomHSV()(dict(img=photo.copy()))['img'], photo)
