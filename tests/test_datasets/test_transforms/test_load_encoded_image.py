import cv2
import numpy as np
import pytest
from PIL import Image

from mmpose_ext.datasets.transforms import LoadEncodedImage
from mmpose_ext.datasets.transforms.image_bytes import decode_image, image_shape, is_truncated


def encode(image, extension='.jpg', *options):
    return cv2.imencode(extension, image, list(options))[1].tobytes()


@pytest.mark.parametrize(
    'options',
    [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1), (cv2.IMWRITE_JPEG_RST_INTERVAL, 4)],
    ids=['baseline', 'progressive', 'restart'],
)
def test_shape_of_a_jpeg(photo, options):
    assert image_shape(encode(photo, '.jpg', *options)) == (300, 400)


def test_shape_of_a_grey_jpeg(photo):
    assert image_shape(encode(photo[..., 0])) == (300, 400)


def test_exif_data_make_the_shape_unknown(photo):
    exif = b'\xff\xe1' + (8 + 2).to_bytes(2, 'big') + b'Exif\x00\x00II'
    data = encode(photo)

    assert image_shape(data[:2] + exif + data[2:]) is None


@pytest.mark.parametrize('extension', ['.png', '.bmp'])
def test_other_formats_are_decoded_at_once(photo, tmp_path, extension):
    path = str(tmp_path / f'photo{extension}')
    cv2.imwrite(path, photo)

    results = LoadEncodedImage()(dict(img_path=path))

    np.testing.assert_array_equal(results['img'], photo)
    assert results['img_shape'] == results['ori_shape'] == (300, 400)
    assert 'img_bytes' not in results


def test_jpegs_stay_encoded(photo, tmp_path):
    path = str(tmp_path / 'photo.jpg')
    cv2.imwrite(path, photo)

    results = LoadEncodedImage()(dict(img_path=path))

    assert 'img' not in results
    assert results['img_shape'] == results['ori_shape'] == (300, 400)
    np.testing.assert_array_equal(decode_image(results['img_bytes']), cv2.imread(path))


@pytest.mark.parametrize('quality', [30, 95])
@pytest.mark.parametrize(
    'sampling',
    [
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411,
    ],
)
def test_jpegs_decode_to_the_pixels_of_opencv(quality, sampling):
    noise = np.random.default_rng(0).integers(0, 256, (61, 83, 3), np.uint8)
    options = (cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling)
    for image in (noise, noise[..., 0]):
        data = encode(image, '.jpg', *options)
        expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        np.testing.assert_array_equal(decode_image(data), expected)


def test_a_rotation_asked_for_by_exif_is_done(photo, tmp_path):
    path = tmp_path / 'photo.jpg'
    orientation = Image.Exif()
    orientation[0x0112] = 6
    Image.fromarray(photo).save(path, exif=orientation)

    results = LoadEncodedImage()(dict(img_path=str(path)))

    assert results['img_shape'] == (400, 300)
    np.testing.assert_array_equal(results['img'], cv2.imread(str(path)))


def test_images_in_memory_pass(photo):
    results = LoadEncodedImage()(dict(img=photo))

    assert results['img'] is photo
    assert results['img_shape'] == results['ori_shape'] == (300, 400)


@pytest.mark.parametrize('extension', ['.jpg', '.png'])
@pytest.mark.parametrize('lost', [2, 13, 1000, 5000])
def test_truncation_is_seen(photo, extension, lost):
    data = encode(photo, extension)

    assert not is_truncated(data)
    assert is_truncated(data[:-lost])


def test_bytes_after_the_end_are_allowed(photo):
    assert not is_truncated(encode(photo) + b'\n\x00\x00')


def test_a_thumbnails_end_does_not_hide_a_truncation(photo):
    thumbnail = encode(photo[::8, ::8])
    exif = b'\xff\xe1' + (8 + len(thumbnail)).to_bytes(2, 'big') + b'Exif\x00\x00' + thumbnail
    data = encode(photo)
    whole = data[:2] + exif + data[2:]

    assert not is_truncated(whole)
    assert is_truncated(whole[:-400])


@pytest.mark.parametrize(
    'content', [b'', b'<html>', b'\xff\xd8\xff\xe0', b'\x89PNG\r\n\x1a\nIEND\xaeB`\x82']
)
def test_what_is_no_image_is_named(tmp_path, content):
    path = tmp_path / 'photo.jpg'
    path.write_bytes(content)

    with pytest.raises(ValueError, match=r'photo\.jpg.*\d+ bytes'):
        LoadEncodedImage()(dict(img_path=str(path)))
