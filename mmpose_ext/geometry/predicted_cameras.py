"""From the camera that a mesh network predicts to metres and to pixels of the image.

3DCrowdNet's network sees a square crop and predicts ``(c0, c1, c2)``. Its crop has a virtual camera
of 5000 px focal length whose principal point is the centre of the crop; in it the body lies at
``(c0, c1, k sigmoid(c2))`` metres, where k is the depth at which ``camera_size`` metres fill the
crop. Losses compare keypoints through this *crop camera*.

To draw several people in one image, 3DCrowdNet gives each a virtual camera of the full image, also
with 5000 px, whose principal point is the centre of the person's box: the *image camera*, with the
same c0 and c1 and a depth scaled by crop size over box size. Through either camera, points at the
depth of the body's origin (z = 0) have exactly the same pixels. Others only nearly so, as the crop
camera, magnified to the box, has another focal length: their distances from the principal point
differ by a fraction of about z times the difference of the two inverse depths.
"""

from typing import Any, Literal

import torch
from scipy.special import expit

from mmpose_ext.geometry.arrays import Array, as_float, concatenate, library_of
from mmpose_ext.geometry.cameras import PinholeCamera

FOCAL = 5000.0
CAMERA_SIZE = 2.5


def crop_translation(
    cam: Array, crop_size: float = 256, focal: float = FOCAL, camera_size: float = CAMERA_SIZE
) -> Array:
    """Where the body is in the crop camera.

    Args:
        cam: The network's output, (..., 3).
        crop_size: Side of the square crop in pixels.
        focal: Focal length of the virtual camera in pixels.
        camera_size: Width in metres that fills the crop at the largest depth.

    Returns:
        Translation in metres, (..., 3); its depth lies between 0 and
        ``focal * camera_size / crop_size``.

    Raises:
        ValueError: If the last dimension is not 3.
    """
    cam = as_float(cam, (3,))
    depth = focal * camera_size / crop_size * _sigmoid(cam[..., 2:])
    return concatenate([cam[..., :2], depth])


def image_translation(
    cam: Array, box_sizes: Array, focal: float = FOCAL, camera_size: float = CAMERA_SIZE
) -> Array:
    """Where the body is in the image camera, see :func:`image_camera`.

    Args:
        cam: The network's output, (..., 3).
        box_sizes: Width and height of the box that was cropped, in pixels of the image, (..., 2).
        focal: Focal length of the virtual camera in pixels.
        camera_size: As in :func:`crop_translation`.

    Returns:
        Translation in metres, (..., 3).

    Raises:
        ValueError: If a last dimension is another.
        TypeError: If tensors are mixed with numpy arrays.
    """
    library_of(cam, box_sizes)
    cam, box_sizes = as_float(cam, (3,)), as_float(box_sizes, (2,))
    side = (box_sizes[..., :1] * box_sizes[..., 1:]) ** 0.5
    depth = focal * camera_size / side * _sigmoid(cam[..., 2:])
    return concatenate([cam[..., :2], depth])


def image_camera(
    box_xywh: tuple[float, float, float, float], width: int, height: int, focal: float = FOCAL
) -> PinholeCamera:
    """The virtual camera of the full image for one person.

    People have different ones; :func:`unify_cameras` brings their meshes into one. With a focal
    length of ``FOCAL * box size / crop_size`` it is the crop camera magnified to the box, which
    shows a mesh placed by :func:`crop_translation` exactly as the crop does.

    Args:
        box_xywh: The box that was cropped: left, top, width, height in pixels.
        width: Image width in pixels.
        height: Image height in pixels.
        focal: Focal length in pixels.

    Returns:
        The camera, whose principal point is the centre of the box.
    """
    left, top, box_width, box_height = (float(value) for value in box_xywh)
    return PinholeCamera(focal, focal, left + box_width / 2, top + box_height / 2, width, height)


def predicted_to_crop(
    points: Array,
    cam: Array,
    crop_size: float = 256,
    focal: float = FOCAL,
    camera_size: float = CAMERA_SIZE,
    min_depth: float = 0.1,
) -> Array:
    """Project points of predicted bodies to pixels of the crop, which losses compare.

    Args:
        points: Points of the body in metres, before any translation, (..., P, 3).
        cam: The network's output, (..., 3).
        crop_size: Side of the square crop in pixels.
        focal: Focal length of the virtual camera in pixels.
        camera_size: As in :func:`crop_translation`.
        min_depth: Points nearer to the camera than this, in metres, are projected from there, so
            that the result is finite whatever the network predicts.

    Returns:
        Pixels, (..., P, 2); the optical axis meets the crop at ``crop_size / 2``.

    Raises:
        ValueError: If a last dimension is another.
        TypeError: If tensors are mixed with numpy arrays.
    """
    library_of(points, cam)
    translation = crop_translation(cam, crop_size, focal, camera_size)
    return _project(points, translation, focal, min_depth) + crop_size / 2


def predicted_to_image(
    points: Array,
    cam: Array,
    boxes_xywh: Array,
    crop_size: float = 256,
    focal: float = FOCAL,
    camera_size: float = CAMERA_SIZE,
    camera: Literal['crop', 'image'] = 'crop',
    min_depth: float = 0.1,
) -> Array:
    """Project points of predicted bodies to pixels of the image.

    Args:
        points: Points of the body in metres, before any translation, (..., P, 3).
        cam: The network's output, (..., 3).
        boxes_xywh: The boxes that were cropped: left, top, width, height in pixels of the image,
            (..., 4). The crop must not have been rotated or flipped, and the box's centre must lie
            at ``crop_size / 2`` of the crop.
        crop_size: Side of the square crop in pixels.
        focal: Focal length of the virtual camera in pixels.
        camera_size: As in :func:`crop_translation`.
        camera: ``'crop'`` goes through the camera that the network was trained with and maps the
            crop back to the image; ``'image'`` goes through the virtual camera of the full image
            and gives the pixels of a mesh placed by :func:`image_translation`. The two agree for
            points at the depth of the body's origin, see this module's text.
        min_depth: As in :func:`predicted_to_crop`.

    Returns:
        Pixels, (..., P, 2).

    Raises:
        ValueError: If ``camera`` or a last dimension is another.
        TypeError: If tensors are mixed with numpy arrays.
    """
    library_of(points, cam, boxes_xywh)
    boxes = as_float(boxes_xywh, (4,))[..., None, :]
    if camera == 'crop':
        pixels = predicted_to_crop(points, cam, crop_size, focal, camera_size, min_depth)
        return boxes[..., :2] + pixels * (boxes[..., 2:] / crop_size)
    if camera == 'image':
        translation = image_translation(cam, boxes[..., 0, 2:], focal, camera_size)
        centre = boxes[..., :2] + boxes[..., 2:] / 2
        return _project(points, translation, focal, min_depth) + centre
    raise ValueError(f"camera got {camera!r}, expected 'crop' or 'image'")


def _project(points: Array, translation: Array, focal: float, min_depth: float) -> Array:
    placed = as_float(points, (3,)) + translation[..., None, :]
    return focal * placed[..., :2] / placed[..., 2:].clip(min=min_depth)


def _sigmoid(values: Array) -> Any:
    return torch.sigmoid(values) if isinstance(values, torch.Tensor) else expit(values)
