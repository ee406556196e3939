"""Random human poses as SMPL parameters."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .activities import ACTIVITIES
from .self_contact import penetration


@dataclass(frozen=True)
class SampledPose:
    """A pose and what it shows.

    Args:
        activity: Name of the activity, a key of ``ACTIVITIES``.
        pose: Axis-angle rotations of SMPL's 24 joints in radians, (24, 3) float32.
        lift: Height of the body's lowest point above the ground in metres.
    """

    activity: str
    pose: np.ndarray
    lift: float


def sample_pose(
    activities: Mapping[str, float],
    rng: np.random.Generator,
    rest_joints: np.ndarray,
    yaw: float = 0,
    attempts: int = 12,
) -> SampledPose:
    """Draw a pose from a mix of activities.

    Left and right are exchanged with probability one half, so every distribution is symmetric.
    Poses whose limbs run through each other are drawn again; the least bad of ``attempts`` stays.

    Args:
        activities: Probability of each activity, by name; need not sum to one.
        rng: Source of randomness.
        rest_joints: Joints of the body's rest pose in metres, (24, 3).
        yaw: Heading in degrees; 0 faces +z, 90 faces +x.
        attempts: Number of draws.

    Returns:
        The pose.

    Raises:
        ValueError: If an activity is unknown, or no probability is positive.
    """
    unknown = set(activities) - set(ACTIVITIES)
    if unknown:
        raise ValueError(f'activities got {sorted(unknown)}, expected some of {sorted(ACTIVITIES)}')
    weights = np.array(list(activities.values()), float)
    if not (weights >= 0).all() or weights.sum() <= 0:
        raise ValueError(
            f'probabilities of activities got {dict(activities)}, expected '
            'non-negative numbers with a positive sum'
        )
    activity = list(activities)[rng.choice(len(weights), p=weights / weights.sum())]
    best = None
    for _ in range(attempts):
        angles = ACTIVITIES[activity](rng).jittered(rng)
        if rng.random() < 0.5:
            angles = angles.mirrored()
        pose = angles.limited().to_pose(yaw)
        depth = penetration(pose, rest_joints)
        if best is None or depth < best[0]:
            best = depth, SampledPose(activity, pose, angles.lift)
        if depth <= 0:
            break
    return best[1]
