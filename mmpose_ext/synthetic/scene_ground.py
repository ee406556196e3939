"""The ground plane of a scene."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmpose_ext.geometry import PinholeCamera


@dataclass(frozen=True)
class Ground:
    """A plane below the camera.

    Args:
        normal: (3,) unit vector pointing up, camera frame.
        height: Height of the camera above the plane in metres, positive.

    Raises:
        ValueError: If the normal is not a unit vector or the camera is not above the plane.
    """

    normal: np.ndarray
    height: float

    def __post_init__(self) -> None:
        if np.shape(self.normal) != (3,) or abs(np.linalg.norm(self.normal) - 1) > 1e-3:
            raise ValueError(f'normal got {self.normal!r}, expected a unit vector of length 3')
        if not self.height > 0:
            raise ValueError(f'height got {self.height!r}, expected a positive number')

    @classmethod
    def below(cls, vertices_list: Sequence[np.ndarray]) -> 'Ground':
        """The level plane under the lowest vertex, for a camera without pitch or roll."""
        lowest = max((float(v[:, 1].max()) for v in vertices_list), default=1.5)
        return cls(np.array([0.0, -1.0, 0.0]), max(lowest, 0.3))

    def axes(self) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors in the plane: to the right, and forward away from the camera."""
        forward = np.array([0.0, 0.0, 1.0]) - self.normal[2] * self.normal
        length = np.linalg.norm(forward)
        # Looking straight down, "forward" is the top of the image.
        forward = np.array([0.0, -1.0, 0.0]) if length < 1e-6 else forward / length
        return np.cross(forward, self.normal), forward

    def row_at(self, distance: float, camera: PinholeCamera) -> int:
        """Image row of the ground at a distance in front of the camera, clipped to the image.

        0 if that part of the ground is above the image or behind the camera.
        """
        point = distance * self.axes()[1] - self.height * self.normal
        if point[2] <= 1e-6:
            return 0
        row = camera.fy * point[1] / point[2] + camera.cy
        return int(np.clip(row, 0, camera.height))

    def homography(self, camera: PinholeCamera, unit: float) -> np.ndarray:
        """Map plane coordinates (right, forward) in units of ``unit`` metres to pixels, (3, 3)."""
        right, forward = self.axes()
        columns = np.stack([right * unit, forward * unit, -self.height * self.normal], axis=1)
        return camera.matrix @ columns

    def shadows(self, vertices: np.ndarray, light: np.ndarray) -> np.ndarray:
        """Where the light, (3,) pointing towards it and upwards, throws vertices, (V, 3)."""
        above = vertices @ self.normal + self.height
        return vertices - (above / (light @ self.normal))[:, None] * light
