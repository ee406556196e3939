import numpy as np
import pytest
from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine

from mmpose_ext.datasets.datasets.body.box_policy import adjust_box
from mmpose_ext.registry import DATASETS

POINTS = np.float32([[[40, 50], [70, 90], [55, 140], [500, 500]]])
VISIBLE = np.float32([[1, 1, 1, 0]])


@pytest.mark.parametrize(
    ('policy', 'expected'),
    [
        ('tight', [10, 20, 110, 220]),
        ('square', [-40, 20, 160, 220]),
        ('tall', [-15, 20, 135, 220]),
        ('keypoints', [40, 50, 70, 140]),
    ],
)
def test_policies(policy, expected):
    box = adjust_box(policy, np.array([[10, 20, 110, 220]]), POINTS, VISIBLE)

    np.testing.assert_allclose(box, [expected])
    assert box.dtype == np.float32


@pytest.mark.parametrize('visible', [[0, 0, 0, 0], [1, 0, 0, 0]])
def test_too_few_keypoints_keep_the_annotated_box(visible):
    box = np.float32([[1, 2, 3, 4]])

    np.testing.assert_array_equal(adjust_box('keypoints', box, POINTS, np.float32([visible])), box)


def pixels_per_pixel(data, box):
    """How large an MPII person becomes in a 192x256 input."""
    dataset = DATASETS.build(
        dict(
            type='mmpose_ext.UnionDataset',
            skeleton='union21',
            sources=dict(mpii=data.source('mpii', box=box)),
            pipeline=[dict(type='mmpose_ext.LoadEncodedImage')],
        )
    )
    results = GetBBoxCenterScale()(dataset.get_data_info(0))
    results['img'] = np.zeros((200, 260, 3), np.uint8)
    points = results['keypoints'][0]
    moved = TopdownAffine((192, 256))(results)['transformed_keypoints'][0]
    return np.ptp(moved[5:17, 0]) / np.ptp(points[5:17, 0])


def test_an_mpii_square_shows_persons_at_three_quarters(data):
    """A square of 140 pixels, padded to 175, grows to 175 x 233 to get the input's aspect."""
    assert pixels_per_pixel(data, 'square') == pytest.approx(192 / 175, rel=1e-3)
    assert pixels_per_pixel(data, 'tight') == pytest.approx(192 / 175, rel=1e-3)
    assert pixels_per_pixel(data, 'tall') == pytest.approx(256 / 175, rel=1e-3)
