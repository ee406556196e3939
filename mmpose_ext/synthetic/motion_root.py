"""Where a body goes: it stands on its lowest foot, and falls when it has none."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solveh_banded

from mmpose_ext.body_models import BodyModel, body_parts

from .self_contact import joint_frames

_GRAVITY = 9.81
# A point of the sole bears weight in proportion to exp(-height / this).
_CONTACT_METRES = 0.012
# Strength of the smoothing at 100 frames per second: motions above about 6 Hz are damped.
_SMOOTHING = 60
# Factor on it in the air: gravity holds more strictly than what legs want.
_BALLISTIC = 100
_ANKLES = (7, 8)
_FEET = ((7, 10), (8, 11))


@dataclass(frozen=True)
class Soles:
    """Points that a body stands on: heel and toes of the left foot, then of the right.

    Args:
        rest_joints: Joints of the rest pose in metres, (24, 3).
        points: (4, 3) in the rest pose.
    """

    rest_joints: np.ndarray
    points: np.ndarray

    @classmethod
    def of(cls, body: BodyModel, betas: np.ndarray) -> 'Soles':
        """Find the soles of a body of some shape."""
        vertices, joints = body.shape(betas)
        parts = body_parts(body)
        points = []
        for foot in _FEET:
            own = vertices[np.isin(parts, foot)].astype(np.float64)
            back, front = own[:, 2].min(), own[:, 2].max()
            length = front - back
            for along in (back + 0.08 * length, back + 0.92 * length):
                near = own[np.abs(own[:, 2] - along) < 0.08 * length]
                points.append([near[:, 0].mean(), near[:, 1].min(), along])
        return cls(np.asarray(joints, np.float64), np.array(points))

    def posed(self, pose: np.ndarray) -> np.ndarray:
        """The points in poses, (F, 24, 3), of bodies whose root stays where it is: (F, 4, 3)."""
        joints, rotations = joint_frames(pose, self.rest_joints)
        ankles = np.repeat(_ANKLES, 2)
        arms = self.points - self.rest_joints[ankles]
        turned = np.einsum('fkab,kb->fka', rotations[:, ankles], arms)
        return joints[:, ankles] + turned


def root_path(soles: Soles, pose: np.ndarray, grounded: np.ndarray, rate: float) -> np.ndarray:
    """Translate a body so that its feet stay where they stand.

    On the ground the root moves against the points of the soles that bear the weight. In the air
    nothing holds it: its horizontal velocity goes on, and it falls.

    Args:
        soles: What the body stands on.
        pose: (F, 24, 3), with headings.
        grounded: For the left and the right foot from 0, in the air, to 1, (F, 2).
        rate: Frames per second.

    Returns:
        (F, 3) SMPL's translation in metres, y up; the ground is at y = 0.
    """
    points = soles.posed(pose)
    heights = points[..., 1]
    bearing = np.exp(-(heights - heights.min(1, keepdims=True)) / _CONTACT_METRES)
    bearing *= np.repeat(grounded.clip(1e-6, 1), 2, axis=1)
    bearing /= bearing.sum(1, keepdims=True)
    held = grounded.max(1).clip(1e-5, 1)
    velocity = np.gradient(points[..., [0, 2]], 1 / rate, axis=0)
    wanted = -(bearing[..., None] * velocity).sum(1)
    velocity = _smooth(wanted, held, rate)
    steps = (velocity[1:] + velocity[:-1]) / (2 * rate)
    flat = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    falling = -_GRAVITY / rate**2 * (1 - held)[:, None]
    height = _smooth(-(bearing * heights).sum(1)[:, None], held, rate, falling)
    return np.stack([flat[:, 0], height[:, 0], flat[:, 1]], axis=1)


def _smooth(
    wanted: np.ndarray, weights: np.ndarray, rate: float, bend: np.ndarray | None = None
) -> np.ndarray:
    """Find the curve near wanted values whose second differences are near given ones.

    Whittaker's smoother: minimises the weighted squares of both distances. Where the weight is
    zero, the curve continues as its second differences say.

    Args:
        wanted: (F, D).
        weights: (F,) of the wanted values, from 0 to 1.
        rate: Frames per second.
        bend: Second differences, (F, D); zero if omitted.

    Returns:
        (F, D).
    """
    if len(wanted) < 3:
        return wanted
    strength = _SMOOTHING * (rate / 100) ** 4 * (1 + _BALLISTIC * (1 - weights[1:-1]))
    bands = np.zeros((3, len(wanted)))
    # The bands of D'SD, D the matrix of second differences, S the strengths.
    for row, factors in enumerate(((1, 4, 1), (-2, -2), (1,))):
        for shift, factor in enumerate(factors):
            bands[row, shift : shift + len(strength)] += factor * strength
    bands[0] += weights
    right = weights[:, None] * wanted
    if bend is not None:
        pull = strength[:, None] * bend[1:-1]
        right[:-2] += pull
        right[1:-1] -= 2 * pull
        right[2:] += pull
    return solveh_banded(bands, right, lower=True)
