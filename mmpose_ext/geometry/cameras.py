"""The pinhole camera.

The camera looks along +z, x points right and y points down, lengths are in
metres. Pixel centres have integer coordinates, as in OpenCV: the image covers
``[-0.5, width - 0.5] x [-0.5, height - 0.5]``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmpose_ext.geometry.arrays import Array, as_float, concatenate, library_of


@dataclass(frozen=True)
class PinholeCamera:
    """A perspective camera without distortion.

    Args:
        fx: Focal length along the image's x axis in pixels, positive.
        fy: Focal length along the image's y axis in pixels, positive.
        cx: x coordinate of the principal point in pixels; may lie outside the image.
        cy: y coordinate of the principal point in pixels; may lie outside the image.
        width: Image width in pixels.
        height: Image height in pixels.

    Raises:
        ValueError: If a focal length is not positive and finite, the principal point is not
            finite, or the image is empty.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int

    def __post_init__(self) -> None:
        for name in ('fx', 'fy'):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f'focal length {name} got {value!r}, expected a positive number')
        for name in ('cx', 'cy'):
            value = getattr(self, name)
            if not math.isfinite(value):
                raise ValueError(f'principal point {name} got {value!r}, expected a finite number')
        for name in ('width', 'height'):
            value = getattr(self, name)
            if int(value) != value or value < 1:
                raise ValueError(f'image {name} got {value!r}, expected an integer of at least 1')

    @classmethod
    def from_field_of_view(cls, vertical_deg: float, width: int, height: int) -> 'PinholeCamera':
        """Build a camera with square pixels whose principal point is the image centre.

        Args:
            vertical_deg: Full vertical angle of view in degrees, between 0 and 180.
            width: Image width in pixels.
            height: Image height in pixels.

        Returns:
            The camera.

        Raises:
            ValueError: If the angle is not between 0 and 180.
        """
        if not 0 < vertical_deg < 180:
            raise ValueError(f'vertical_deg got {vertical_deg!r}, expected between 0 and 180')
        focal = 0.5 * height / math.tan(math.radians(vertical_deg) / 2)
        return cls(focal, focal, (width - 1) / 2, (height - 1) / 2, width, height)

    @property
    def matrix(self) -> np.ndarray:
        """The intrinsic matrix, (3, 3) float64."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]])


def project(points: np.ndarray, camera: PinholeCamera) -> np.ndarray:
    """Project points of the camera frame to pixels.

    Points on or behind the camera plane (z <= 0) have no image: they become NaN, so that they
    cannot be taken for pixels.

    Args:
        points: Points in metres, (..., 3).
        camera: The camera.

    Returns:
        Pixel coordinates, (..., 2), in the floating type of ``points``.

    Raises:
        ValueError: If the last dimension is not 3.
    """
    points = as_float(points, (3,))
    depth = points[..., 2:]
    in_front = depth > 0
    focal = np.array([camera.fx, camera.fy], points.dtype)
    centre = np.array([camera.cx, camera.cy], points.dtype)
    pixels = points[..., :2] / np.where(in_front, depth, 1) * focal + centre
    return np.where(in_front, pixels, np.nan).astype(points.dtype, copy=False)


def unproject(pixels: np.ndarray, depth: np.ndarray, camera: PinholeCamera) -> np.ndarray:
    """Invert :func:`project` for pixels of known depth.

    Args:
        pixels: Pixel coordinates, (..., 2).
        depth: The z coordinate in metres, (...).
        camera: The camera.

    Returns:
        Points of the camera frame in metres, (..., 3).

    Raises:
        ValueError: If the last dimension of ``pixels`` is not 2.
    """
    pixels = as_float(pixels, (2,))
    depth = np.asarray(depth, pixels.dtype)[..., None]
    focal = np.array([camera.fx, camera.fy], pixels.dtype)
    centre = np.array([camera.cx, camera.cy], pixels.dtype)
    return np.concatenate([(pixels - centre) / focal * depth, depth], axis=-1)


def project_points(points: Array, intrinsics: Array, min_depth: float | None = None) -> Array:
    """Project points with camera matrices, such as those of rotated or flipped crops.

    Args:
        points: Points of the camera frame in metres, (..., N, 3).
        intrinsics: Camera matrices, (..., 3, 3) in pixels, with the last row (0, 0, 1).
        min_depth: In metres; points nearer than this are projected from there, so that the result
            and its gradient are finite, as losses need it. By default points on or behind the
            camera plane become NaN, as in :func:`project`.

    Returns:
        Pixel coordinates, (..., N, 2).

    Raises:
        ValueError: If a shape is another.
        TypeError: If tensors are mixed with numpy arrays.
    """
    library: Any = library_of(points, intrinsics)
    points, intrinsics = as_float(points, (3,)), as_float(intrinsics, (3, 3))
    depth = points[..., 2:]
    if min_depth is not None:
        divisor = depth.clip(min=min_depth)
    else:
        divisor = library.where(depth > 0, depth, library.nan)
    # Not a matrix product: autocast would take half of its digits.
    linear = intrinsics[..., None, :2, :2] * (points[..., :2] / divisor)[..., None, :]
    return linear.sum(-1) + intrinsics[..., None, :2, 2]


def unify_cameras(
    points: Sequence[Array], cameras: Sequence[PinholeCamera], reference: int = 0
) -> list[Array]:
    """Move people who were fitted in cameras of their own into one camera.

    Every point keeps its pixel exactly and goes along its ray to a depth in proportion to the
    focal lengths, ``P' = (f_ref / f) K_ref^-1 K P``: what was far behind in a long lens is as far
    behind now. Depths of different people so become comparable, and those of one person keep their
    order along each ray. Corrects the equations of SEFD (ICCV 2023), which hold for square pixels
    of one aspect only.

    Args:
        points: For each person, points of that person's camera frame in metres, (..., 3).
        cameras: For each person the camera, all of the same image.
        reference: Index of the person whose camera is kept.

    Returns:
        For each person the points in the camera of the reference.

    Raises:
        ValueError: If there are not as many cameras as people, or they have different image sizes.
        IndexError: If there is no such reference.
    """
    if len(points) != len(cameras):
        raise ValueError(f'got {len(points)} people and {len(cameras)} cameras, expected as many')
    target = cameras[reference]
    sizes = sorted({(camera.width, camera.height) for camera in cameras})
    if len(sizes) > 1:
        raise ValueError(f'cameras got image sizes {sizes}, expected one image')
    return [_change_camera(own, camera, target) for own, camera in zip(points, cameras)]


def _change_camera(points: Array, camera: PinholeCamera, target: PinholeCamera) -> Array:
    points = as_float(points, (3,))
    x, y, z = points[..., :1], points[..., 1:2], points[..., 2:]
    scale = target.fx / camera.fx
    return concatenate(
        [
            scale * (camera.fx * x + (camera.cx - target.cx) * z) / target.fx,
            scale * (camera.fy * y + (camera.cy - target.cy) * z) / target.fy,
            scale * z,
        ]
    )
