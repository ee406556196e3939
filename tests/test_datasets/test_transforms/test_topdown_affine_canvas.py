import cv2
import numpy as np
import pytest
from mmpose.datasets.transforms import RandomFlip, TopdownAffine

from mmpose_ext.datasets.transforms import LoadEncodedImage, RandomMirror, TopdownAffineCanvas
from mmpose_ext.skeletons import UNION21

STUDENT, CANVAS, MARGIN = (192, 256), (256, 256), 32
WINDOW = slice(MARGIN, MARGIN + STUDENT[0])


def sample(image, rotation=0.0, center=(210.3, 140.8), scale=(120.0, 200.0)):
    rng = np.random.default_rng(2)
    return dict(
        img=image.copy(),
        img_shape=image.shape[:2],
        flip_indices=UNION21.flip_indices,
        bbox_center=np.float32([center]),
        bbox_scale=np.float32([scale]),
        bbox_rotation=np.float32([rotation]),
        keypoints=rng.uniform(0, 300, (1, 21, 2)).astype(np.float32),
        keypoints_visible=np.ones((1, 21, 2), np.float32),
    )


def encoded(image, tmp_path, **options):
    path = str(tmp_path / 'photo.jpg')
    cv2.imwrite(path, image)
    results = sample(image, **options)
    del results['img']
    return LoadEncodedImage()(dict(results, img_path=path))


def difference(a, b):
    return np.abs(a.astype(int) - b.astype(int))


@pytest.mark.parametrize('scale', [(120.0, 200.0), (300.0, 200.0), (37.0, 51.0)])
def test_the_middle_is_what_the_student_would_see(photo, scale):
    ours = TopdownAffineCanvas(STUDENT, CANVAS)(sample(photo, scale=scale))
    stock = TopdownAffine(STUDENT)(sample(photo, scale=scale))

    assert ours['img'].shape == (256, 256, 3)
    np.testing.assert_array_equal(ours['img'][:, WINDOW], stock['img'])


@pytest.mark.parametrize('rotation', [37.0, -80.0, 12.5])
def test_rotated_it_differs_by_at_most_one_grey_level(photo, rotation):
    ours = TopdownAffineCanvas(STUDENT, CANVAS)(sample(photo, rotation))
    stock = TopdownAffine(STUDENT)(sample(photo, rotation))

    assert difference(ours['img'][:, WINDOW], stock['img']).max() <= 1


@pytest.mark.parametrize('rotation', [0.0, 37.0])
def test_keypoints_and_meta_are_the_students(photo, rotation):
    ours = TopdownAffineCanvas(STUDENT, CANVAS)(sample(photo, rotation))
    stock = TopdownAffine(STUDENT)(sample(photo, rotation))

    np.testing.assert_allclose(
        ours['transformed_keypoints'], stock['transformed_keypoints'], atol=1e-3
    )
    for key in ('input_size', 'input_center', 'input_scale', 'bbox_scale'):
        np.testing.assert_array_equal(ours[key], stock[key])


def test_a_dot_lies_at_its_keypoint_plus_the_margin():
    image = np.zeros((300, 400, 3), np.uint8)
    image[150, 230] = 255
    results = sample(image, rotation=30.0, scale=(150.0, 200.0))
    results['keypoints'][0, 0] = 230, 150

    results = TopdownAffineCanvas(STUDENT, CANVAS)(results)

    weights = results['img'][..., 0].astype(float)
    rows, columns = np.indices(weights.shape)
    centre = [(weights * axis).sum() / weights.sum() for axis in (columns, rows)]
    expected = results['transformed_keypoints'][0, 0] + (MARGIN, 0)
    np.testing.assert_allclose(centre, expected, atol=0.25)


def test_flip_and_canvas_commute(photo):
    """Mirroring the picture first gives the mirrored canvas, if the box is mirrored with it."""
    plain = TopdownAffineCanvas(STUDENT, CANVAS)(sample(photo, center=(199.5, 150)))
    mirrored = RandomMirror(prob=1.0)(sample(photo, center=(199.5, 150)))
    mirrored = TopdownAffineCanvas(STUDENT, CANVAS)(mirrored)

    # The box's centre goes to x = width / 2, so mirrored columns add up to the width.
    assert difference(mirrored['img'][:, 1:], plain['img'][:, :0:-1]).max() <= 1
    x = plain['transformed_keypoints'][0, UNION21.flip_indices, 0]
    np.testing.assert_allclose(mirrored['transformed_keypoints'][0, :, 0], 192 - x, atol=1e-3)


@pytest.mark.parametrize('rotation', [0.0, 25.0])
def test_a_pending_mirror_equals_mirroring_the_pixels(photo, tmp_path, rotation):
    ours = RandomMirror(prob=1.0)(encoded(photo, tmp_path, rotation=rotation))
    assert 'img' not in ours
    ours = TopdownAffineCanvas(STUDENT, CANVAS)(ours)

    decoded = cv2.imread(str(tmp_path / 'photo.jpg'))
    stock = RandomFlip(prob=1.0)(sample(decoded, rotation))
    stock['img'] = np.ascontiguousarray(stock['img'])
    stock = TopdownAffine(STUDENT)(stock)

    assert difference(ours['img'][:, WINDOW], stock['img']).max() <= 2
    np.testing.assert_allclose(
        ours['transformed_keypoints'], stock['transformed_keypoints'], atol=1e-3
    )
    assert 'pending_flip' not in ours


@pytest.mark.parametrize(('shrink', 'reduction'), [(1.9, 1), (2.1, 2), (4.2, 4), (8.1, 8)])
def test_reduced_decoding_does_not_shift_the_image(tmp_path, shrink, reduction):
    """On a ramp a shift by one pixel of the full image changes all grey levels by 0.3 or more."""
    rows, columns = np.indices((480, 640))
    ramp = np.stack([0.39 * columns, 0.5 * rows, 0.3 * columns], axis=-1).round().astype(np.uint8)
    size = dict(center=(320.0, 240.0), scale=(36 * shrink, 48 * shrink), rotation=5.0)
    reduced = TopdownAffineCanvas((36, 48), (48, 48))
    full = TopdownAffineCanvas((36, 48), (48, 48), reduced_decoding=False)
    assert reduced._reduction(shrink) == reduction

    ours = reduced(encoded(ramp, tmp_path, **size))['img'].astype(float)
    expected = full(encoded(ramp, tmp_path, **size))['img']

    # Without the half-pixel terms it would be off by (reduction - 1) / 2 pixels. Decoding at 1/8
    # brightens by 0.14, wherever one looks.
    tolerance = 0.2 if reduction == 8 else 0.07
    assert np.abs((ours - expected).mean(axis=(0, 1))).max() < tolerance
    assert np.abs(ours - expected).max() <= 3


def test_without_a_canvas_it_is_the_stock_transform(photo, tmp_path):
    ours = TopdownAffineCanvas(STUDENT, reduced_decoding=False)(encoded(photo, tmp_path))
    stock = TopdownAffine(STUDENT)(sample(cv2.imread(str(tmp_path / 'photo.jpg'))))

    np.testing.assert_array_equal(ours['img'], stock['img'])


@pytest.mark.parametrize('use_udp', [False, True])
def test_udp(photo, use_udp):
    ours = TopdownAffineCanvas(STUDENT, CANVAS, use_udp=use_udp)(sample(photo))
    stock = TopdownAffine(STUDENT, use_udp=use_udp)(sample(photo))

    assert difference(ours['img'][:, WINDOW], stock['img']).max() <= 1


def test_inference_without_keypoints(photo):
    results = sample(photo)
    del results['keypoints'], results['keypoints_visible']

    results = TopdownAffineCanvas(STUDENT)(results)

    assert results['img'].shape == (256, 192, 3)


@pytest.mark.parametrize('canvas', [(190, 256), (257, 256), (256, 200)])
def test_impossible_canvases(canvas):
    with pytest.raises(ValueError, match='canvas_size'):
        TopdownAffineCanvas(STUDENT, canvas)


def test_several_persons_are_refused(photo):
    results = sample(photo)
    results['bbox_center'] = np.zeros((2, 2), np.float32)
    results['bbox_scale'] = np.ones((2, 2), np.float32)

    with pytest.raises(ValueError, match='one person'):
        TopdownAffineCanvas(STUDENT)(results)


def test_a_crop_does_not_change_when_the_next_image_is_decoded():
    rng = np.random.default_rng(0)

    def crop():
        image = rng.integers(0, 256, (90, 120, 3), np.uint8)
        return TopdownAffineCanvas((24, 32))(
            dict(
                img_bytes=cv2.imencode('.jpg', image)[1].tobytes(),
                img_shape=(90, 120),
                img_path='made up',
                bbox_center=np.array([[60.0, 45.0]], np.float32),
                bbox_scale=np.array([[30.0, 40.0]], np.float32),
            )
        )['img']

    first = crop()
    before = first.copy()
    assert not np.array_equal(crop(), before)
    np.testing.assert_array_equal(first, before)
