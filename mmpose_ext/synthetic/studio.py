"""A laboratory in which cameras film one person, in the manner of Human3.6M."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mmpose_ext.body_models import BodyModel
from mmpose_ext.geometry import (
    PinholeCamera,
    axis_angle_to_matrix,
    matrix_to_axis_angle,
)

from .poses import sample_pose
from .scene_ground import Ground

CAMERAS = (1, 2, 3, 4)
_IMAGE_SIZE = 320
# The world is Human3.6M's, z up; bodies are SMPL's, y up.
_UPRIGHT = axis_angle_to_matrix(np.array([np.pi / 2, 0, 0]))


@dataclass(frozen=True)
class Action:
    """Something that subjects are asked to do.

    Args:
        name: Human3.6M's name.
        activities: Probability of each of our activities.
    """

    name: str
    activities: Mapping[str, float]


ACTIONS = {
    2: Action('Directions', dict(standing=1, reaching=2, arms_up=1)),
    3: Action('Discussion', dict(standing=2, twisted=1, reaching=1)),
    4: Action('Eating', dict(sitting=1)),
    5: Action('Greeting', dict(standing=1, arms_up=1, bending=1)),
    6: Action('Phoning', dict(standing=1, walking=1, sitting=1)),
    7: Action('Posing', dict(arms_up=1, twisted=1, lunging=1, kicking=1, jumping=0.5)),
    8: Action('Purchases', dict(bending=1, reaching=1, crouching=1)),
    9: Action('Sitting', dict(sitting=1)),
    10: Action('SittingDown', dict(sitting_on_ground=1, crouching=1, kneeling=1, lying=0.5)),
    11: Action('Smoking', dict(standing=1, sitting=1)),
    12: Action('Photo', dict(standing=1, crouching=1, reaching=1)),
    13: Action('Waiting', dict(standing=2, twisted=1)),
    14: Action('Walking', dict(walking=1)),
    15: Action('WalkDog', dict(walking=2, bending=1, running=1)),
    16: Action('WalkTogether', dict(walking=1)),
}
"""Human3.6M's actions by its numbers."""


@dataclass(frozen=True)
class Shot:
    """One image of the laboratory, by Human3.6M's numbers.

    Args:
        subject: The person.
        action: A key of ``ACTIONS``.
        subaction: The take, 1 or 2.
        frame: The frame, from 0.
        camera: One of ``CAMERAS``.
    """

    subject: int
    action: int
    subaction: int
    frame: int
    camera: int


@dataclass(frozen=True)
class StudioCamera:
    """A calibrated camera.

    Args:
        rotation: World to camera, (3, 3).
        translation_mm: World to camera, (3,).
        intrinsics: The lens.
    """

    rotation: np.ndarray
    translation_mm: np.ndarray
    intrinsics: PinholeCamera

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Move world points, (N, 3) in metres, to the camera's frame."""
        return points @ self.rotation.T + self.translation_mm / 1000

    @property
    def ground(self) -> Ground:
        """The floor at world z = 0."""
        position = -self.rotation.T @ self.translation_mm / 1000
        return Ground(self.rotation[:, 2], float(position[2]))


@dataclass(frozen=True)
class Subject:
    """A person and the cameras that film them.

    Args:
        betas: Shape coefficients, (10,).
        appearance_seed: Seed of skin, hair and clothing.
        cameras: By their numbers.
    """

    betas: np.ndarray
    appearance_seed: int
    cameras: Mapping[int, StudioCamera]


@lru_cache(maxsize=16)
def make_subject(seed: int, subject: int, image_scale: float) -> Subject:
    """Draw a person and the calibration of the day they were filmed.

    Args:
        seed: Seed of the data set. The result depends on the arguments alone.
        subject: Number of the person.
        image_scale: Factor on the image size.

    Returns:
        The subject.
    """
    rng = np.random.default_rng([seed, subject])
    betas = np.clip(rng.normal(size=10), -2, 2).round(6)
    appearance_seed = int(rng.integers(2**31))
    size = round(_IMAGE_SIZE * image_scale)
    cameras = {number: _sample_camera(number, size, rng) for number in CAMERAS}
    return Subject(betas, appearance_seed, cameras)


def sample_world_pose(
    subject: Subject, activities: Mapping[str, float], body: BodyModel, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw what a subject does and where.

    Args:
        subject: The person.
        activities: Probability of each activity.
        body: The body model.
        rng: Source of randomness.

    Returns:
        SMPL's pose (24, 3) and translation (3,) in the world. They have six decimals, as the
        files do, so that what is rendered is what the files say.
    """
    rest_joints = body.shape(subject.betas)[1]
    sampled = sample_pose(activities, rng, rest_joints, rng.uniform(-180, 180))
    pose = sampled.pose.astype(np.float64)
    pose[0] = matrix_to_axis_angle(_UPRIGHT @ axis_angle_to_matrix(pose[0]))
    pose = pose.round(6)
    vertices, _ = body.skin(subject.betas, pose)
    low, high = vertices.min(0), vertices.max(0)
    place = rng.uniform(-0.6, 0.6, 2)
    transl = np.array([*(place - (low + high)[:2] / 2), sampled.lift - low[2]])
    return pose, transl.round(6)


def _sample_camera(number: int, size: int, rng: np.random.Generator) -> StudioCamera:
    """A camera in one corner of the room that looks at the middle."""
    azimuth = np.radians(45 + 90 * number + rng.normal(0, 6))
    distance = rng.uniform(3.8, 4.5)
    position = np.array(
        [distance * np.cos(azimuth), distance * np.sin(azimuth), rng.uniform(1.35, 1.75)]
    )
    target = np.array([*rng.normal(0, 0.08, 2), rng.uniform(0.8, 0.95)])
    forward = target - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    roll = np.radians(rng.normal(0, 0.8))
    down = np.cross(forward, right)
    right, down = (
        np.cos(roll) * right + np.sin(roll) * down,
        np.cos(roll) * down - np.sin(roll) * right,
    )
    rotation = np.stack([right, down, forward]).round(10)
    focal = 1.15 * size * rng.uniform(0.97, 1.03)
    centre = (size - 1) / 2 + rng.normal(0, 0.01, 2) * size
    # Human3.6M's two focal lengths differ by a thousandth; ours are further apart, as they should
    # not be mixed up.
    fx, fy, cx, cy = np.round([focal, focal * rng.uniform(1.01, 1.03), *centre], 6).tolist()
    return StudioCamera(
        rotation,
        (-rotation @ position * 1000).round(6),
        PinholeCamera(fx, fy, cx, cy, size, size),
    )
