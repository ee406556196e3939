"""The pinhole camera.

The camera looks along +z, x points right and y points down, lengths are in
metres. Pixel centres have integer coordinates, as in OpenCV: the image covers
``[-0.5, width - 0.5] x [-0.5, height - 0.5]``.
"""

import math
from dataclasses import dataclass

import numpy as np

from mmpose_ext.geometry.arrays import as_float


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
