"""Body angles of a motion as one matrix: a row per frame, a column per angle."""

from collections.abc import Sequence

import numpy as np

from .body_angles import (
    ARM_LIMITS,
    LEG_LIMITS,
    TRUNK_LIMITS,
    ArmAngles,
    BodyAngles,
    LegAngles,
)

_TRUNK = ('pitch', 'roll', 'bend', 'tilt', 'twist', 'nod', 'head_tilt', 'head_turn')
_LIMBS = dict.fromkeys(('left_leg', 'right_leg'), tuple(LEG_LIMITS)) | dict.fromkeys(
    ('left_arm', 'right_arm'), tuple(ARM_LIMITS)
)

CHANNELS = (*_TRUNK, *(f'{limb}.{name}' for limb, names in _LIMBS.items() for name in names))
"""Names of the columns: fields of :class:`BodyAngles`, those of limbs after a dot."""

COLUMN = {name: column for column, name in enumerate(CHANNELS)}
"""The columns by name."""

LEG_COLUMNS = tuple(column for name, column in COLUMN.items() if '_leg.' in name)
"""Columns that move the feet."""

_SIDES = {'left': 'right', 'right': 'left'}
_SIDED = [COLUMN[name] for name in ('roll', 'tilt', 'twist', 'head_tilt', 'head_turn')]
_MIRROR = [
    COLUMN[f'{_SIDES[side]}_{rest}' if side in _SIDES else name]
    for name in CHANNELS
    for side, _, rest in [name.partition('_')]
]


def _limit(name: str) -> tuple[float, float]:
    limb, _, angle = name.rpartition('.')
    limits = LEG_LIMITS if limb.endswith('leg') else ARM_LIMITS if limb else TRUNK_LIMITS
    return limits.get(angle, (-np.inf, np.inf))


_LOW, _HIGH = np.array([_limit(name) for name in CHANNELS]).T


def to_row(angles: BodyAngles) -> np.ndarray:
    """Write the angles of a pose, or of a motion, as rows.

    Args:
        angles: Angles; those that keep a sole level get the ankle that does so.

    Returns:
        (28,), or (F, 28) if an angle is an array.
    """
    columns = [getattr(angles, name) for name in _TRUNK]
    for limb, names in _LIMBS.items():
        part = getattr(angles, limb)
        for name in names:
            value = getattr(part, name)
            if value is None:
                value = part.flexion - part.knee - angles.pitch
            columns.append(value)
    return within_limits(np.stack(np.broadcast_arrays(*columns), axis=-1).astype(float))


def to_angles(rows: np.ndarray) -> BodyAngles:
    """Read rows, (F, 28), as angles with one number per frame."""
    kinds = dict(left_leg=LegAngles, right_leg=LegAngles, left_arm=ArmAngles, right_arm=ArmAngles)
    limbs = {
        limb: kinds[limb](**{name: rows[..., COLUMN[f'{limb}.{name}']] for name in names})
        for limb, names in _LIMBS.items()
    }
    return BodyAngles(**{name: rows[..., COLUMN[name]] for name in _TRUNK}, **limbs)


def mirror_rows(rows: np.ndarray) -> np.ndarray:
    """Exchange the sides of rows, (..., 28)."""
    mirrored = rows[..., _MIRROR].copy()
    mirrored[..., _SIDED] *= -1
    return mirrored


def within_limits(rows: np.ndarray) -> np.ndarray:
    """Move every angle of rows, (..., 28), into its range of motion."""
    return np.clip(rows, _LOW, _HIGH)


def ease(progress: np.ndarray) -> np.ndarray:
    """The way a hand moves from rest to rest: from 0 to 1 with two continuous derivatives.

    The polynomial of least jerk (Flash and Hogan, 1985); constant outside of [0, 1].
    """
    p = np.clip(progress, 0, 1)
    return p**3 * (10 + p * (6 * p - 15))


def blend(poses: Sequence[BodyAngles], weights: np.ndarray) -> np.ndarray:
    """Mix poses; as ranges of motion are intervals, mixtures keep them.

    Args:
        poses: K poses.
        weights: (F, K), non-negative, rows sum to one.

    Returns:
        (F, 28).
    """
    return weights @ np.stack([to_row(pose) for pose in poses])


def through(times: np.ndarray, keys: Sequence[tuple[float, BodyAngles]]) -> np.ndarray:
    """Go from pose to pose, coming to rest in each.

    Args:
        times: (F,) in seconds.
        keys: Time of each pose, ascending, and the pose. The first and the last are held.

    Returns:
        (F, 28).
    """
    moments = [moment for moment, _ in keys]
    reached = np.stack(
        [
            np.ones_like(times),
            *(ease((times - start) / (end - start)) for start, end in zip(moments, moments[1:])),
            np.zeros_like(times),
        ]
    )
    return blend([pose for _, pose in keys], (reached[:-1] - reached[1:]).T)
