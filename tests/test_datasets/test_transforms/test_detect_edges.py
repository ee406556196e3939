import cv2
import numpy as np
import pytest

from mmpose_ext.datasets.transforms import DetectEdges
from mmpose_ext.rendering import canny_magnitude


@pytest.fixture
def square():
    """A bright square on dark ground."""
    image = np.full((60, 70, 3), 30, np.uint8)
    image[20:40, 25:45] = 220
    return image


def border(size):
    """Pixels within a distance of the square's border."""
    inside = np.zeros((60, 70), np.uint8)
    inside[20:40, 25:45] = 1
    kernel = np.ones((2 * size + 1, 2 * size + 1), np.uint8)
    return (cv2.dilate(inside, kernel) > 0) & (cv2.erode(inside, kernel) == 0)


@pytest.mark.parametrize('method', ['canny', 'sobel', 'rtv'])
def test_edges_are_at_the_border_of_a_square(square, method):
    edges = DetectEdges(method, dilation=0)(dict(img=square))['edge']
    assert edges.shape == (60, 70) and edges.dtype == np.float32
    assert set(np.unique(edges)) == {0, 1}
    assert not edges[~border(4)].any()
    closed = cv2.connectedComponents((edges == 0).astype(np.uint8), connectivity=4)[1]
    assert closed[0, 0] != closed[30, 35]


@pytest.mark.parametrize('dilation', [3, 5, 7, 9])
@pytest.mark.parametrize('values', ['binary', 'magnitude'])
def test_edges_are_dilated(square, dilation, values):
    thin = DetectEdges(dilation=0, values=values)(dict(img=square))['edge']
    thick = DetectEdges(dilation=dilation, values=values)(dict(img=square))['edge']
    np.testing.assert_array_equal(thick, cv2.dilate(thin, np.ones((dilation, dilation))))
    assert thick.sum() > thin.sum()


def test_magnitudes_are_not_clipped(square):
    edges = DetectEdges(values='magnitude')(dict(img=square))['edge']
    # The step is 190 / 255 of the range, the ridge of a whole step 2.587.
    np.testing.assert_allclose(edges.max(), 2.587 * 190 / 255, rtol=1e-3)


def test_magnitudes_see_less_than_one_gray_level():
    image = np.full((20, 20, 3), 100, np.uint8)
    image[:, 10:, 0] = 104
    edges = DetectEdges(values='magnitude', dilation=0)(dict(img=image))['edge']
    # 1e-3 is added in quadrature.
    np.testing.assert_allclose(edges.max(), np.hypot(2.587 * 0.114 * 4 / 255, 1e-3), rtol=1e-3)
    swapped = DetectEdges(values='magnitude', dilation=0, swapped_gray=True)(dict(img=image))
    expected = np.hypot(2.587 * 0.299 * 4 / 255, 1e-3)
    np.testing.assert_allclose(swapped['edge'].max(), expected, rtol=1e-3)


def test_release_settings_are_the_magnitude_of_the_swapped_gray():
    image = np.random.default_rng(0).integers(0, 256, (32, 40, 3), np.uint8)
    weights = np.array([0.299, 0.587, 0.114])
    gray = (image / 255 @ weights).astype(np.float32)
    detect = DetectEdges(dilation=5, values='magnitude', swapped_gray=True)
    expected = cv2.dilate(canny_magnitude(gray), np.ones((5, 5)))
    close = np.abs(detect(dict(img=image))['edge'] - expected) < 1e-4
    # Which of two nearly equal neighbours is the ridge may differ with the last bit.
    assert close.mean() > 0.99


def test_smoothing_leaves_less_of_a_texture(square):
    texture = 40 * ((np.add.outer(np.arange(60) // 4, np.arange(70) // 4)) % 2)
    image = (square + texture[..., None].astype(np.uint8)).clip(0, 255).astype(np.uint8)
    counts = {
        method: DetectEdges(method, dilation=0)(dict(img=image))['edge'][~border(5)].sum()
        for method in ('canny', 'rtv')
    }
    assert counts['canny'] > 400
    assert counts['rtv'] < 0.05 * counts['canny']


@pytest.mark.parametrize(
    'settings', [dict(method='hed'), dict(dilation=4), dict(values='soft')], ids=str
)
def test_unknown_settings_are_refused(settings):
    with pytest.raises(ValueError, match=f'{next(iter(settings))} got'):
        DetectEdges(**settings)
