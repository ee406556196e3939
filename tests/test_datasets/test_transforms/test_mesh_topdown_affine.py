"""Crops whose labels and cameras stay exact under rotation, mirroring and unequal focal lengths."""

import copy
import functools
import random

import cv2
import numpy as np
import pytest
from scipy.spatial import cKDTree

from mmpose_ext.body_models import load_standin, superset_regressor
from mmpose_ext.datasets.transforms import LoadEncodedImage, MeshTopdownAffine
from mmpose_ext.datasets.transforms.mesh_topdown_affine import CropChange
from mmpose_ext.skeletons import SUPERSET30

FLIP = SUPERSET30.flip_indices
CAMERA = np.array([[420, 0, 170], [0, 350, 140], [0, 0, 1.0]])
BODY = load_standin()
REGRESSOR = superset_regressor(BODY)
CHANGES = {
    'none': CropChange(),
    'larger': CropChange(scale=0.8),
    'turned': CropChange(rotation_deg=35.0),
    'mirrored': CropChange(flip=True),
    'all': CropChange(scale=1.2, rotation_deg=-28.0, flip=True),
}


def project(matrix, points):
    image = points @ np.asarray(matrix, float).T
    return image[..., :2] / image[..., 2:]


def warp(matrix, points):
    return points @ matrix[:, :2].T + matrix[:, 2]


def vertices_of(smpl):
    return BODY.skin(smpl['betas'], smpl['pose'], smpl['transl'])[0].astype(float)


@functools.cache
def mirrored_vertices():
    """For each vertex of the stand-in its mirror image, found by distance."""
    mirrored = BODY.v_template * [-1, 1, 1]
    distances, partners = cKDTree(BODY.v_template).query(mirrored)
    assert distances.max() < 1e-6
    return partners


@pytest.fixture
def results(photo):
    """A person in a photo of 400 x 300, with everything a sample can have."""
    rng = np.random.default_rng(3)
    pose = rng.normal(0, 0.3, (24, 3)).astype(np.float32)
    pose[0] = [2.9, 0.3, -0.2]
    betas = rng.normal(0, 1, 10).astype(np.float32)
    transl = np.array([0.2, 0.1, 4.2], np.float32)
    smpl = dict(
        pose=pose,
        betas=betas,
        transl=transl,
        gender='neutral',
        root_joint=BODY.rest_root(betas),
    )
    joints = REGRESSOR @ vertices_of(smpl)
    pixels = project(CAMERA, joints).astype(np.float32)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    scored = np.concatenate([pixels, rng.uniform(0.1, 1, (30, 1))], axis=1).astype(np.float32)
    return dict(
        img=photo.copy(),
        img_path='photo.jpg',
        bbox=np.concatenate([low, high])[None],
        bbox_score=np.ones(1, np.float32),
        keypoints=pixels[None],
        keypoints_visible=rng.integers(0, 2, (1, 30)).astype(np.float32),
        joints_cam=(joints - joints[0])[None].astype(np.float32),
        joints_cam_valid=rng.integers(0, 2, (1, 30)).astype(np.float32),
        smpl=smpl,
        smpl_valid=1.0,
        camera=CAMERA.copy(),
        pose2d=scored.copy(),
        neighbours=scored[None] + np.float32([20, 5, 0]),
        persons=[dict(smpl, camera=CAMERA.copy(), bbox_area=100.0)],
        edge=cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255,
    )


def crop(results, change, **arguments):
    transform = MeshTopdownAffine(**arguments)
    transform._choose = lambda: change
    return transform(copy.deepcopy(results))


@pytest.mark.parametrize('change', CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize('input_size', [(256, 256), (96, 128)])
def test_the_crops_camera_projects_the_changed_body_to_where_the_warp_brings_it(
    results, change, input_size
):
    cropped = crop(results, change, input_size=input_size)

    before = vertices_of(results['smpl'])
    expected = warp(cropped['warp_mat'], project(CAMERA, before))
    after = project(cropped['camera_crop'], vertices_of(cropped['smpl']))
    if change.flip:
        after = after[mirrored_vertices()]
    assert np.abs(after - expected).max() < 0.01
    depths = vertices_of(cropped['smpl'])[:, 2]
    np.testing.assert_allclose(
        depths[mirrored_vertices()] if change.flip else depths, before[:, 2], atol=2e-5
    )


@pytest.mark.parametrize('change', CHANGES.values(), ids=CHANGES)
def test_joints_are_those_of_the_changed_body(results, change):
    cropped = crop(results, change)

    joints = REGRESSOR @ vertices_of(cropped['smpl'])
    symmetric = np.ones(30, bool)
    if change.flip:
        # The vertex at the nose is not quite in the middle of the face.
        difference = REGRESSOR[FLIP][:, mirrored_vertices()] - REGRESSOR
        symmetric = np.abs(difference).max(axis=1) < 1e-6
        assert symmetric.sum() >= 29
    found = cropped['joints_cam'][0]
    np.testing.assert_allclose(found[symmetric], (joints - joints[0])[symmetric], atol=2e-5)
    pixels = project(cropped['camera_crop'], joints)
    np.testing.assert_allclose(cropped['keypoints'][0, symmetric], pixels[symmetric], atol=0.01)
    order = FLIP if change.flip else range(30)
    for key in ('keypoints_visible', 'joints_cam_valid'):
        np.testing.assert_array_equal(cropped[key], results[key][:, order])


@pytest.mark.parametrize('change', CHANGES.values(), ids=CHANGES)
def test_everything_in_pixels_moves_with_the_image(results, change):
    cropped = crop(results, change)

    matrix = cropped['warp_mat']
    order = FLIP if change.flip else range(30)
    for key in ('keypoints', 'neighbours', 'pose2d'):
        expected = warp(matrix, results[key][..., order, :2].astype(float))
        np.testing.assert_allclose(cropped[key][..., :2], expected, atol=1e-3)
    for key in ('neighbours', 'pose2d'):
        np.testing.assert_array_equal(cropped[key][..., 2], results[key][..., order, 2])
    (person,) = cropped['persons']
    before = vertices_of(results['smpl'])
    np.testing.assert_allclose(
        project(person['camera_crop'], before), warp(matrix, project(CAMERA, before)), atol=1e-6
    )
    np.testing.assert_array_equal(person['pose'], results['smpl']['pose'])


@pytest.mark.parametrize('change', CHANGES.values(), ids=CHANGES)
def test_pixels_come_from_where_the_matrix_says(results, change):
    cropped = crop(results, change)

    back = np.linalg.inv(np.vstack([cropped['warp_mat'], [0, 0, 1]]))
    height, width = results['img'].shape[:2]
    compared = 0
    for u, v in ((128, 128), (100, 60), (37, 190), (220, 90), (180, 230)):
        x, y = warp(back[:2], np.array([u, v], float))
        if not (1 <= x < width - 2 and 1 <= y < height - 2):
            continue
        left, top = int(x), int(y)
        part = results['img'][top : top + 2, left : left + 2].astype(float)
        across = part[:, 0] * (1 - (x - left)) + part[:, 1] * (x - left)
        expected = across[0] * (1 - (y - top)) + across[1] * (y - top)
        # OpenCV interpolates at 1/32 of a pixel.
        np.testing.assert_allclose(cropped['img'][v, u], expected, atol=6)
        grey = cv2.cvtColor(np.uint8([[np.rint(expected)]]), cv2.COLOR_BGR2GRAY)[0, 0] / 255
        assert cropped['edge'][v, u] == pytest.approx(grey, abs=0.03)
        compared += 1
    assert compared >= 3
    assert cropped['img'].dtype == np.uint8 and cropped['edge'].dtype == np.float32


def test_the_padded_square_is_centred_in_the_crop(results):
    results['bbox'] = np.array([[100, 40, 180, 200]], np.float32)
    results['persons'] = []

    cropped = crop(results, CropChange())

    side = 160 * 1.25
    np.testing.assert_allclose(
        cropped['crop_box'], [[140 - side / 2, 120 - side / 2, 140 + side / 2, 120 + side / 2]]
    )
    np.testing.assert_allclose(
        cropped['warp_mat'],
        [[256 / side, 0, 128 - 140 * 256 / side], [0, 256 / side, 128 - 120 * 256 / side]],
    )
    wide = crop(results, CropChange(), input_size=(96, 128), padding=1.0)
    np.testing.assert_allclose(wide['crop_box'], [[80, 40, 200, 200]])


def test_boxes_are_clipped_before_they_grow(results):
    results['bbox'] = np.array([[-100, 20, 99, 900]], np.float32)

    cropped = crop(results, CropChange(), padding=1.0)

    # Inside the image of 400 x 300 are 99 x 279 of it, about (49.5, 159.5).
    np.testing.assert_allclose(
        cropped['crop_box'], [[49.5 - 139.5, 159.5 - 139.5, 49.5 + 139.5, 159.5 + 139.5]]
    )


def test_mirroring_a_mirrored_crop_gives_the_crop(results):
    plain = crop(results, CropChange())
    once = crop(results, CropChange(flip=True))
    # The mirrored crop as a photo of its own: the same square, so nothing is scaled or moved.
    again = dict(
        copy.deepcopy(once),
        camera=once['camera_crop'],
        bbox=np.array([[0, 0, 256, 256]], np.float32),
        persons=[],
    )
    transform = MeshTopdownAffine(padding=1.0)
    transform._choose = lambda: CropChange(flip=True)
    transform._crop_box = lambda *_: (np.array([128.0, 128.0]), np.array([256.0, 256.0]))

    twice = transform(again)

    for key in ('keypoints', 'joints_cam', 'neighbours', 'pose2d', 'camera_crop'):
        np.testing.assert_allclose(twice[key], plain[key], atol=1e-3, err_msg=key)
    for key in ('keypoints_visible', 'joints_cam_valid'):
        np.testing.assert_array_equal(twice[key], plain[key])
    np.testing.assert_allclose(twice['smpl']['pose'], plain['smpl']['pose'], atol=1e-6)
    np.testing.assert_allclose(twice['smpl']['transl'], plain['smpl']['transl'], atol=1e-6)
    # Column u comes from column 256 - u; the first has no partner.
    np.testing.assert_allclose(twice['img'][:, 1:], plain['img'][:, 1:], atol=1)


def test_encoded_images_give_the_same_crop_also_at_half_size(results, tmp_path):
    path = str(tmp_path / 'photo.jpg')
    large = cv2.resize(results['img'], (1600, 1200), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(path, large, [cv2.IMWRITE_JPEG_QUALITY, 98])
    results.update(bbox=results['bbox'] * 4, keypoints=results['keypoints'] * 4)
    del results['img'], results['edge']
    encoded = LoadEncodedImage()(dict(results, img_path=path))
    decoded = dict(results, img=cv2.imread(path), img_path=path)

    for reduced in (True, False):
        first = crop(encoded, CHANGES['all'], reduced_decoding=reduced)
        second = crop(decoded, CHANGES['all'])
        difference = np.abs(first['img'].astype(int) - second['img'])
        assert difference.mean() < (1.5 if reduced else 0.01)
        np.testing.assert_array_equal(first['warp_mat'], second['warp_mat'])
        assert first['ori_shape'] == (1200, 1600)


def test_augmentation_has_the_published_distribution():
    random.seed(0)
    transform = MeshTopdownAffine()
    changes = [transform._choose() for _ in range(4000)]

    scales = np.array([change.scale for change in changes])
    turns = np.array([change.rotation_deg for change in changes])
    gains = np.array([change.gains for change in changes])
    assert scales.min() == 0.75 and scales.max() == 1.25
    # A normal variable is outside of one standard deviation in 31.7 % of all cases.
    assert np.isin(scales, (0.75, 1.25)).mean() == pytest.approx(0.317, abs=0.025)
    assert (turns != 0).mean() == pytest.approx(0.6, abs=0.025)
    assert np.abs(turns).max() == 60
    assert (np.abs(turns[turns != 0]) == 60).mean() == pytest.approx(0.0455, abs=0.015)
    assert np.mean([change.flip for change in changes]) == pytest.approx(0.5, abs=0.025)
    assert gains.min() >= 0.8 and gains.max() <= 1.2
    assert gains.mean(axis=0) == pytest.approx([1, 1, 1], abs=0.01)


def test_without_augmentation_nothing_is_random(results):
    transform = MeshTopdownAffine(scale=0, rotate_prob=0, flip_prob=0, color=0)

    first, second = (transform(copy.deepcopy(results)) for _ in range(2))

    np.testing.assert_array_equal(first['img'], second['img'])
    np.testing.assert_array_equal(first['img'], crop(results, CropChange())['img'])
    np.testing.assert_array_equal(first['smpl']['pose'], results['smpl']['pose'])


def test_gains_act_on_the_crop_per_channel(results):
    plain = crop(results, CropChange())['img'].astype(float)
    gains = (0.8, 1.0, 1.2)

    changed = crop(results, CropChange(gains=gains))

    expected = np.clip(np.rint(plain * gains), 0, 255)
    np.testing.assert_allclose(changed['img'], expected, atol=1)
    assert (expected == 255).any()
    np.testing.assert_array_equal(changed['edge'], crop(results, CropChange())['edge'])


def test_the_input_is_not_changed(results):
    before = copy.deepcopy(results)
    transform = MeshTopdownAffine()
    transform._choose = lambda: CHANGES['all']

    transform(dict(results, persons=copy.deepcopy(results['persons'])))

    for key in ('img', 'keypoints', 'joints_cam', 'camera', 'pose2d', 'neighbours'):
        np.testing.assert_array_equal(results[key], before[key])
    np.testing.assert_array_equal(results['smpl']['pose'], before['smpl']['pose'])


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(width=300, height=400), '400 x 300 pixels, but is annotated as 300 x 400'),
        (dict(bbox=np.full((1, 4), np.nan, np.float32)), 'photo.jpg: the box .* does not lie'),
        (dict(bbox=np.float32([[500, 10, 600, 10]])), 'photo.jpg: the box .* does not lie'),
        (dict(edge=np.zeros((3, 4), np.float32)), r'edge has shape \(3, 4\), expected \(300, 400'),
    ],
)
def test_samples_that_contradict_their_image_are_errors(results, change, message):
    with pytest.raises(ValueError, match=message):
        crop(results | change, CropChange())


@pytest.mark.parametrize(
    'arguments',
    [dict(input_size=(0, 256)), dict(padding=0), dict(scale=1), dict(flip_prob=2), dict(color=-1)],
)
def test_arguments_out_of_range_are_refused(arguments):
    with pytest.raises(ValueError, match=f'{next(iter(arguments))} got'):
        MeshTopdownAffine(**arguments)
