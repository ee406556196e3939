"""Cameras that film people: calibrated ones that stand still, and hand-held ones that follow."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mmpose_ext.geometry import PinholeCamera, axis_angle_to_matrix, project

from .scene_ground import Ground
from .scene_occluders import PersonExtent
from .video_domains import VideoDomain

# Seconds of the smoothing of the way a hand-held camera goes, of its drift and of its shake.
_FOLLOW_SECONDS = 0.5
_DRIFT_SECONDS = 1.2
_SHAKE_SECONDS = 0.12
_MIN_HEIGHT = 0.4
_AIM = 0.95
_STATURE, _CHILD = 1.7, 1.2


@dataclass(frozen=True)
class Viewpoint:
    """A camera at one moment, in a world with y up and the ground at y = 0.

    Args:
        rotation: World to camera, (3, 3).
        translation: World to camera, (3,) in metres.
        lens: The intrinsics.
    """

    rotation: np.ndarray
    translation: np.ndarray
    lens: PinholeCamera

    @classmethod
    def at(
        cls, position: np.ndarray, target: np.ndarray, lens: PinholeCamera, roll_deg: float = 0
    ) -> 'Viewpoint':
        """Look from a position at a target."""
        rotation = look_at(position, target, roll_deg)
        return cls(rotation, -rotation @ position, lens)

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Move world points, (..., 3), to the camera's frame."""
        return points @ self.rotation.T + self.translation

    @property
    def position(self) -> np.ndarray:
        """Where the camera is in the world, (3,)."""
        return -self.rotation.T @ self.translation

    @property
    def ground(self) -> Ground:
        """The ground in the camera's frame."""
        return Ground(self.rotation[:, 1], float(self.position[1]))

    def extent(self, place: np.ndarray) -> PersonExtent | None:
        """The outline of a child who would stand at a place, (3,), or None behind the camera."""
        ends = self.to_camera(np.stack([place, place + [0, _CHILD, 0]]))
        if ends[:, 2].min() < 0.5:
            return None
        (x, bottom), (_, top) = project(ends, self.lens)
        half = 0.17 * (bottom - top)
        return PersonExtent((x - half, top, x + half, bottom), float(ends[:, 2].min()))


def look_at(position: np.ndarray, target: np.ndarray, roll_deg: float = 0) -> np.ndarray:
    """Rotation from a world with y up to a camera that looks at a target, (3, 3)."""
    forward = target - position
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, [0, 1, 0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    return axis_angle_to_matrix(np.array([0, 0, np.radians(roll_deg)])) @ rotation


def fitting_lens(
    rotation: np.ndarray, translation: np.ndarray, points: np.ndarray, size: tuple[int, int]
) -> PinholeCamera:
    """The longest lens that has all points in the image, with a margin for what is around them.

    Args:
        rotation: World to camera, (3, 3).
        translation: World to camera, (3,).
        points: (N, 3) in the world.
        size: Width and height of the image.

    Returns:
        A camera with square pixels whose principal point is the image centre.
    """
    rays = points @ rotation.T + translation
    rays = np.abs(rays[:, :2] / rays[:, 2:]).max(0)
    focal = round(float((0.42 * np.array(size) / rays).min()), 6)
    return PinholeCamera(focal, focal, (size[0] - 1) / 2, (size[1] - 1) / 2, *size)


def follow(
    path: np.ndarray,
    domain: VideoDomain,
    fps: float,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> list[Viewpoint]:
    """Film people from a hand.

    Args:
        path: Where they are, (F, 3) in metres.
        domain: Distances, angles and shake.
        fps: Frames per second.
        size: Width and height of the image.
        rng: Source of randomness.

    Returns:
        The camera in each frame.
    """
    frames = len(path)
    distance, pitch = rng.uniform(*domain.distance), np.radians(rng.uniform(*domain.pitch_deg))
    stature = rng.uniform(*domain.size)
    focal = round(stature * size[1] * distance / _STATURE, 6)
    lens = PinholeCamera(focal, focal, (size[0] - 1) / 2, (size[1] - 1) / 2, *size)
    height = max(_MIN_HEIGHT, _AIM + distance * np.tan(pitch))
    drift = _slow_noise(frames, 4, _DRIFT_SECONDS * fps, rng)
    azimuth = rng.uniform(-np.pi, np.pi) + np.radians(domain.drift_deg) * drift[:, 0]
    away = distance * (1 + 0.05 * drift[:, 1])
    centre = gaussian_filter1d(path, _FOLLOW_SECONDS * fps, axis=0, mode='nearest')
    centre[:, 1] = 0
    offset = np.stack(
        [away * np.sin(azimuth), height + 0.04 * drift[:, 2], away * np.cos(azimuth)], axis=1
    )
    position = centre + offset
    target = centre + [0, _AIM, 0]
    shake = np.radians(domain.shake_deg) * _slow_noise(frames, 3, _SHAKE_SECONDS * fps, rng)
    tilt = np.array([0, 0, np.radians(rng.normal(0, 1))])
    views = []
    for own, aim, turn in zip(position, target, axis_angle_to_matrix(shake + tilt)):
        rotation = turn @ look_at(own, aim)
        views.append(Viewpoint(rotation, -rotation @ own, lens))
    return views


def _slow_noise(
    frames: int, count: int, seconds_in_frames: float, rng: np.random.Generator
) -> np.ndarray:
    """Noise of unit variance without its fast parts, (F, count)."""
    margin = int(4 * seconds_in_frames) + 1
    noise = rng.normal(size=(frames + 2 * margin, count))
    noise = gaussian_filter1d(noise, seconds_in_frames, axis=0)[margin:-margin]
    return noise * np.sqrt(2 * np.sqrt(np.pi) * seconds_in_frames)
