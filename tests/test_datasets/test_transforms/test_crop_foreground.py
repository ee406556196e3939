import cv2
import numpy as np
import pytest

from mmpose_ext.datasets.transforms import CropForeground, PackForegroundInputs

HEIGHT, WIDTH, SIZE = 60, 90, 32


@pytest.fixture
def files(tmp_path):
    """An image that is its own mask: a bright ellipse, and another one outside of the box."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(mask, (30, 32), (12, 20), 20, 0, 360, 255, -1)
    cv2.ellipse(mask, (80, 20), (6, 9), 0, 0, 360, 255, -1)
    cv2.imwrite(str(tmp_path / 'image.png'), cv2.merge([mask] * 3))
    cv2.imwrite(str(tmp_path / 'mask.png'), mask)
    return dict(
        img_path=str(tmp_path / 'image.png'),
        mask_path=str(tmp_path / 'mask.png'),
        bbox_xywh=np.array([15, 10, 30, 44], np.float32),
    )


def crop(files, **options):
    return CropForeground(SIZE, **options)(dict(files))


@pytest.mark.parametrize(
    'options',
    [
        dict(),
        dict(flip_prob=1.0),
        dict(scale=2.4),
        dict(scale_jitter=0.3, shift_jitter=0.2, flip_prob=0.5),
    ],
)
def test_image_and_mask_take_the_same_way(files, options):
    for _ in range(4):
        found = crop(files, **options)
        assert found['img'].shape == (SIZE, SIZE, 3) and found['foreground'].shape == (SIZE, SIZE)
        known = found['foreground'] != 255
        bright = found['img'][..., 0] >= 128
        assert (bright[known] != (found['foreground'] == 1)[known]).mean() < 0.01
        assert (found['foreground'] == 1).any()


def test_pixels_outside_of_the_image_are_not_labelled(files):
    files['bbox_xywh'] = np.array([-10, 5, 40, 50], np.float32)
    found = crop(files, scale=1.6)
    centre_x, centre_y, side = found['crop']
    assert (centre_x, centre_y, side) == (10, 30, 80)
    for row in range(SIZE):
        for column in range(SIZE):
            x = centre_x + (column - SIZE / 2) * side / SIZE
            y = centre_y + (row - SIZE / 2) * side / SIZE
            inside = -0.5 <= x <= WIDTH - 0.5 and -0.5 <= y <= HEIGHT - 0.5
            assert (found['foreground'][row, column] != 255) == inside
    background = crop(files, scale=1.6, outside=0)['foreground']
    expected = np.where(found['foreground'] == 255, 0, found['foreground'])
    np.testing.assert_array_equal(background, expected)
    with pytest.raises(ValueError, match='outside got 1'):
        CropForeground(SIZE, outside=1)


def test_mirrored_it_is_the_mirror_image(files):
    plain, mirrored = crop(files), crop(files, flip_prob=1.0)
    np.testing.assert_array_equal(mirrored['img'], plain['img'][:, ::-1])
    np.testing.assert_array_equal(mirrored['foreground'], plain['foreground'][:, ::-1])
    assert mirrored['flip'] and not plain['flip']


def test_soft_masks_are_cut_at_the_threshold(files, tmp_path):
    soft = np.zeros((HEIGHT, WIDTH), np.uint8)
    soft[:, :30], soft[:, 30:] = 40, 80
    cv2.imwrite(str(tmp_path / 'mask.png'), soft)
    for threshold, columns in ((0.1, slice(None)), (0.2, slice(SIZE // 2 + 1, None))):
        label = crop(files, threshold=threshold)['foreground']
        expected = np.zeros_like(label)
        expected[:, columns] = 1
        known = label != 255
        assert (label[known] != expected[known]).mean() < 0.04
    assert not (crop(files, threshold=0.5)['foreground'] == 1).any()


def test_packed(files):
    packed = PackForegroundInputs()(crop(files) | dict(video_id='a', frame_id=3))
    assert packed['inputs']['img'].shape == (3, SIZE, SIZE)
    sample = packed['data_samples']
    assert sample.gt_fields.foreground.shape == (1, SIZE, SIZE)
    assert (sample.video_id, sample.frame_id) == ('a', 3)
    with pytest.raises(ValueError, match='expected CropForeground before'):
        PackForegroundInputs()(dict(files))


def test_bad_files_and_options_are_errors(files, tmp_path):
    cv2.imwrite(str(tmp_path / 'other.png'), np.zeros((HEIGHT, WIDTH + 1), np.uint8))
    with pytest.raises(ValueError, match=r'height and width \(60, 91\), expected \(60, 90\)'):
        crop(files | dict(mask_path=str(tmp_path / 'other.png')))
    with pytest.raises(FileNotFoundError, match=r"mask '.*none\.png' does not exist"):
        crop(files | dict(mask_path=str(tmp_path / 'none.png')))
    (tmp_path / 'broken.png').write_bytes((tmp_path / 'mask.png').read_bytes()[:-9])
    with pytest.raises(ValueError, match=r'broken\.png.*truncated'):
        crop(files | dict(mask_path=str(tmp_path / 'broken.png')))
    for options in (dict(scale=0), dict(flip_prob=2), dict(scale_jitter=1), dict(threshold=-1)):
        with pytest.raises(ValueError, match=f'{next(iter(options))} got'):
            CropForeground(SIZE, **options)
