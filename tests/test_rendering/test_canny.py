import cv2
import numpy as np
import pytest

from mmpose_ext.rendering import canny_edges, canny_magnitude, dilate, sobel, to_gray

# A step of height 1 after the Gaussian: the centre difference over it spans weights 0 and 1.
_WEIGHTS = np.exp(-0.5 * np.arange(-2, 3) ** 2) / np.exp(-0.5 * np.arange(-2, 3) ** 2).sum()
_STEP = 4 * (_WEIGHTS[2] + _WEIGHTS[3])


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (19, 23), np.uint8)


def gradient(gray):
    """Gaussian and Sobel by sums over each pixel's neighbours."""
    height, width = gray.shape
    around = np.pad(gray, 2, mode='reflect')
    blurred = np.zeros((height, width))
    for y, x in np.ndindex(height, width):
        blurred[y, x] = np.sum(around[y : y + 5, x : x + 5] * np.outer(_WEIGHTS, _WEIGHTS))
    around = np.pad(blurred, 1, mode='edge')
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    gx, gy = np.zeros((height, width)), np.zeros((height, width))
    for y, x in np.ndindex(height, width):
        gx[y, x] = np.sum(around[y : y + 3, x : x + 3] * kernel)
        gy[y, x] = np.sum(around[y : y + 3, x : x + 3] * kernel.T)
    return gx, gy


def ridges(gray):
    """Magnitude where both neighbours along the gradient's direction are smaller."""
    gx, gy = gradient(gray)
    length = np.pad(np.sqrt(gx**2 + gy**2 + 1e-6), 1)
    kept = np.zeros(gx.shape)
    for y, x in np.ndindex(gx.shape):
        octant = round(np.arctan2(gy[y, x], gx[y, x]) / (np.pi / 4))
        dx, dy = round(np.cos(octant * np.pi / 4)), round(np.sin(octant * np.pi / 4))
        value = length[y + 1, x + 1]
        if value > max(length[y + 1 + dy, x + 1 + dx], length[y + 1 - dy, x + 1 - dx]):
            kept[y, x] = value
    return kept


def test_magnitude_is_that_of_a_loop_over_pixels(noise):
    expected = ridges(noise / 255)
    assert 30 < (expected > 0).sum() < 200
    np.testing.assert_allclose(canny_magnitude(noise), expected, atol=1e-5)
    as_float = (noise / 255).astype(np.float32)
    np.testing.assert_allclose(canny_magnitude(as_float), expected, atol=1e-5)


def test_sobel_is_the_gradient_of_the_smoothed_picture(noise):
    np.testing.assert_allclose(sobel(noise), np.hypot(*gradient(noise / 255)), atol=1e-5)


def test_magnitude_commutes_with_mirroring(noise):
    for mirror in (np.fliplr, np.flipud):
        mirrored = canny_magnitude(np.ascontiguousarray(mirror(noise)))
        np.testing.assert_array_equal(mirrored, mirror(canny_magnitude(noise)))


def test_magnitude_depends_on_the_surroundings_alone(noise):
    large = np.full((60, 70), 255, np.uint8)
    large[17 : 17 + 19, 31 : 31 + 23] = noise
    whole = canny_magnitude(large)
    np.testing.assert_array_equal(
        canny_magnitude(np.ascontiguousarray(large[13:41, 27:59])), whole[13:41, 27:59]
    )
    assert not whole[:13].any() and not whole[41:].any()


@pytest.mark.parametrize('transposed', [False, True])
def test_a_step_is_one_line_of_known_height(transposed):
    picture = np.zeros((20, 30), np.float32)
    picture[:, 15:] = 1
    lines = canny_magnitude(np.ascontiguousarray(picture.T) if transposed else picture)
    lines = lines.T if transposed else lines
    np.testing.assert_array_equal((lines > 0).sum(1), np.ones(20))
    np.testing.assert_allclose(lines.max(1), _STEP, rtol=1e-5)
    assert set(np.flatnonzero(lines.any(0))) <= {14, 15}


@pytest.mark.parametrize('value', [0, 100, 255])
def test_an_even_picture_has_no_edges(value):
    picture = np.full((12, 9), value, np.uint8)
    assert not canny_edges(picture).any()
    assert not canny_magnitude(picture).any()
    assert not sobel(picture).any()


@pytest.mark.parametrize('side', [11, 24])
def test_canny_outlines_a_square_once(side):
    picture = np.zeros((60, 60), np.uint8)
    picture[20 : 20 + side, 20 : 20 + side] = 255
    edges = canny_edges(picture)
    assert edges.max() == 1
    # A closed line of one pixel's width runs along the inner or the outer side of the border.
    assert 4 * (side - 1) - 4 <= edges.sum() <= 4 * (side + 1)
    shrunk = cv2.erode(picture, np.ones((5, 5)))
    assert not edges[shrunk > 0].any()
    assert not edges[cv2.dilate(picture, np.ones((5, 5))) == 0].any()
    outside = (edges == 0).astype(np.uint8)
    _, labels = cv2.connectedComponents(outside, connectivity=4)
    assert labels[0, 0] != labels[20 + side // 2, 20 + side // 2]


def test_canny_thresholds_are_those_of_the_full_range():
    # An edge needs a gradient above 0.2: a step of 0.2 / 2.587 of the range.
    limit = 255 * 0.2 / _STEP
    for height, found in ((limit - 1, False), (limit + 1, True)):
        picture = np.full((20, 20), 90, np.uint8)
        picture[:, 10:] += round(height)
        assert canny_edges(picture).any() == found


def test_canny_follows_a_weak_edge_from_a_strong_one():
    weak, strong = (round(255 * gradient / _STEP) for gradient in (0.15, 0.3))
    picture = np.full((40, 20), 90, np.uint8)
    picture[:, 10:] += weak
    assert not canny_edges(picture).any()
    picture[:8, 10:] = 90 + strong
    assert canny_edges(picture)[-10:].any(1).all()


def test_gray_weighs_green_most():
    image = np.zeros((1, 3, 3), np.float32)
    image[0, range(3), range(3)] = 1
    np.testing.assert_allclose(to_gray(image)[0], [0.114, 0.587, 0.299], atol=1e-6)
    np.testing.assert_allclose(to_gray(image, swapped=True)[0], [0.299, 0.587, 0.114], atol=1e-6)
    with pytest.raises(ValueError, match=r'\(4, 5\)'):
        to_gray(np.zeros((4, 5), np.uint8))


@pytest.mark.parametrize('size', [0, 1, 3, 9])
def test_dilation_is_the_maximum_of_a_square(noise, size):
    reach = size // 2
    around = np.pad(noise, reach)
    expected = np.zeros_like(noise)
    for y, x in np.ndindex(noise.shape):
        expected[y, x] = around[y : y + 2 * reach + 1, x : x + 2 * reach + 1].max()
    np.testing.assert_array_equal(dilate(noise, size), expected)
    np.testing.assert_array_equal(dilate(noise.astype(np.float32), size), expected)


@pytest.mark.parametrize('size', [-1, 2, 2.5, True])
def test_other_dilations_are_refused(noise, size):
    with pytest.raises(ValueError, match='odd number'):
        dilate(noise, size)


@pytest.mark.parametrize(
    'picture', [np.zeros((4, 4, 3), np.uint8), np.zeros((0, 4), np.uint8), np.zeros((4, 4))]
)
def test_other_pictures_are_refused(picture):
    for detect in (canny_edges, canny_magnitude, sobel):
        with pytest.raises(ValueError, match='gray got'):
            detect(picture)
