"""Cameras of crops: intrinsics after an affine warp of the image, as matrices or pinholes."""

import numpy as np

from mmpose_ext.geometry.arrays import Array, as_float, broadcast_to, concatenate, library_of
from mmpose_ext.geometry.cameras import PinholeCamera


def crop_camera(intrinsics: Array, affine: Array) -> Array:
    """Intrinsics of a warped image.

    A point's image in the crop is the affine map of its image, hence ``K_crop = A @ K``. With a
    rotated, flipped or sheared crop that matrix is no longer upper triangular;
    :func:`fold_affine` gives a renderer a camera it understands.

    Args:
        intrinsics: Camera matrices, (..., 3, 3), in pixels.
        affine: Maps of image pixels to crop pixels, (..., 2, 3), as OpenCV's ``warpAffine`` takes.

    Returns:
        (..., 3, 3), to be used with :func:`project_points`.

    Raises:
        ValueError: If a shape is another.
        TypeError: If tensors are mixed with numpy arrays.
    """
    library_of(intrinsics, affine)
    intrinsics, affine = as_float(intrinsics, (3, 3)), as_float(affine, (2, 3))
    top: Array = affine @ intrinsics
    last = broadcast_to(intrinsics[..., 2:, :], (*top.shape[:-2], 1, 3))
    return concatenate([top, last], axis=-2)


def fold_affine(
    vertices: Array, intrinsics: np.ndarray, width: int, height: int
) -> tuple[Array, PinholeCamera, bool]:
    """Turn any camera matrix into a pinhole camera, by moving the points instead.

    Of the matrix, the lengths of its rows become the focal lengths; the rest, a rotation about the
    optical axis, a flip, a shear where the pixels were not square, is applied to x and y. The
    images of the new points in the new camera, and their depths, are exactly those of the old.
    For a rotation or a flip of square pixels the mesh keeps its shape.

    Args:
        vertices: Points of the camera frame in metres, (..., 3).
        intrinsics: Camera matrix such as :func:`crop_camera` gives, (3, 3), in pixels.
        width: Width of the crop in pixels.
        height: Height of the crop in pixels.

    Returns:
        The points, (..., 3), the camera, and whether the image is mirrored, so that the corners
        of every face have to be reversed to keep its outer side (``faces[:, ::-1]``).

    Raises:
        ValueError: If the matrix is not finite, its last row is not (0, 0, 1), or it is singular.
    """
    vertices = as_float(vertices, (3,))
    matrix = np.asarray(intrinsics, np.float64)
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
        raise ValueError(f'intrinsics got {matrix.tolist()}, expected a finite (3, 3) matrix')
    if not np.array_equal(matrix[2], [0, 0, 1]):
        raise ValueError(f'intrinsics got the last row {matrix[2].tolist()}, expected [0, 0, 1]')
    linear = matrix[:2, :2]
    determinant = np.linalg.det(linear)
    if determinant == 0:
        raise ValueError(f'intrinsics got {matrix.tolist()}, expected an invertible matrix')
    focal = np.linalg.norm(linear, axis=1)
    (a, b), (c, d) = (linear / focal[:, None]).tolist()
    (fx, fy), (cx, cy) = focal.tolist(), matrix[:2, 2].tolist()
    camera = PinholeCamera(fx, fy, cx, cy, width, height)
    x, y, z = vertices[..., :1], vertices[..., 1:2], vertices[..., 2:]
    return concatenate([a * x + b * y, c * x + d * y, z]), camera, bool(determinant < 0)
