import cv2
import numpy as np
import pytest

from mmpose_ext.datasets.transforms import image_bytes


def jpeg(height, width, seed=0):
    texture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    data = cv2.imencode('.jpg', cv2.GaussianBlur(texture, (7, 7), 2))[1].tobytes()
    return data, cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize('installed', [True, False])
def test_images_of_growing_and_shrinking_size_have_opencvs_pixels(monkeypatch, installed):
    if installed:
        pytest.importorskip('simplejpeg')
    else:
        monkeypatch.setattr(image_bytes, 'simplejpeg', None)
    for seed, (height, width) in enumerate([(33, 47), (120, 80), (16, 16), (121, 79)]):
        data, expected = jpeg(height, width, seed)
        shape = image_bytes.image_shape(data)
        assert shape == (height, width)
        np.testing.assert_array_equal(image_bytes.decode_for_a_moment(data, shape), expected)


def test_memory_is_used_again():
    pytest.importorskip('simplejpeg')
    image_bytes.decode_for_a_moment(jpeg(200, 200)[0], (200, 200))
    first = image_bytes.decode_for_a_moment(jpeg(60, 50)[0], (60, 50))
    second = image_bytes.decode_for_a_moment(jpeg(40, 70)[0], (40, 70))
    assert np.shares_memory(first, second)


def test_what_is_no_image_gives_none():
    pytest.importorskip('simplejpeg')
    data, _ = jpeg(60, 50)
    # A frame header, and nothing of the kind after it.
    assert image_bytes.decode_for_a_moment(data[:2] + b'\x00' * 200, (60, 50)) is None
