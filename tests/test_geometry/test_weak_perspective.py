import numpy as np
import pytest
import torch

from mmpose_ext.geometry import (
    project_points,
    weak_full_image_camera,
    weak_image_intrinsics,
    weak_to_crop,
    weak_to_image,
    weak_translation,
)

RNG = np.random.default_rng(0)
# People of 1.7 m who fill their crops, at angles of any size.
POINTS = RNG.uniform((-0.5, -0.9, -0.4), (0.5, 0.9, 0.4), (6, 20, 3))
CAMERAS = np.stack(
    [RNG.uniform(0.7, 1.1, 6), RNG.uniform(-0.1, 0.1, 6), RNG.uniform(-0.1, 0.1, 6)], axis=1
)
CENTRES, SIDES = RNG.uniform(50, 900, (6, 2)), RNG.uniform(80, 600, (6, 1))
BOXES = np.concatenate([CENTRES - SIDES / 2, CENTRES + SIDES / 2], axis=1)


def test_translation_is_the_published_one():
    np.testing.assert_allclose(
        weak_translation(np.array([0.9, 0.1, -0.2])), [0.1, -0.2, 10000 / (224 * 0.9)], rtol=1e-9
    )


def test_crop_is_nearly_weak_perspective():
    weak = CAMERAS[:, None, :1] * (POINTS[..., :2] + CAMERAS[:, None, 1:])
    projected = weak_to_crop(POINTS, CAMERAS)
    assert np.abs(projected - weak).max() < 0.01
    flat = POINTS * (1, 1, 0)
    np.testing.assert_allclose(weak_to_crop(flat, CAMERAS), weak, atol=1e-9)


def test_crop_is_a_pinhole_camera_of_224_pixels():
    intrinsics = np.array([[5000, 0, 112], [0, 5000, 112], [0, 0, 1.0]])
    for points, camera, result in zip(POINTS, CAMERAS, weak_to_crop(POINTS, CAMERAS)):
        pixels = project_points(points + weak_translation(camera), intrinsics)
        np.testing.assert_allclose(result, pixels / 112 - 1, atol=1e-12)


def test_image_pixels_are_those_of_the_image_camera_and_the_warped_crop():
    pixels = weak_to_image(POINTS, CAMERAS, BOXES)
    placed = POINTS + weak_translation(CAMERAS)[:, None]
    np.testing.assert_allclose(
        pixels, project_points(placed, weak_image_intrinsics(BOXES)), rtol=1e-12
    )
    crop = (weak_to_crop(POINTS, CAMERAS) + 1) * 112
    warped = BOXES[:, None, :2] + crop * (SIDES / 224)[:, None]
    np.testing.assert_allclose(pixels, warped, rtol=1e-12)


def test_full_image_camera_shows_the_same_pixels():
    flat = POINTS * (1, 1, 0)
    camera = weak_full_image_camera(CAMERAS, BOXES, 1280, 720)
    unit = camera[:, None, :2] * (flat[..., :2] + camera[:, None, 2:])
    np.testing.assert_allclose(
        (unit + 1) * (640, 360), weak_to_image(flat, CAMERAS, BOXES), rtol=1e-9
    )


def test_tensors_give_the_same_with_gradients():
    points, cameras, boxes = (torch.tensor(array) for array in (POINTS, CAMERAS, BOXES))
    for function, arguments in (
        (weak_to_crop, (points, cameras)),
        (weak_to_image, (points, cameras, boxes)),
        (weak_image_intrinsics, (boxes,)),
        (weak_translation, (cameras,)),
    ):
        arrays = [argument.numpy() for argument in arguments]
        torch.testing.assert_close(function(*arguments), torch.tensor(function(*arrays)))
    full = weak_full_image_camera(cameras, boxes, 1280, 720)
    torch.testing.assert_close(
        full, torch.tensor(weak_full_image_camera(CAMERAS, BOXES, 1280, 720))
    )
    small = points[:1, :3].clone().requires_grad_(), cameras[:1].clone().requires_grad_()
    assert torch.autograd.gradcheck(weak_to_crop, small)


@pytest.mark.parametrize('scale', [0.0, -0.3, 1e4])
def test_scales_of_untrained_networks_are_finite(scale):
    camera = torch.tensor([[scale, 0.0, 0.0]], requires_grad=True)
    projected = weak_to_crop(torch.tensor(POINTS[:1], dtype=torch.float32), camera)
    projected.sum().backward()
    assert projected.isfinite().all()
    assert camera.grad.isfinite().all()


def test_wrong_shapes_and_mixed_arrays_are_errors():
    with pytest.raises(ValueError, match=r'got an array of shape \(6, 2\), expected \(..., 3\)'):
        weak_translation(CAMERAS[:, :2])
    with pytest.raises(TypeError, match='expected only tensors or no tensor'):
        weak_to_crop(POINTS, torch.tensor(CAMERAS))
