import numpy as np
import pytest
import torch

from mmpose_ext.geometry import (
    PinholeCamera,
    crop_translation,
    image_camera,
    image_translation,
    predicted_to_crop,
    predicted_to_image,
    project,
    unify_cameras,
)

RNG = np.random.default_rng(0)
CAM = RNG.normal(0, 0.5, (8, 3))
BODIES = RNG.uniform([-0.5, -0.9, -0.4], [0.5, 0.9, 0.4], (8, 30, 3))
BOXES = np.c_[RNG.uniform(-50, 300, (8, 2)), np.repeat(RNG.uniform(60, 600, (8, 1)), 2, axis=1)]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_depth_is_a_sigmoid_times_the_depth_at_which_the_assumed_size_fills_the_crop():
    translation = crop_translation(CAM)
    np.testing.assert_array_equal(translation[:, :2], CAM[:, :2])
    np.testing.assert_allclose(translation[:, 2], 48.828125 * sigmoid(CAM[:, 2]), rtol=1e-12)
    farthest = crop_translation(np.array([0, 0, 50.0]), 200, focal=1000, camera_size=3)
    camera = PinholeCamera(1000, 1000, 100, 100, 200, 200)
    edges = project(np.array([[-1.5, 0, 0], [1.5, 0, 0]]) + farthest, camera)
    np.testing.assert_allclose(edges[:, 0], [0, 200], atol=1e-9)


def test_depth_in_the_image_is_scaled_by_crop_over_box():
    crop, image = crop_translation(CAM), image_translation(CAM, BOXES[:, 2:])
    np.testing.assert_array_equal(image[:, :2], crop[:, :2])
    np.testing.assert_allclose(image[:, 2], crop[:, 2] * 256 / BOXES[:, 2], rtol=1e-12)
    oblong = image_translation(CAM, np.array([100.0, 400.0]))
    np.testing.assert_allclose(oblong, image_translation(CAM, np.array([200.0, 200.0])))


def test_crop_pixels_are_those_of_the_virtual_camera():
    camera = PinholeCamera(5000, 5000, 128, 128, 256, 256)
    expected = [project(body + t, camera) for body, t in zip(BODIES, crop_translation(CAM))]
    np.testing.assert_allclose(predicted_to_crop(BODIES, CAM), expected, atol=1e-9)


def test_image_pixels_through_the_crop_are_the_unwarped_crop_pixels():
    crop = predicted_to_crop(BODIES, CAM, crop_size=192)
    pixels = predicted_to_image(BODIES, CAM, BOXES, crop_size=192)
    for got, inside, (left, top, width, height) in zip(pixels, crop, BOXES):
        inverse = np.array([[width / 192, 0, left], [0, height / 192, top]])
        np.testing.assert_allclose(got, inside @ inverse[:, :2].T + inverse[:, 2], atol=1e-9)


def test_image_pixels_through_the_image_are_those_of_the_mesh_as_placed():
    pixels = predicted_to_image(BODIES, CAM, BOXES, camera='image')
    translations = image_translation(CAM, BOXES[:, 2:])
    for got, body, translation, box in zip(pixels, BODIES, translations, BOXES):
        camera = image_camera(box, 640, 480)
        np.testing.assert_allclose(got, project(body + translation, camera), atol=1e-9)


def test_the_two_cameras_agree_exactly_at_the_depth_of_the_origin():
    flat = BODIES * [1, 1, 0]
    through_crop = predicted_to_image(flat, CAM, BOXES)
    through_image = predicted_to_image(flat, CAM, BOXES, camera='image')
    np.testing.assert_allclose(through_image, through_crop, atol=1e-9)


def test_the_two_cameras_agree_exactly_where_the_box_has_the_size_of_the_crop():
    boxes = BOXES.copy()
    boxes[:, 2:] = 256
    through_crop = predicted_to_image(BODIES, CAM, boxes)
    through_image = predicted_to_image(BODIES, CAM, boxes, camera='image')
    np.testing.assert_allclose(through_image, through_crop, atol=1e-9)


def test_elsewhere_the_two_cameras_differ_by_perspective():
    through_crop = predicted_to_image(BODIES, CAM, BOXES)
    through_image = predicted_to_image(BODIES, CAM, BOXES, camera='image')
    near, far = crop_translation(CAM)[:, None, 2], image_translation(CAM, BOXES[:, 2:])[:, None, 2]
    z = BODIES[..., 2]
    # Offsets from the principal point are as 1 / (1 + z / depth) in each camera.
    ratio = (1 + z / near) / (1 + z / far)
    centres = (BOXES[:, :2] + BOXES[:, 2:] / 2)[:, None]
    expected = (through_crop - centres) * ratio[..., None]
    np.testing.assert_allclose(through_image - centres, expected, atol=1e-9)
    assert np.abs(ratio - 1).max() > 1e-3
    # The first order in z: the difference of the two inverse depths.
    first = z * (1 / near - 1 / far)
    assert (np.abs(ratio - 1 - first) <= 2 * (z / np.minimum(near, far)) ** 2).all()


def test_the_crop_camera_magnified_to_the_box_unifies_to_the_depth_of_the_image_camera():
    body, cam, box = BODIES[0], CAM[0], BOXES[0]
    magnified = image_camera(box, 640, 480, focal=5000 * box[2] / 256)
    placed = body + crop_translation(cam)
    np.testing.assert_allclose(
        project(placed, magnified), predicted_to_image(body, cam, box), atol=1e-9
    )
    other = image_camera(BOXES[1], 640, 480)
    unified = unify_cameras([BODIES[1], placed], [other, magnified])[1]
    np.testing.assert_allclose(
        project(unified, other), predicted_to_image(body, cam, box), atol=1e-9
    )
    origin = unify_cameras([BODIES[1], crop_translation(cam)], [other, magnified])[1]
    np.testing.assert_allclose(origin[2], image_translation(cam, box[2:])[2], rtol=1e-12)


@pytest.mark.parametrize('camera', ['crop', 'image'])
def test_tensors_give_the_same_with_gradients(camera):
    tensors = [torch.tensor(x) for x in (BODIES, CAM, BOXES)]
    expected = predicted_to_image(BODIES, CAM, BOXES, camera=camera)
    np.testing.assert_allclose(predicted_to_image(*tensors, camera=camera), expected, atol=1e-9)
    cam = tensors[1].requires_grad_()
    assert torch.autograd.gradcheck(
        lambda c: predicted_to_image(tensors[0][:, :2], c, tensors[2], camera=camera), cam
    )


def test_a_body_at_the_camera_has_finite_pixels_and_gradients():
    cam = torch.tensor([[0.0, 0, -100]], requires_grad=True)
    bodies = torch.tensor(BODIES[:1], dtype=torch.float32)
    pixels = predicted_to_crop(bodies, cam)
    assert pixels.isfinite().all()
    pixels.sum().backward()
    assert cam.grad.isfinite().all()
    assert np.isfinite(crop_translation(np.array([0, 0, -1000.0]))).all()


def test_wrong_arguments_are_errors():
    with pytest.raises(ValueError, match="camera got 'full'"):
        predicted_to_image(BODIES, CAM, BOXES, camera='full')
    with pytest.raises(ValueError, match=r'expected \(\.\.\., 4\)'):
        predicted_to_image(BODIES, CAM, BOXES[:, :3])
    with pytest.raises(TypeError, match='expected only tensors'):
        predicted_to_image(torch.tensor(BODIES), CAM, BOXES)
