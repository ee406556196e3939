"""Crops, targets, images and masks of clips agree with each other and with MMPose."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmpose.structures.bbox import get_warp_matrix

from mmpose_ext.datasets.transforms import (
    CropClip,
    LoadClipImages,
    LoadClipMasks,
    PackMotionInputs,
    PackVideoMeshInputs,
)
from mmpose_ext.datasets.transforms.crop_clip import (
    crop_matrices,
    normalize_points,
    read_crop,
    square_crops,
)

BOXES = np.array([[40, 30, 60, 120], [100, 80, 200, 50]], np.float32)


def clip(paths=(), **more):
    frames = len(BOXES)
    rng = np.random.default_rng(0)
    zeros = np.zeros((frames, 49), np.float32)
    return dict(
        id=3,
        video_id='v',
        source='me',
        frame_ids=np.arange(frames),
        bbox_xywh=BOXES.copy(),
        bbox_score=np.ones(frames, np.float32),
        crop_scale=1.2,
        keypoints=rng.uniform(0, 200, (frames, 49, 2)).astype(np.float32),
        keypoints_visible=zeros + 1,
        joints=np.zeros((frames, 49, 3), np.float32),
        joints_visible=zeros,
        joints_valid=zeros[:, 0],
        smpl_pose=np.zeros((frames, 24, 3), np.float32),
        smpl_betas=np.zeros((frames, 10), np.float32),
        smpl_transl=np.zeros((frames, 3), np.float32),
        smpl_valid=zeros[:, 0],
        scored=zeros[:, 0] + 1,
        img_paths=list(paths),
        **more,
    )


@pytest.fixture
def images(tmp_path):
    """Two photos (300, 400) as JPEG and PNG, smooth so that a shift shows but codecs do not."""
    paths = []
    for n, name in enumerate(('0.jpg', '1.png')):
        coarse = np.random.default_rng(n).integers(0, 256, (12, 16, 3)).astype(np.uint8)
        image = cv2.resize(coarse, (400, 300), interpolation=cv2.INTER_CUBIC)
        paths.append(str(tmp_path / name))
        cv2.imwrite(paths[-1], image, [cv2.IMWRITE_JPEG_QUALITY, 98])
    return paths


def test_crops_are_squares_around_the_boxes_as_mmposes():
    crops = square_crops(BOXES, 1.2)

    np.testing.assert_allclose(crops, [[70, 90, 144], [200, 105, 240]], rtol=1e-6)
    for crop, matrix in zip(crops, crop_matrices(crops, 224)):
        expected = get_warp_matrix(crop[:2], crop[[2, 2]], 0, (224, 224))
        np.testing.assert_allclose(matrix, expected, atol=1e-4)


def test_targets_are_in_the_crops_own_pixels():
    results = CropClip()(clip())

    pixels = clip()['keypoints']
    for t, matrix in enumerate(crop_matrices(results['crops'], 224)):
        in_crop = pixels[t] @ matrix[:, :2].T + matrix[:, 2]
        np.testing.assert_allclose((results['keypoints'][t] + 1) / 2 * 224, in_crop, atol=1e-3)
    # The crop's corners are -1 and 1.
    corners = results['bboxes'].reshape(-1, 2, 2)
    np.testing.assert_allclose(
        normalize_points(corners, results['crops']), [[[-1, -1], [1, 1]]] * 2, atol=1e-6
    )


def test_what_is_not_known_is_zero():
    sample = clip()
    sample['keypoints_visible'][:, 5] = 0
    results = CropClip()(sample)
    assert (results['keypoints'][:, 5] == 0).all() and (results['keypoints'][:, 4] != 0).all()


def test_jitter_is_one_for_the_clip_and_moves_targets_with_the_crop():
    still = CropClip()(clip())
    moved = CropClip(scale_jitter=0.3, shift_jitter=0.2)(clip())

    sides = moved['crops'][:, 2] / still['crops'][:, 2]
    assert sides[0] == pytest.approx(sides[1]) and abs(sides[0] - 1) <= 0.3 and sides[0] != 1
    shift = (moved['crops'] - still['crops'])[:, :2] / still['crops'][:, 2:]
    np.testing.assert_allclose(shift[0], shift[1])
    back = moved['keypoints'] * moved['crops'][:, None, 2:] / 2 + moved['crops'][:, None, :2]
    np.testing.assert_allclose(back, clip()['keypoints'], atol=1e-3)
    with pytest.raises(ValueError, match='features'):
        CropClip(scale_jitter=0.3)(clip(features=np.zeros((2, 8))))
    with pytest.raises(ValueError, match='shift_jitter got 1'):
        CropClip(shift_jitter=1)


def test_images_show_what_the_targets_say(images):
    """A crop's pixel is the image's pixel there, by interpolation of the whole image."""
    results = LoadClipImages(64)(CropClip()(clip(images)))

    assert results['img'].shape == (2, 64, 64, 3) and results['ori_shape'] == (300, 400)
    for t, path in enumerate(images):
        full = cv2.imread(path).astype(np.float32)
        cx, cy, side = results['crops'][t]
        u, v = np.meshgrid(np.arange(64.0), np.arange(64.0))
        x = (cx + (u - 32) * side / 64).astype(np.float32)
        y = (cy + (v - 32) * side / 64).astype(np.float32)
        expected = cv2.remap(full, x, y, cv2.INTER_LINEAR)
        # JPEGs are decoded at a reduced size, which averages.
        difference = np.abs(expected - results['img'][t])[8:-8, 8:-8]
        assert difference.mean() < 4, path
    np.testing.assert_array_equal(results['img'][0], read_crop(images[0], results['crops'][0], 64))


def test_repeated_frames_are_read_once(images, monkeypatch):
    sample = clip([images[0], images[0]])
    sample['bbox_xywh'][1] = sample['bbox_xywh'][0]
    results = CropClip()(sample)
    reads = []
    original = LoadClipImages.transform.__globals__['read_image_bytes']
    monkeypatch.setitem(
        LoadClipImages.transform.__globals__,
        'read_image_bytes',
        lambda *a: reads.append(a) or original(*a),
    )
    images = LoadClipImages(32)(results)['img']
    assert len(reads) == 1
    np.testing.assert_array_equal(images[0], images[1])


def test_damaged_and_missing_images_are_named(images, tmp_path):
    load, sample = LoadClipImages(32), CropClip()(clip([images[0], str(tmp_path / 'no.jpg')]))
    with pytest.raises(FileNotFoundError, match='no.jpg'):
        load(sample)
    for content, message in ((b'x' * 30, 'cannot be decoded'), (b'', 'cannot be decoded')):
        (tmp_path / 'no.jpg').write_bytes(content)
        with pytest.raises(ValueError, match=f'no.jpg.*{message}'):
            load(sample)
    (tmp_path / 'no.jpg').write_bytes(Path(images[0]).read_bytes()[:-100])
    with pytest.raises(ValueError, match='no.jpg.*truncated'):
        load(sample)
    with pytest.raises(ValueError, match='no crops, expected CropClip'):
        load(clip(images))
    without = CropClip()(clip())
    del without['img_paths']
    with pytest.raises(ValueError, match='no img_paths'):
        load(without)


def test_images_are_read_through_file_backends(images):
    sample = CropClip()(clip([f'petrel/{path}' for path in images]))
    backend = dict(backend='local')
    sample['img_paths'] = images
    np.testing.assert_array_equal(
        LoadClipImages(32, backend)(sample)['img'], LoadClipImages(32)(sample)['img']
    )


def test_masks_are_cut_as_images_are(images, tmp_path):
    paths = []
    for n in range(2):
        mask = np.zeros((300, 400), np.uint8)
        mask[50:150, 40:220] = 255 if n == 0 else 128
        paths.append(str(tmp_path / f'mask{n}.png'))
        cv2.imwrite(paths[-1], mask)
    results = LoadClipMasks(64)(LoadClipImages(64)(CropClip()(clip(images, mask_paths=paths))))

    assert results['mask'].shape == (2, 64, 64) and results['mask'].dtype == np.float32
    for t, value in enumerate((1, 128 / 255)):
        cx, cy, side = results['crops'][t]
        u, v = np.meshgrid(np.arange(64.0), np.arange(64.0))
        x, y = cx + (u - 32) * side / 64, cy + (v - 32) * side / 64
        edge = 1.5 + side / 64
        inside = (x > 40 + edge) & (x < 219 - edge) & (y > 50 + edge) & (y < 149 - edge)
        outside = (x < 40 - edge) | (x > 219 + edge) | (y < 50 - edge) | (y > 149 + edge)
        assert inside.sum() > 100
        np.testing.assert_allclose(results['mask'][t][inside], value, atol=1e-6)
        assert (results['mask'][t][outside] == 0).all()
    cropped = LoadClipMasks(30, cropped=True)(results)['mask']
    assert cropped.shape == (2, 30, 30) and cropped.max() == 1
    cv2.imwrite(paths[0], np.zeros((10, 10), np.uint8))
    with pytest.raises(ValueError, match=r'mask0.png.*\(10, 10\), expected \(300, 400\)'):
        LoadClipMasks(64)(results)
    (tmp_path / 'mask0.png').unlink()
    with pytest.raises(FileNotFoundError, match='mask .*mask0.png'):
        LoadClipMasks(64)(results)


def test_a_packed_clip_has_a_row_per_frame(images, tmp_path):
    camera = np.tile(np.eye(3), (2, 1, 1))
    sample = clip(images, features=np.ones((2, 8), np.float32), camera=camera)
    results = LoadClipImages(32)(CropClip()(sample))
    results['mask'] = np.ones((2, 32, 32), np.float32)

    packed = PackVideoMeshInputs()(results)

    inputs, sample = packed['inputs'], packed['data_samples']
    assert inputs['img'].shape == (2, 3, 32, 32) and inputs['img'].dtype == torch.uint8
    np.testing.assert_array_equal(inputs['img'].permute(0, 2, 3, 1), results['img'])
    assert inputs['features'].shape == (2, 8) and inputs['mask'].shape == (2, 1, 32, 32)
    shapes = {key: value.shape[1:] for key, value in sample.gt_instances.items()}
    assert len(sample.gt_instances) == 2
    assert shapes == dict(
        keypoints=(49, 2),
        keypoints_visible=(49,),
        joints=(49, 3),
        joints_visible=(49,),
        joints_valid=(),
        smpl_pose=(24, 3),
        smpl_betas=(10,),
        smpl_transl=(3,),
        smpl_valid=(),
        bboxes=(4,),
        bbox_scores=(),
        scored=(),
    )
    assert all(value.dtype == np.float32 for value in sample.gt_instances.values())
    assert (sample.id, sample.video_id, sample.source) == (3, 'v', 'me')
    assert sample.img_paths == images and sample.ori_shape == (300, 400)
    np.testing.assert_array_equal(sample.camera, camera)


def test_what_cannot_be_packed_says_what_is_missing():
    with pytest.raises(ValueError, match='expected CropClip'):
        PackVideoMeshInputs()(clip())
    with pytest.raises(ValueError, match='neither features nor images'):
        PackVideoMeshInputs()(CropClip()(clip()))


def test_motion_is_packed():
    packed = PackMotionInputs()(dict(motion=np.ones((4, 69), np.float32), source='amass', fps=25.0))
    assert packed['inputs']['motion'].shape == (4, 69)
    assert packed['data_samples'].source == 'amass' and packed['data_samples'].fps == 25
