import cv2
import numpy as np
import pytest
import torch

from mmpose_ext.geometry import PinholeCamera, crop_camera, fold_affine, project, project_points

RNG = np.random.default_rng(0)
POINTS = RNG.uniform([-1, -1, 2], [1, 1, 6], (60, 3))
CAMERA = PinholeCamera(1100, 900, 300, 260, 640, 480)
SQUARE = PinholeCamera(1000, 1000, 310, 250, 640, 480)


def affine(angle_deg=0.0, scale=1.0, flip=False, shear=0.0, shift=(0.0, 0.0)):
    matrix = cv2.getRotationMatrix2D((300, 200), angle_deg, scale)
    matrix[:, 2] += shift
    matrix[0, 1] += shear
    if flip:
        matrix = matrix @ np.array([[-1, 0, 639], [0, 1, 0], [0, 0, 1.0]])
    return matrix


AFFINES = {
    'identity': affine(),
    'rotation': affine(33, 0.4, shift=(-80, 20)),
    'flip': affine(flip=True),
    'rotated flip': affine(-118, 0.7, flip=True, shift=(9, 50)),
    'shear': affine(20, 2.0, shear=0.5),
}
parametrize_affine = pytest.mark.parametrize('matrix', AFFINES.values(), ids=AFFINES.keys())


def direct(points, camera, matrix):
    """Project to the image, then warp the pixels."""
    return cv2.transform(project(points, camera)[None], matrix)[0]


@parametrize_affine
@pytest.mark.parametrize('camera', [CAMERA, SQUARE])
def test_crop_camera_projects_to_the_warped_pixels(matrix, camera):
    pixels = project_points(POINTS, crop_camera(camera.matrix, matrix))
    np.testing.assert_allclose(pixels, direct(POINTS, camera, matrix), atol=1e-9)


@parametrize_affine
@pytest.mark.parametrize('camera', [CAMERA, SQUARE])
def test_folded_points_have_the_same_pixels_and_depths(matrix, camera):
    points, folded, flips = fold_affine(POINTS, crop_camera(camera.matrix, matrix), 256, 192)
    np.testing.assert_allclose(project(points, folded), direct(POINTS, camera, matrix), atol=1e-9)
    np.testing.assert_array_equal(points[:, 2], POINTS[:, 2])
    assert (folded.width, folded.height) == (256, 192)
    assert flips == (np.linalg.det(matrix[:, :2]) < 0)


@parametrize_affine
def test_flips_says_whether_triangles_turn_over(matrix):
    points, folded, flips = fold_affine(POINTS, crop_camera(CAMERA.matrix, matrix), 256, 256)

    def areas(pixels):
        a, b, c = pixels[:20], pixels[20:40], pixels[40:]
        return np.linalg.det(np.stack([b - a, c - a], axis=1))

    before, after = areas(project(POINTS, CAMERA)), areas(project(points, folded))
    assert (np.sign(before) == np.sign(after) * (-1 if flips else 1)).all()


@pytest.mark.parametrize('name', ['identity', 'rotation', 'flip', 'rotated flip'])
def test_rotations_and_flips_of_square_pixels_keep_the_shape(name):
    points, _, _ = fold_affine(POINTS, crop_camera(SQUARE.matrix, AFFINES[name]), 256, 256)
    before = np.linalg.norm(POINTS[:, None] - POINTS, axis=-1)
    after = np.linalg.norm(points[:, None] - points, axis=-1)
    np.testing.assert_allclose(after, before, atol=1e-9)


def test_plain_crop_of_any_pixels_leaves_the_points():
    matrix = affine(scale=0.3, shift=(10, -30))
    points, folded, flips = fold_affine(POINTS, crop_camera(CAMERA.matrix, matrix), 256, 256)
    np.testing.assert_allclose(points, POINTS, rtol=1e-14)
    np.testing.assert_allclose([folded.fx, folded.fy], [330, 270])
    assert not flips


def test_projection_keeps_gradients_and_batches():
    matrices = np.stack([crop_camera(CAMERA.matrix, matrix) for matrix in AFFINES.values()])
    expected = np.stack([project_points(POINTS, matrix) for matrix in matrices])
    batched = crop_camera(CAMERA.matrix, np.stack(list(AFFINES.values())))
    np.testing.assert_allclose(batched, matrices, atol=1e-12)
    points = np.broadcast_to(POINTS, (len(matrices), *POINTS.shape))
    np.testing.assert_allclose(project_points(points, matrices), expected, atol=1e-9)
    tensor = torch.tensor(POINTS[:5], requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: project_points(x, torch.tensor(matrices[3])), tensor)


def test_projection_keeps_its_precision_under_autocast():
    points, matrix = (torch.tensor(x, dtype=torch.float32) for x in (POINTS, CAMERA.matrix))
    with torch.autocast('cpu', torch.bfloat16):
        pixels = project_points(points, matrix)
    np.testing.assert_allclose(pixels, project(POINTS, CAMERA), atol=1e-3)


@pytest.mark.parametrize('kind', [np.array, torch.tensor])
def test_points_not_in_front_have_no_image_or_a_finite_one(kind):
    points, matrix = kind([[0.1, 0.2, -1], [0.1, 0.2, 0], [0.1, 0.2, 2]]), kind(CAMERA.matrix)
    strict = np.asarray(project_points(points, matrix))
    assert np.isnan(strict[:2]).all()
    np.testing.assert_allclose(strict[2], [355, 350])
    clamped = np.asarray(project_points(points, matrix, min_depth=0.5))
    np.testing.assert_allclose(clamped, [[520, 620], [520, 620], [355, 350]])


def test_gradients_are_finite_behind_the_camera():
    points = torch.tensor([[0.1, 0.2, -1], [0, 0, 0]], requires_grad=True)
    project_points(points, torch.tensor(CAMERA.matrix).float(), min_depth=0.1).sum().backward()
    assert points.grad.isfinite().all()


@pytest.mark.parametrize(
    ('matrix', 'message'),
    [
        (np.zeros((3, 3)), 'the last row'),
        (np.diag([1.0, 0, 1]), 'invertible'),
        (np.full((3, 3), np.nan), 'finite'),
        (np.eye(4), r'finite \(3, 3\)'),
        (np.diag([1.0, 1, 2]), 'the last row'),
    ],
)
def test_impossible_matrices_are_errors(matrix, message):
    with pytest.raises(ValueError, match=message):
        fold_affine(POINTS, matrix, 10, 10)


def test_wrong_shapes_are_errors():
    with pytest.raises(ValueError, match=r'expected \(\.\.\., 2, 3\)'):
        crop_camera(CAMERA.matrix, np.eye(3))
    with pytest.raises(ValueError, match=r'expected \(\.\.\., 3\)'):
        project_points(np.zeros((5, 2)), CAMERA.matrix)
