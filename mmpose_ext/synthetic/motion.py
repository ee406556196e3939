"""How synthetic people move: actions one after the other, on feet that stay where they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mmpose_ext.body_models import BodyModel

from .motion_actions import ACTIONS, Performance
from .motion_angles import LEG_COLUMNS, ease, to_angles, within_limits
from .motion_root import Soles, root_path
from .self_contact import penetration

# Motions are made at about this many frames per second and read at fewer.
_RATE = 120
# Seconds in which one action becomes the next.
_TRANSITION = 0.7
# Standard deviations of a person's own irregularity in degrees and of its smoothing in seconds.
_WOBBLE_DEG = 1.6
_LEG_WOBBLE_DEG = 0.5
_WOBBLE_SECONDS = 0.3
_SOFTNESS_SECONDS = 0.022
_ATTEMPTS = 6
_PROBES = 12


@dataclass(frozen=True)
class Scene:
    """One entry of a script.

    Args:
        action: A key of :data:`ACTIONS`.
        seconds: How long it lasts.
        turning: Degrees per second to the left that are added while the person goes.
        begun: Seconds of the action that have passed when the scene begins.
    """

    action: str
    seconds: float
    turning: float = 0
    begun: float = 0


@dataclass(frozen=True)
class Motion:
    """A body that moves, in a world with y up and the ground at y = 0.

    Args:
        rate: Frames per second.
        rows: Angles, (F, 28), see :mod:`motion_angles`.
        yaw: Headings in degrees, (F,).
        pose: SMPL's pose, (F, 24, 3) in radians.
        transl: SMPL's translation, (F, 3) in metres.
        actions: What the person does, (F,) str.
    """

    rate: float
    rows: np.ndarray
    yaw: np.ndarray
    pose: np.ndarray
    transl: np.ndarray
    actions: np.ndarray

    def every(self, step: int) -> 'Motion':
        """Keep every n-th frame."""
        arrays = {name: value[::step] for name, value in vars(self).items() if name != 'rate'}
        return Motion(self.rate / step, **arrays)

    def moved(self, offset: np.ndarray) -> 'Motion':
        """Begin elsewhere; ``offset`` is (3,) in metres."""
        return Motion(**vars(self) | dict(transl=self.transl + offset))


def sample_script(
    actions: Mapping[str, float], seconds: float, rng: np.random.Generator, turning_deg: float = 0
) -> tuple[Scene, ...]:
    """Draw what someone does, one thing after the other.

    Args:
        actions: Probability of each action, by name; need not sum to one.
        seconds: Length of the script.
        rng: Source of randomness.
        turning_deg: Standard deviation of how fast a person who goes turns, degrees per second.

    Returns:
        The script, which fills the time.

    Raises:
        ValueError: If an action is unknown.
    """
    unknown = set(actions) - set(ACTIONS)
    if unknown:
        raise ValueError(f'actions got {sorted(unknown)}, expected some of {sorted(ACTIONS)}')
    names, weights = list(actions), np.array(list(actions.values()), float)
    script: list[Scene] = []
    left = seconds
    while left > 0:
        length = rng.uniform(2, 4.5)
        # A rest too short for an action belongs to the last one.
        length = left if left - length < 1.5 else length
        name = names[rng.choice(len(names), p=weights / weights.sum())]
        # A film seldom begins when its people do.
        begun = 0 if script else rng.uniform(0, 0.8)
        script.append(Scene(name, length, rng.normal(0, turning_deg), begun))
        left -= length
    return tuple(script)


def sample_motion(
    script: Sequence[Scene],
    body: BodyModel,
    betas: np.ndarray,
    frames: int,
    fps: int,
    rng: np.random.Generator,
    yaw: float = 0,
) -> Motion:
    """Draw how a person performs a script.

    Left and right are exchanged with probability one half per action. Of several performances of
    an action the one whose limbs run least through each other is kept.

    Args:
        script: What to do.
        body: The body model.
        betas: The person's shape.
        frames: Number of frames at ``fps``.
        fps: Frames per second that the motion will be read at; the result has a multiple of it,
            about 120.
        rng: Source of randomness.
        yaw: Heading in degrees at the beginning; 0 faces +z, 90 faces +x.

    Returns:
        The motion, from the origin.
    """
    step = max(1, round(_RATE / fps))
    rate = step * fps
    count = (frames - 1) * step + 1
    times = np.arange(count) / rate
    soles = Soles.of(body, betas)
    rows, turning, grounded = np.zeros((count, 28)), np.zeros(count), np.zeros((count, 2))
    strongest, actions = np.zeros(count), np.empty(count, object)
    borders = np.cumsum([0, *(scene.seconds for scene in script)])
    for number, (scene, (start, end)) in enumerate(zip(script, pairwise(borders))):
        share = np.ones(count)
        if number > 0:
            share *= ease((times - start) / _TRANSITION + 0.5)
        if number < len(script) - 1:
            share *= 1 - ease((times - end) / _TRANSITION + 0.5)
        shown = np.flatnonzero(share)
        if not len(shown):
            continue
        own = _perform(scene, times[shown] - start + scene.begun, rng, soles.rest_joints)
        rows[shown] += share[shown, None] * own.rows
        turning[shown] += share[shown] * own.turning
        grounded[shown] += share[shown, None] * own.grounded
        actions[share > strongest] = scene.action
        strongest = np.maximum(strongest, share)
    rows = within_limits(rows + _wobble(count, rate, rng))
    # Averages of angles within their ranges are within them.
    rows = gaussian_filter1d(rows, _SOFTNESS_SECONDS * rate, axis=0, mode='nearest')
    headings = yaw + np.cumsum(gaussian_filter1d(turning, 0.15 * rate, mode='nearest')) / rate
    pose = to_angles(rows).to_pose(headings)
    grounded = gaussian_filter1d(grounded, _SOFTNESS_SECONDS / 2 * rate, axis=0, mode='nearest')
    transl = root_path(soles, pose, grounded, rate)
    return Motion(rate, rows, headings, pose, transl, actions.astype(str))


def _perform(
    scene: Scene, times: np.ndarray, rng: np.random.Generator, rest_joints: np.ndarray
) -> Performance:
    best = None
    for _ in range(_ATTEMPTS):
        own = ACTIONS[scene.action](times, rng)
        probes = np.linspace(0, len(times) - 1, _PROBES).astype(int)
        poses = to_angles(own.rows[probes]).to_pose()
        depth = max(penetration(pose, rest_joints) for pose in poses)
        if best is None or depth < best[0]:
            best = depth, own
        if depth <= 0:
            break
    own = best[1]
    if np.any(own.turning):
        own = Performance(own.rows, own.turning + scene.turning, own.grounded)
    return own.mirrored() if rng.random() < 0.5 else own


def _wobble(count: int, rate: float, rng: np.random.Generator) -> np.ndarray:
    noise = gaussian_filter1d(
        rng.normal(size=(count, 28)), _WOBBLE_SECONDS * rate, axis=0, mode='wrap'
    )
    # What is left of white noise of variance 1 after a Gaussian filter.
    noise *= np.sqrt(2 * np.sqrt(np.pi) * _WOBBLE_SECONDS * rate)
    size = np.full(28, _WOBBLE_DEG)
    size[list(LEG_COLUMNS)] = _LEG_WOBBLE_DEG
    return noise * size
