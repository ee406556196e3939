"""The camera that SPIN's and VIBE's networks predict, and where it puts bodies.

A network that sees a square crop predicts ``(s, tx, ty)``: to a good approximation the body's
point ``(x, y)``, in metres, appears at ``s (x + tx, y + ty)`` of a crop that reaches from -1 to 1.
What is computed is nearly that, a pinhole camera far away: of 5000 px focal length, in a crop of
224 px whose centre is the principal point, with the body at ``(tx, ty, 2 * 5000 / (224 s))``
metres. Both are the same for points at the depth of the body's origin; others differ by less than
0.01 of half the crop for people who fill it. mmhuman3d divides pixels by 111.5; SPIN and VIBE
divide by 112, as here.

The crop is a piece of the image, so the same camera shows the body in the image: with a focal
length of ``5000 * side / 224`` px and the principal point at the centre of the crop, wherever the
image's own is. Global trajectories cannot be had from it; people who walk through the image have
one such camera per frame.
"""

from mmpose_ext.geometry.arrays import Array, as_float, concatenate, library_of
from mmpose_ext.geometry.predicted_cameras import FOCAL

CROP_SIZE = 224.0
# Keeps the depth finite where the scale is zero.
_EPSILON = 1e-9
# In metres; nothing nearer to the camera than this is projected from where it is.
_NEAREST = 0.1


def weak_translation(camera: Array) -> Array:
    """Where the body is in the crop's camera of focal length 5000 px at 224 px.

    Args:
        camera: The network's output ``(s, tx, ty)``, (..., 3).

    Returns:
        Translation in metres, (..., 3). The same translation brings the body into the camera of the
        image, see :func:`weak_image_intrinsics`.

    Raises:
        ValueError: If the last dimension is not 3.
    """
    camera = as_float(camera, (3,))
    depth = 2 * FOCAL / (CROP_SIZE * camera[..., :1] + _EPSILON)
    return concatenate([camera[..., 1:], depth])


def weak_to_crop(points: Array, camera: Array) -> Array:
    """Project points of predicted bodies to the crop, as losses compare them.

    Args:
        points: Points of the body in metres, before any translation, (..., P, 3).
        camera: The network's output, (..., 3).

    Returns:
        (..., P, 2), from -1 at the crop's left and upper edge to 1 at its right and lower one.
        Points behind the camera or nearer than 10 cm, which only a network that is not trained
        predicts, are projected from there, so that the result is finite.

    Raises:
        ValueError: If a last dimension is another.
        TypeError: If tensors are mixed with numpy arrays.
    """
    library_of(points, camera)
    placed = as_float(points, (3,)) + weak_translation(camera)[..., None, :]
    return FOCAL / (CROP_SIZE / 2) * placed[..., :2] / placed[..., 2:].clip(min=_NEAREST)


def weak_to_image(points: Array, camera: Array, boxes_xyxy: Array) -> Array:
    """Project points of predicted bodies to pixels of the image.

    Args:
        points: Points of the body in metres, before any translation, (..., P, 3).
        camera: The network's output, (..., 3).
        boxes_xyxy: The squares that were cropped in pixels of the image, (..., 4).

    Returns:
        Pixels, (..., P, 2): those of :func:`weak_image_intrinsics` with the body moved by
        :func:`weak_translation`.

    Raises:
        ValueError: If a last dimension is another.
        TypeError: If tensors are mixed with numpy arrays.
    """
    library_of(points, camera, boxes_xyxy)
    boxes = as_float(boxes_xyxy, (4,))[..., None, :]
    centre, half = (boxes[..., :2] + boxes[..., 2:]) / 2, (boxes[..., 2:] - boxes[..., :2]) / 2
    return centre + half * weak_to_crop(points, camera)


def weak_image_intrinsics(boxes_xyxy: Array) -> Array:
    """The camera matrix in which a body moved by :func:`weak_translation` covers the person.

    Args:
        boxes_xyxy: The squares that were cropped in pixels of the image, (..., 4).

    Returns:
        Camera matrices, (..., 3, 3): the focal length is ``5000 * side / 224`` px and the principal
        point the centre of the square.

    Raises:
        ValueError: If the last dimension is not 4.
    """
    boxes = as_float(boxes_xyxy, (4,))
    library = library_of(boxes)
    focal = FOCAL / CROP_SIZE * (boxes[..., 2:] - boxes[..., :2])
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    zero, one = library.zeros_like(boxes[..., :1]), library.ones_like(boxes[..., :1])
    rows = [
        concatenate([focal[..., :1], zero, centre[..., :1]]),
        concatenate([zero, focal[..., 1:], centre[..., 1:]]),
        concatenate([zero, zero, one]),
    ]
    matrices: Array = library.stack(rows, -2)
    return matrices


def weak_full_image_camera(
    camera: Array, boxes_xyxy: Array, width: float | Array, height: float | Array
) -> Array:
    """The weak-perspective camera of the full image, as renderers of VIBE's results take it.

    Args:
        camera: The network's output, (..., 3).
        boxes_xyxy: The squares that were cropped in pixels of the image, (..., 4).
        width: Image width in pixels.
        height: Image height in pixels.

    Returns:
        ``(sx, sy, tx, ty)``, (..., 4): a point ``(x, y)`` appears at ``sx (x + tx), sy (y + ty)``
        of an image that reaches from -1 to 1 in both directions.

    Raises:
        ValueError: If a last dimension is another.
        TypeError: If tensors are mixed with numpy arrays.
    """
    library = library_of(camera, boxes_xyxy)
    camera, boxes = as_float(camera, (3,)), as_float(boxes_xyxy, (4,))
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    scale = camera[..., 0] * (boxes[..., 2] - boxes[..., 0])
    columns = [
        scale / width,
        scale / height,
        camera[..., 1] + (2 * centre[..., 0] - width) / scale,
        camera[..., 2] + (2 * centre[..., 1] - height) / scale,
    ]
    result: Array = library.stack(columns, -1)
    return result
