"""What people do over time: one function per action that draws a performance of it.

Every function takes times in seconds from the beginning of the action, (F,) and ascending, and
draws everything that distinguishes one performance from another; times before the beginning and
after the end show what the action begins and ends with, so that actions can be blended.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from .activities import standing
from .body_angles import ArmAngles, BodyAngles, LegAngles
from .gestures import front_arm, idle_arm
from .motion_angles import COLUMN, blend, ease, mirror_rows, through
from .motion_gait import RUN, STEP, WALK, Gait, gait_rows, on_ground

Generator = np.random.Generator


@dataclass(frozen=True)
class Performance:
    """An action as it was done once.

    Args:
        rows: Angles, (F, 28), see :mod:`motion_angles`.
        turning: Degrees per second to the left, (F,).
        grounded: Whether the left and the right foot may stand on the ground, (F, 2) bool. Which
            of them does is for their heights to decide.
    """

    rows: np.ndarray
    turning: np.ndarray = field(default_factory=lambda: np.zeros(1))
    grounded: np.ndarray = field(default_factory=lambda: np.ones((1, 2), bool))

    def mirrored(self) -> 'Performance':
        """Exchange left and right."""
        return Performance(mirror_rows(self.rows), -self.turning, self.grounded[:, ::-1])


def idling(times: np.ndarray, rng: Generator) -> Performance:
    """Stand, sway a little, and change what arms and head do now and then."""
    base = _stance(rng)
    keys, moment = [], rng.uniform(-0.5, 0.5)
    while moment < times[-1]:
        keys.append((moment, base))
        keys.append((moment + rng.uniform(0.2, 0.9), base))
        moment = keys[-1][0] + rng.uniform(0.6, 1)
        look = dict(head_turn=rng.normal(0, 22), nod=rng.normal(3, 9), twist=rng.normal(0, 8))
        arm = ('left_arm', 'right_arm')[rng.integers(2)]
        base = replace(base, **look, **{arm: idle_arm(rng)})
    rows = through(times, [*keys, (moment, base)])
    return Performance(_swaying(rows, times, rng))


def walking(times: np.ndarray, rng: Generator) -> Performance:
    """Walk, strolling or in a hurry, along a gentle bend."""
    pace = rng.uniform(0.8, 1.25)
    return _going(
        times,
        rng,
        WALK,
        cadence=0.92 * pace**0.6,
        stride=pace,
        lift=rng.uniform(0.9, 1.1),
        arm_swing=rng.uniform(10, 24) * pace,
        elbow=rng.uniform(15, 35),
        bend_deg=14,
    )


def running(times: np.ndarray, rng: Generator) -> Performance:
    """Run, from a jog up."""
    pace = rng.uniform(0.75, 1.1)
    return _going(
        times,
        rng,
        RUN,
        cadence=1.35 * pace**0.3,
        stride=pace,
        lift=rng.uniform(0.85, 1.05),
        arm_swing=rng.uniform(28, 42),
        elbow=rng.uniform(75, 100),
        bend_deg=12,
    )


def turning(times: np.ndarray, rng: Generator) -> Performance:
    """Turn on the spot with small steps."""
    walk = _going(
        times,
        rng,
        STEP,
        cadence=rng.uniform(0.8, 1),
        stride=1,
        lift=1,
        arm_swing=6,
        elbow=rng.uniform(15, 50),
        bend_deg=0,
    )
    return replace(walk, turning=np.full(len(times), rng.uniform(50, 95)))


def waving(times: np.ndarray, rng: Generator) -> Performance:
    """Raise an arm and wave it."""
    base = _stance(rng)
    arm = ArmAngles(
        elevation=rng.uniform(95, 140),
        azimuth=rng.uniform(5, 40),
        twist=rng.uniform(-20, 10),
        elbow=rng.uniform(50, 75),
    )
    raised = replace(base, left_arm=arm, head_turn=rng.normal(0, 20))
    end = times[-1]
    rise = min(0.7, end / 4)
    held = ease(times / rise) * ease((end - times) / rise)
    rows = blend([base, raised], np.stack([1 - held, held], 1))
    swing = held * np.sin(2 * np.pi * rng.uniform(1.3, 1.9) * times)
    rows[:, COLUMN['left_arm.elbow']] += 22 * swing
    rows[:, COLUMN['left_arm.azimuth']] += 10 * swing
    return Performance(_swaying(rows, times, rng))


def reaching(times: np.ndarray, rng: Generator) -> Performance:
    """Reach for things, high and low, the trunk following the hand."""
    base = _stance(rng)
    keys, moment = [(0.0, base)], 0.0
    while moment < times[-1] - 0.8:
        elevation = rng.uniform(55, 160)
        reach = replace(
            base,
            left_arm=ArmAngles(
                elevation=elevation,
                azimuth=rng.uniform(0, 100),
                twist=rng.normal(0, 15),
                elbow=rng.uniform(3, 30),
            ),
            tilt=-rng.uniform(0, 14),
            bend=rng.uniform(5, 22) if elevation < 80 else rng.uniform(-8, 4),
            twist=rng.normal(-10, 10),
            nod=(100 - elevation) / 4,
            head_turn=rng.uniform(0, 30),
        )
        keys.append((moment + rng.uniform(0.7, 1), reach))
        keys.append((keys[-1][0] + rng.uniform(0.15, 0.5), reach))
        moment = keys[-1][0] + rng.uniform(0.6, 0.9)
        keys.append((moment, base))
        moment += rng.uniform(0.1, 0.4)
    return Performance(_swaying(through(times, keys), times, rng))


def squatting(times: np.ndarray, rng: Generator) -> Performance:
    """Go down on the heels and up again, several times."""
    wide = rng.uniform(8, 18)
    stand = _upright(wide, rng)
    down = _squat(rng.uniform(0.75, 1), wide)
    arms = front_arm(rng, 60, 90)
    down = replace(down, left_arm=arms, right_arm=arms)
    if rng.random() < 0.3:
        stand = replace(stand, left_arm=arms, right_arm=arms)
    return Performance(_between(times, stand, down, rng.uniform(1.7, 2.4), rng.uniform(0, 0.4)))


def sitting_down(times: np.ndarray, rng: Generator) -> Performance:
    """Sit down on a seat, stay, and get up."""
    stand = _stance(rng)
    thigh, wide = rng.uniform(78, 90), rng.uniform(4, 14)
    leg = LegAngles(flexion=thigh - 5, outward=wide, turn=8, knee=thigh + 2)
    sit = BodyAngles(
        pitch=-5,
        bend=rng.uniform(6, 18),
        left_leg=leg,
        right_leg=leg,
        left_arm=_on_thigh(rng),
        right_arm=_on_thigh(rng),
        head_turn=rng.normal(0, 20),
    )
    stand = replace(stand, left_leg=_straight(wide), right_leg=_straight(wide))
    end, quick = times[-1], rng.uniform(1, 1.3)
    quick = min(quick, 0.45 * end)
    seated = ease(times / quick) * ease((end - times) / quick)
    rows = blend([stand, sit], np.stack([1 - seated, seated], 1))
    # Whoever sits down leans over the feet half-way, the thighs as they are.
    lean = 38 * np.sin(np.pi * seated) ** 2
    for name in ('pitch', 'left_leg.flexion', 'right_leg.flexion'):
        rows[:, COLUMN[name]] += lean
    return Performance(_swaying(rows, times, rng))


def bending(times: np.ndarray, rng: Generator) -> Performance:
    """Pick something up from the ground and put it down."""
    wide = rng.uniform(3, 12)
    stand = _upright(wide, rng)
    pitch, knee = rng.uniform(45, 70), rng.uniform(10, 55)
    leg = LegAngles(flexion=pitch + 0.55 * knee, outward=wide, turn=6, knee=knee)
    arms = ArmAngles(
        elevation=pitch + rng.uniform(0, 25), azimuth=rng.uniform(75, 90), elbow=rng.uniform(5, 25)
    )
    low = BodyAngles(
        pitch=pitch,
        bend=rng.uniform(10, 35),
        nod=-10,
        left_leg=leg,
        right_leg=leg,
        left_arm=arms,
        right_arm=arms if rng.random() < 0.6 else stand.right_arm,
    )
    carried = ArmAngles(elevation=30, azimuth=75, elbow=75)
    hold = replace(stand, left_arm=carried, right_arm=carried)
    stay = rng.uniform(0.2, 0.4)
    keys = [(0.0, stand), (1.0, low), (1.0 + stay, low), (2.0 + stay, hold)]
    keys += [(2.2 + stay, hold), (3.2 + stay, low), (4.2 + stay, stand)]
    return Performance(through(times * rng.uniform(0.85, 1.1), keys))


def jumping_jacks(times: np.ndarray, rng: Generator) -> Performance:
    """Hop the legs apart and together, the arms up and down with them."""
    period, soft = rng.uniform(1, 1.3), rng.uniform(16, 24)
    arm_down = ArmAngles(elevation=12, azimuth=5, elbow=8)
    arm_up = ArmAngles(elevation=rng.uniform(140, 168), azimuth=8, elbow=rng.uniform(10, 25))

    def pose(outward: float, arm: ArmAngles) -> BodyAngles:
        leg = LegAngles(flexion=0.55 * soft, outward=outward, turn=8, knee=soft)
        return BodyAngles(bend=2, left_leg=leg, right_leg=leg, left_arm=arm, right_arm=arm)

    rows = _between(times, pose(2, arm_down), pose(rng.uniform(18, 25), arm_up), period)
    # The knees straighten and the toes point down in the air, half-way between the two poses.
    phase = times / period % 1 * 2 % 1
    stretch = np.sin(np.pi * phase) ** 2
    for side in ('left', 'right'):
        rows[:, COLUMN[f'{side}_leg.knee']] -= 0.6 * soft * stretch
        rows[:, COLUMN[f'{side}_leg.flexion']] -= 0.33 * soft * stretch
        rows[:, COLUMN[f'{side}_leg.ankle']] += 25 * stretch
    flight = 0.2 / (period / 2)
    grounded = np.abs(phase - 0.5) >= flight / 2
    return Performance(rows, grounded=np.stack([grounded, grounded], 1))


def jumping(times: np.ndarray, rng: Generator) -> Performance:
    """Jump straight up, again and again."""
    wide = rng.uniform(3, 10)
    stand = _upright(wide, rng)
    low = _squat(rng.uniform(0.45, 0.7), wide)
    back = ArmAngles(elevation=35, azimuth=-60, elbow=10)
    low = replace(low, left_arm=back, right_arm=back)
    up = ArmAngles(elevation=rng.uniform(120, 160), azimuth=60, elbow=20)
    leg = replace(_straight(wide), ankle=35)
    high = replace(stand, left_arm=up, right_arm=up, left_leg=leg, right_leg=leg, pitch=0)
    flight = rng.uniform(0.3, 0.42)
    keys, spans, moment = [(0.0, stand)], [], 0.0
    while moment < times[-1] - 1:
        start = moment + 0.95
        soft = replace(low, left_arm=stand.left_arm, right_arm=stand.right_arm)
        # The legs are still stretching when the feet leave the ground, and bend before they land.
        keys += [(start - 0.26, low), (start + 0.1, high), (start + flight - 0.1, high)]
        keys += [(start + flight + 0.26, soft), (start + flight + 0.85, stand)]
        spans.append((start, start + flight))
        moment = keys[-1][0]
    airborne = np.zeros(len(times), bool)
    for start, end in spans:
        airborne |= (times > start) & (times < end)
    return Performance(through(times, keys), grounded=~np.stack([airborne, airborne], 1))


def kicking(times: np.ndarray, rng: Generator) -> Performance:
    """Swing a leg back, kick, and put it down."""
    stand = _stance(rng)
    support = LegAngles(flexion=9, outward=3, turn=8, knee=16)
    stand = replace(stand, right_leg=support, left_leg=support)
    balance = ArmAngles(elevation=rng.uniform(40, 70), azimuth=rng.uniform(0, 30), elbow=25)
    back = replace(
        stand,
        pitch=8,
        left_leg=LegAngles(flexion=-14, outward=4, knee=rng.uniform(70, 90), ankle=0),
        left_arm=replace(balance, azimuth=50),
        right_arm=replace(balance, azimuth=-30),
        twist=10,
    )
    height = rng.uniform(45, 85)
    kick = replace(
        stand,
        pitch=-0.12 * height,
        left_leg=LegAngles(flexion=height, outward=6, knee=rng.uniform(15, 35), ankle=5),
        left_arm=replace(balance, azimuth=-40),
        right_arm=replace(balance, azimuth=60),
        twist=-14,
        bend=10,
    )
    keys, moment = [(0.0, stand)], 0.0
    grounded = np.ones((len(times), 2), bool)
    while moment < times[-1] - 1:
        keys += [(moment + 0.5, back), (moment + 0.9, kick), (moment + 1.55, stand)]
        grounded[(times > moment + 0.1) & (times < moment + 1.45), 0] = False
        moment += rng.uniform(1.7, 2)
        keys.append((moment, stand))
    return Performance(through(times, keys), grounded=grounded)


def swinging(times: np.ndarray, rng: Generator) -> Performance:
    """Swing a club with both hands."""
    knee, pitch, wide = rng.uniform(14, 26), rng.uniform(16, 30), rng.uniform(9, 15)
    leg = LegAngles(flexion=pitch + 0.55 * knee, outward=wide, turn=10, knee=knee)

    def pose(twist: float, near: ArmAngles, far: ArmAngles) -> BodyAngles:
        return BodyAngles(
            pitch=pitch,
            bend=12,
            twist=twist,
            nod=12,
            head_turn=-twist,
            left_leg=leg,
            right_leg=leg,
            left_arm=far,
            right_arm=near,
        )

    together = ArmAngles(elevation=pitch + 24, azimuth=103, twist=0, elbow=12)
    address = pose(0, together, together)
    top = pose(
        -rng.uniform(34, 46),
        ArmAngles(elevation=rng.uniform(80, 105), azimuth=62, elbow=rng.uniform(70, 100)),
        ArmAngles(elevation=rng.uniform(85, 105), azimuth=116, elbow=15),
    )
    finish = top.mirrored()
    keys, moment = [(0.0, address)], 0.0
    while moment < times[-1] - 1:
        moment += rng.uniform(0.1, 0.5)
        keys += [(moment, address), (moment + 0.85, top), (moment + 1.0, top)]
        keys += [(moment + 1.6, finish), (moment + 2, finish), (moment + 3, address)]
        moment += 3
    return Performance(through(times, keys))


def throwing(times: np.ndarray, rng: Generator) -> Performance:
    """Step out, throw a ball overarm, and follow through."""
    stand = _upright(6, rng)
    front = LegAngles(flexion=22, outward=8, turn=8, knee=24)
    rear = LegAngles(flexion=-8, outward=8, turn=16, knee=14)
    stand = replace(stand, left_leg=rear, right_leg=front)
    aim = ArmAngles(elevation=80, azimuth=70, elbow=15)
    wind = replace(
        stand,
        pitch=-6,
        twist=32,
        bend=-6,
        left_arm=ArmAngles(elevation=92, azimuth=-15, twist=-60, elbow=rng.uniform(80, 105)),
        right_arm=aim,
        head_turn=-30,
    )
    release = replace(
        wind,
        pitch=8,
        twist=-22,
        bend=14,
        left_arm=ArmAngles(elevation=115, azimuth=65, twist=-20, elbow=25),
        right_arm=ArmAngles(elevation=30, azimuth=30, elbow=60),
        head_turn=10,
    )
    after = replace(
        release,
        bend=28,
        twist=-34,
        left_arm=ArmAngles(elevation=45, azimuth=100, elbow=20),
    )
    keys, moment = [(0.0, stand)], 0.0
    while moment < times[-1] - 1:
        keys += [(moment + 0.75, wind), (moment + 0.9, wind), (moment + 1.3, release)]
        keys += [(moment + 1.65, after), (moment + 2.4, stand)]
        moment += rng.uniform(2.5, 2.9)
        keys.append((moment, stand))
    return Performance(through(times, keys))


def lifting(times: np.ndarray, rng: Generator) -> Performance:
    """Lift a bar from the ground to the shoulders and overhead."""
    wide = rng.uniform(6, 12)
    deep = _squat(rng.uniform(0.8, 1), wide)
    hang = ArmAngles(elevation=deep.pitch + 34, azimuth=84, twist=20, elbow=4)
    low = replace(deep, left_arm=hang, right_arm=hang, nod=-20)
    rack = ArmAngles(elevation=35, azimuth=60, twist=-10, elbow=135)
    racked = replace(_upright(wide, rng), left_arm=rack, right_arm=rack, bend=-4)
    press = ArmAngles(elevation=rng.uniform(160, 172), azimuth=20, elbow=8)
    pressed = replace(racked, left_arm=press, right_arm=press)
    keys, moment = [(0.0, low)], 0.0
    while moment < times[-1] - 1:
        keys += [(moment + 0.3, low), (moment + 1.3, racked), (moment + 1.6, racked)]
        keys += [(moment + 2.3, pressed), (moment + 2.7, pressed), (moment + 3.4, racked)]
        keys.append((moment + 4.4, low))
        moment += 4.4
    return Performance(through(times * rng.uniform(0.9, 1.2), keys))


def lunging(times: np.ndarray, rng: Generator) -> Performance:
    """Step into a deep lunge and back."""
    stand = _upright(4, rng)
    depth = rng.uniform(0.75, 1)
    lunge = replace(
        stand,
        pitch=6,
        left_leg=LegAngles(flexion=80 * depth + 6, outward=5, turn=6, knee=80 * depth),
        right_leg=LegAngles(flexion=-18 * depth, outward=4, turn=4, knee=50 * depth, ankle=-15),
    )
    period = rng.uniform(2.2, 3)
    rows = _between(times, stand, lunge, period)
    # The stepping foot leaves the ground half-way.
    step = np.sin(2 * np.pi * times / period) ** 2
    rows[:, COLUMN['left_leg.flexion']] += 16 * step
    rows[:, COLUMN['left_leg.knee']] += 30 * step
    return Performance(rows)


def _going(
    times: np.ndarray,
    rng: Generator,
    gait: Gait,
    cadence: float,
    stride: float,
    lift: float,
    arm_swing: float,
    elbow: float,
    bend_deg: float,
) -> Performance:
    phase = rng.random() + cadence * times
    rows = gait_rows(gait, phase, stride, lift, arm_swing, elbow)
    rows[:, COLUMN['head_turn']] += rng.normal(0, 12)
    rows[:, COLUMN['nod']] += rng.normal(0, 7)
    rows[:, COLUMN['bend']] += rng.normal(0, 3)
    turning = np.full(len(times), rng.normal(0, bend_deg))
    return Performance(rows, turning, on_ground(gait, phase))


def _stance(rng: Generator) -> BodyAngles:
    """Stand with both feet flat on the ground."""
    base = standing(rng)
    return replace(base, left_leg=_straight(rng.uniform(1, 7)), right_leg=_straight(3))


def _straight(outward: float) -> LegAngles:
    return LegAngles(flexion=3, outward=outward, turn=8, knee=4)


def _upright(wide: float, rng: Generator) -> BodyAngles:
    arm = ArmAngles(elevation=rng.uniform(7, 14), azimuth=rng.uniform(10, 40), elbow=15)
    return BodyAngles(
        left_leg=_straight(wide), right_leg=_straight(wide), left_arm=arm, right_arm=arm
    )


def _squat(depth: float, wide: float) -> BodyAngles:
    """The shanks lean forward as the thighs go down, the trunk over the feet."""
    pitch = 38 * depth
    # Thighs turn inward so that the feet stay as far apart as those of someone upright.
    leg = LegAngles(
        flexion=80 * depth + pitch, outward=6 + 0.5 * wide, turn=4 - 1.3 * wide, knee=106 * depth
    )
    return BodyAngles(pitch=pitch, bend=8 * depth, nod=-12 * depth, left_leg=leg, right_leg=leg)


def _on_thigh(rng: Generator) -> ArmAngles:
    return ArmAngles(
        elevation=rng.uniform(24, 36),
        azimuth=rng.uniform(55, 75),
        twist=rng.uniform(5, 15),
        elbow=rng.uniform(62, 82),
    )


def _between(
    times: np.ndarray, first: BodyAngles, second: BodyAngles, period: float, start: float = 0
) -> np.ndarray:
    """Go from one pose to the other and back, again and again."""
    phase = np.maximum(times - start, 0) / period
    share = (1 - np.cos(2 * np.pi * phase)) / 2
    return blend([first, second], np.stack([1 - share, share], 1))


def _swaying(rows: np.ndarray, times: np.ndarray, rng: Generator) -> np.ndarray:
    """Nobody stands like a post: shift the weight about the ankles, slowly."""
    slow = 2 * np.pi * (rng.uniform(0.2, 0.35) * times + rng.random())
    rows = rows.copy()
    rows[:, COLUMN['tilt']] += 1.2 * np.sin(slow)
    pitch = 0.8 * np.sin(0.7 * slow)
    for name in ('pitch', 'left_leg.flexion', 'right_leg.flexion'):
        rows[:, COLUMN[name]] += pitch
    rows[:, COLUMN['bend']] += 0.7 * np.sin(1.3 * slow)
    return rows


ACTIONS: dict[str, Callable[[np.ndarray, Generator], Performance]] = {
    function.__name__: function
    for function in (
        idling,
        walking,
        running,
        turning,
        waving,
        reaching,
        squatting,
        sitting_down,
        bending,
        jumping_jacks,
        jumping,
        kicking,
        swinging,
        throwing,
        lifting,
        lunging,
    )
}
