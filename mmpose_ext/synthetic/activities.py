"""What people do: one function per activity that draws body angles.

Every function draws a pose whose limbs belong together (opposite arms and legs swing together, a
bent body shifts its hips); :mod:`mmpose_ext.synthetic.poses` mirrors, jitters and limits it.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .body_angles import ArmAngles, BodyAngles, LegAngles
from .gestures import free_head, front_arm, idle_arm, lap_arm, loose_arm

Generator = np.random.Generator


def standing(rng: Generator) -> BodyAngles:
    """Upright, often with the weight on one leg, the hands anywhere."""
    rest = rng.uniform(0, 25)
    return BodyAngles(
        bend=rng.normal(4, 5),
        tilt=rng.normal(0, 4),
        twist=rng.normal(0, 8),
        left_leg=LegAngles(flexion=rng.normal(2, 4), outward=rng.uniform(1, 14), turn=8),
        right_leg=LegAngles(flexion=rest * 0.7, outward=rng.uniform(1, 14), turn=10, knee=rest),
        left_arm=idle_arm(rng),
        right_arm=idle_arm(rng),
        **free_head(rng),
    )


def walking(rng: Generator) -> BodyAngles:
    """Any phase of a stride at any speed."""
    return _gait(
        rng,
        reach=rng.uniform(12, 28),
        knee=rng.uniform(35, 60),
        lean=2,
        elbow=rng.uniform(8, 45),
        arm_swing=rng.uniform(8, 35),
        lift=0,
    )


def running(rng: Generator) -> BodyAngles:
    """Any phase of a run, from a jog to a sprint, sometimes in the air."""
    return _gait(
        rng,
        reach=rng.uniform(28, 55),
        knee=rng.uniform(75, 120),
        lean=rng.uniform(5, 18),
        elbow=rng.uniform(70, 110),
        arm_swing=rng.uniform(30, 55),
        lift=rng.uniform(0, 0.12),
    )


def sitting(rng: Generator) -> BodyAngles:
    """On a seat with the feet on the ground."""
    recline = rng.normal(-5, 8)
    leg = LegAngles(flexion=rng.uniform(80, 98), outward=rng.uniform(2, 22), turn=5)
    left = replace(leg, knee=rng.uniform(65, 105))
    right = replace(leg, flexion=leg.flexion + rng.normal(0, 5), knee=rng.uniform(65, 105))
    return BodyAngles(
        pitch=recline,
        bend=rng.normal(12, 10),
        twist=rng.normal(0, 8),
        left_leg=left,
        right_leg=right,
        left_arm=lap_arm(rng),
        right_arm=lap_arm(rng),
        **free_head(rng),
    )


def sitting_on_ground(rng: Generator) -> BodyAngles:
    """On the ground: cross-legged, legs out, or knees drawn up."""
    kind = rng.integers(3)
    if kind == 0:
        leg = LegAngles(
            flexion=95, outward=rng.uniform(30, 42), turn=45, knee=rng.uniform(112, 128), ankle=20
        )
        right = replace(leg, flexion=88, knee=leg.knee - 12)
    elif kind == 1:
        leg = LegAngles(
            flexion=rng.uniform(78, 92),
            outward=rng.uniform(4, 25),
            knee=rng.uniform(0, 25),
            ankle=15,
        )
        right = replace(leg, knee=rng.uniform(0, 60), flexion=leg.flexion + 5)
    else:
        leg = LegAngles(
            flexion=rng.uniform(105, 122),
            outward=rng.uniform(3, 14),
            knee=rng.uniform(95, 125),
            ankle=10,
        )
        right = replace(leg, flexion=rng.uniform(100, 122))
    return BodyAngles(
        pitch=rng.normal(-4, 7),
        bend=rng.uniform(8, 35),
        left_leg=leg,
        right_leg=right,
        left_arm=lap_arm(rng),
        right_arm=lap_arm(rng),
        **free_head(rng),
    )


def crouching(rng: Generator) -> BodyAngles:
    """From a half squat down to the heels."""
    depth = rng.uniform(0.35, 1)
    pitch = 30 * depth + rng.normal(0, 6)
    leg = LegAngles(
        flexion=105 * depth + 0.35 * pitch, outward=rng.uniform(8, 28), turn=15, knee=132 * depth
    )
    return BodyAngles(
        pitch=pitch,
        bend=rng.uniform(0, 30),
        left_leg=leg,
        right_leg=replace(leg, flexion=leg.flexion - rng.uniform(0, 15)),
        left_arm=front_arm(rng),
        right_arm=front_arm(rng),
        **free_head(rng, -15),
    )


def kneeling(rng: Generator) -> BodyAngles:
    """On one knee or on both."""
    down = LegAngles(flexion=rng.uniform(-5, 25), outward=6, knee=rng.uniform(85, 110), ankle=40)
    up = LegAngles(
        flexion=rng.uniform(75, 95), outward=rng.uniform(4, 20), knee=rng.uniform(80, 105)
    )
    right = up if rng.random() < 0.7 else replace(down, flexion=down.flexion + 3)
    return BodyAngles(
        pitch=rng.uniform(-2, 12),
        bend=rng.uniform(0, 25),
        left_leg=down,
        right_leg=right,
        left_arm=front_arm(rng),
        right_arm=idle_arm(rng),
        **free_head(rng),
    )


def reaching(rng: Generator) -> BodyAngles:
    """One arm stretched to something, the trunk following it."""
    arm = ArmAngles(
        elevation=rng.uniform(55, 165),
        azimuth=rng.uniform(-10, 105),
        twist=rng.normal(0, 20),
        elbow=rng.uniform(0, 35),
    )
    base = standing(rng)
    return replace(
        base,
        tilt=-rng.uniform(0, 20),
        bend=rng.uniform(-8, 22),
        left_arm=arm,
        twist=rng.normal(-8, 12),
        nod=rng.uniform(-30, 10),
        head_turn=rng.uniform(0, 35),
    )


def bending(rng: Generator) -> BodyAngles:
    """Picking something up from a stiff or a soft hip."""
    pitch = rng.uniform(25, 75)
    knee = rng.uniform(0, 55)
    leg = LegAngles(flexion=pitch + 0.55 * knee, outward=rng.uniform(2, 14), knee=knee)
    return BodyAngles(
        pitch=pitch,
        bend=rng.uniform(5, 40),
        left_leg=leg,
        right_leg=replace(leg, flexion=leg.flexion + rng.normal(0, 8)),
        left_arm=front_arm(rng, 35, 95),
        right_arm=front_arm(rng, 35, 95),
        **free_head(rng, -10),
    )


def lying(rng: Generator) -> BodyAngles:
    """On the back, the front or a side, the limbs relaxed."""
    kind = rng.choice(3, p=[0.5, 0.25, 0.25])
    # The arms lie in the half space that the ground leaves: above, beside, or in front.
    pitch, roll, planes = [(-90, 0, (0, 80)), (90, 0, (-15, 5)), (0, 86, (45, 100))][kind]
    curl = rng.uniform(0, 55) if pitch <= 0 else 0

    def leg() -> LegAngles:
        bent = curl * rng.uniform(0.5, 1.3)
        return LegAngles(
            flexion=bent,
            outward=rng.uniform(2, 22),
            turn=rng.uniform(0, 35),
            knee=1.5 * bent,
            ankle=rng.uniform(5, 40),
        )

    def arm() -> ArmAngles:
        return replace(loose_arm(rng), azimuth=rng.uniform(*planes))

    return BodyAngles(
        pitch=pitch + rng.normal(0, 4),
        roll=roll + rng.normal(0, 5),
        bend=rng.uniform(-4, 12),
        left_leg=leg(),
        right_leg=leg(),
        left_arm=arm(),
        right_arm=arm(),
        nod=rng.normal(0, 8),
        head_turn=rng.normal(0, 25),
    )


def arms_up(rng: Generator) -> BodyAngles:
    """Cheering, stretching, hanging: both hands overhead."""
    base = jumping(rng) if rng.random() < 0.25 else standing(rng)

    def arm() -> ArmAngles:
        return ArmAngles(
            elevation=rng.uniform(125, 176),
            azimuth=rng.uniform(0, 80),
            twist=rng.normal(0, 15),
            elbow=rng.uniform(0, 60),
        )

    return replace(base, bend=rng.uniform(-18, 8), left_arm=arm(), right_arm=arm())


def twisted(rng: Generator) -> BodyAngles:
    """A turned trunk with the hands together or far apart: a club, a bat, a throw."""
    twist = rng.uniform(18, 48)
    stride = rng.uniform(5, 25)
    together = rng.random() < 0.5
    near = ArmAngles(
        elevation=rng.uniform(35, 120),
        azimuth=rng.uniform(30, 80),
        twist=rng.normal(0, 15),
        elbow=rng.uniform(20, 110),
    )
    if together:
        far = ArmAngles(
            elevation=near.elevation,
            azimuth=rng.uniform(100, 122),
            twist=rng.normal(10, 10),
            elbow=rng.uniform(10, 70),
        )
    else:
        far = ArmAngles(
            elevation=rng.uniform(40, 110), azimuth=rng.uniform(-40, 60), elbow=rng.uniform(0, 80)
        )
    return BodyAngles(
        pitch=rng.uniform(0, 12),
        bend=rng.uniform(0, 22),
        twist=twist,
        tilt=rng.normal(0, 10),
        head_turn=-twist * rng.uniform(0, 1.2),
        nod=rng.normal(0, 10),
        left_leg=LegAngles(
            flexion=stride + 6, outward=rng.uniform(8, 25), turn=18, knee=rng.uniform(8, 40)
        ),
        right_leg=LegAngles(
            flexion=6 - stride, outward=rng.uniform(8, 25), turn=18, knee=rng.uniform(8, 35)
        ),
        left_arm=near,
        right_arm=far,
    )


def kicking(rng: Generator) -> BodyAngles:
    """One leg swung forward or sideways, the arms balancing."""
    height = rng.uniform(25, 105)
    kick = LegAngles(
        flexion=height,
        outward=rng.uniform(0, 40),
        turn=rng.uniform(0, 30),
        knee=rng.uniform(0, 60) + 0.3 * (105 - height),
        ankle=rng.uniform(0, 35),
    )
    return BodyAngles(
        pitch=-height * rng.uniform(0, 0.2),
        bend=rng.uniform(0, 15),
        twist=rng.normal(-8, 12),
        left_leg=kick,
        right_leg=LegAngles(
            flexion=rng.uniform(-4, 14), outward=3, turn=15, knee=rng.uniform(5, 28)
        ),
        left_arm=loose_arm(rng),
        right_arm=loose_arm(rng),
        nod=rng.uniform(0, 25),
    )


def lunging(rng: Generator) -> BodyAngles:
    """One foot far in front of the other."""
    depth = rng.uniform(0.4, 1)
    return BodyAngles(
        pitch=rng.uniform(0, 22),
        bend=rng.uniform(-5, 20),
        twist=rng.normal(0, 14),
        left_leg=LegAngles(flexion=85 * depth, outward=rng.uniform(0, 20), turn=8, knee=85 * depth),
        right_leg=LegAngles(
            flexion=-25 * depth,
            outward=rng.uniform(2, 18),
            turn=10,
            knee=rng.uniform(5, 40) * depth,
            ankle=None,
        ),
        left_arm=loose_arm(rng),
        right_arm=loose_arm(rng),
        **free_head(rng),
    )


def jumping(rng: Generator) -> BodyAngles:
    """Both feet off the ground."""

    def leg() -> LegAngles:
        tuck = rng.uniform(0, 70)
        return LegAngles(
            flexion=tuck,
            outward=rng.uniform(2, 30),
            turn=8,
            knee=1.25 * tuck + rng.uniform(5, 20),
            ankle=rng.uniform(10, 40),
        )

    return BodyAngles(
        pitch=rng.normal(3, 7),
        bend=rng.uniform(-12, 15),
        left_leg=leg(),
        right_leg=leg(),
        left_arm=loose_arm(rng),
        right_arm=loose_arm(rng),
        lift=rng.uniform(0.1, 0.5),
        **free_head(rng),
    )


def riding(rng: Generator) -> BodyAngles:
    """On a bicycle or a machine: the hands on a bar, the legs pedalling."""
    pitch, phase = rng.uniform(10, 40), rng.uniform(0, 2 * np.pi)

    def leg(angle: float) -> LegAngles:
        return LegAngles(
            flexion=68 + 28 * np.sin(angle) + 0.4 * pitch,
            outward=rng.uniform(0, 8),
            knee=72 - 34 * np.sin(angle + 2.6),
            ankle=rng.uniform(-5, 25),
        )

    arm = ArmAngles(
        elevation=rng.uniform(48, 82),
        azimuth=rng.uniform(70, 88),
        twist=rng.normal(15, 10),
        elbow=rng.uniform(8, 50),
    )
    return BodyAngles(
        pitch=pitch,
        bend=rng.uniform(10, 40),
        nod=-rng.uniform(15, 40),
        head_turn=rng.normal(0, 12),
        left_leg=leg(phase),
        right_leg=leg(phase + np.pi),
        left_arm=arm,
        right_arm=replace(arm, elbow=arm.elbow + rng.normal(0, 8)),
    )


def _gait(
    rng: Generator,
    reach: float,
    knee: float,
    lean: float,
    elbow: float,
    arm_swing: float,
    lift: float,
) -> BodyAngles:
    phase = rng.uniform(0, 2 * np.pi)

    def leg(angle: float) -> LegAngles:
        forward = reach * np.sin(angle)
        # The knee bends while the leg swings forward.
        bend = 8 + knee * max(0.0, np.cos(angle)) ** 1.5
        return LegAngles(
            flexion=lean + 0.25 * bend + forward,
            outward=rng.uniform(0, 5),
            turn=4,
            knee=bend,
            ankle=None if forward > -5 else rng.uniform(5, 30),
        )

    def arm(angle: float) -> ArmAngles:
        forward, outward = np.radians(arm_swing * np.sin(angle)), np.radians(rng.uniform(5, 16))
        x, z = np.tan(outward), np.tan(forward)
        return ArmAngles(
            elevation=np.degrees(np.arctan(np.hypot(x, z))),
            azimuth=np.degrees(np.arctan2(z, x)),
            twist=rng.normal(8, 8),
            elbow=elbow + 12 * np.sin(angle),
        )

    left_arm, right_arm = arm(phase + np.pi), arm(phase)
    if elbow < 60 and rng.random() < 0.25:
        left_arm = idle_arm(rng)
    return BodyAngles(
        pitch=lean,
        bend=rng.normal(4, 4),
        twist=0.35 * reach * np.sin(phase),
        left_leg=leg(phase),
        right_leg=leg(phase + np.pi),
        left_arm=left_arm,
        right_arm=right_arm,
        lift=lift,
        **free_head(rng),
    )


ACTIVITIES: dict[str, Callable[[Generator], BodyAngles]] = {
    function.__name__: function
    for function in (
        standing,
        walking,
        running,
        sitting,
        sitting_on_ground,
        crouching,
        kneeling,
        reaching,
        bending,
        lying,
        arms_up,
        twisted,
        kicking,
        lunging,
        jumping,
        riding,
    )
}
