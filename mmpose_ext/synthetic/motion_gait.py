"""How legs and arms swing when people walk and run."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from .body_angles import ArmAngles, BodyAngles, LegAngles
from .motion_angles import to_row


def _periodic(knots: dict[float, float]) -> CubicSpline:
    """A smooth periodic curve through values, in degrees, at percents of the cycle."""
    percents = np.array([*knots, 100]) / 100
    return CubicSpline(percents, [*knots.values(), knots[0]], bc_type='periodic')


@dataclass(frozen=True)
class Gait:
    """One leg's angles over a cycle, which begins when its foot touches the ground.

    Args:
        hip: Flexion.
        knee: Flexion.
        ankle: Toes down.
        lean: Pitch of the pelvis; hip flexion is relative to it.
        stance: Part of the cycle in which the foot is on the ground. Below one half both feet
            leave it.
    """

    hip: CubicSpline
    knee: CubicSpline
    ankle: CubicSpline
    lean: float
    stance: float

    def leg(self, phase: np.ndarray, stride: float, lift: float) -> dict[str, np.ndarray]:
        """Angles at phases (in cycles) with the stride and the bend of the knee scaled."""
        hip = self.hip(phase % 1)
        return dict(
            flexion=self.lean + 8 + stride * (hip - 8),
            knee=np.maximum(lift * self.knee(phase % 1), 0),
            ankle=self.ankle(phase % 1),
        )


# Read off the curves of clinical gait analysis (Winter, "Biomechanics and Motor Control of Human
# Movement"; Novacheck, "The biomechanics of running", 1998), to a few degrees.
WALK = Gait(
    hip=_periodic({0: 25, 12: 20, 30: 3, 50: -13, 62: -5, 75: 17, 87: 28}),
    knee=_periodic({0: 4, 13: 13, 27: 8, 40: 5, 50: 12, 62: 42, 72: 60, 85: 28, 95: 4}),
    ankle=_periodic({0: 0, 7: 5, 15: 1, 30: -6, 45: -10, 55: 0, 63: 14, 75: -2, 88: -4}),
    lean=3,
    stance=0.6,
)
RUN = Gait(
    hip=_periodic({0: 34, 10: 28, 37: -12, 47: -13, 62: 12, 80: 44, 92: 41}),
    knee=_periodic({0: 18, 14: 40, 30: 22, 37: 18, 50: 60, 65: 100, 78: 82, 92: 28}),
    ankle=_periodic({0: -5, 15: -18, 30: 8, 38: 24, 50: 15, 70: 0, 90: -5}),
    lean=9,
    stance=0.38,
)

# Steps on the spot: the foot is lifted under the hip, the sole level.
STEP = Gait(
    hip=_periodic({0: 2, 25: 2, 50: 2, 62: 10, 75: 21, 88: 8}),
    knee=_periodic({0: 4, 25: 4, 50: 4, 62: 20, 75: 42, 88: 16}),
    ankle=_periodic({0: -2, 25: -2, 50: -2, 62: -10, 75: -18, 88: -8}),
    lean=1,
    stance=0.55,
)


def gait_rows(
    gait: Gait,
    phase: np.ndarray,
    stride: float,
    lift: float,
    arm_swing: float,
    elbow: float,
) -> np.ndarray:
    """Angles of a whole body in a gait, opposite arms and legs together.

    Args:
        gait: The gait.
        phase: (F,) in cycles, of the left leg.
        stride: Factor on how far the legs swing.
        lift: Factor on how far the knees bend.
        arm_swing: Amplitude of the upper arms' swing.
        elbow: Mean flexion of the elbows.

    Returns:
        (F, 28).
    """

    def leg(own: np.ndarray) -> LegAngles:
        return LegAngles(**gait.leg(own, stride, lift), outward=1.5, turn=4)

    def arm(own: np.ndarray) -> ArmAngles:
        # The arm is in front when the other leg is, a little before its foot lands.
        swing = np.cos(2 * np.pi * (own - 0.42))
        forward, outward = np.radians(4 + arm_swing * swing), np.radians(12)
        x, z = np.tan(outward), np.tan(forward)
        return ArmAngles(
            elevation=np.degrees(np.arctan(np.hypot(x, z))),
            azimuth=np.degrees(np.arctan2(z, x)),
            twist=8,
            elbow=elbow + 0.35 * arm_swing * swing,
        )

    counter = np.cos(2 * np.pi * (phase - 0.92))
    return to_row(
        BodyAngles(
            pitch=gait.lean,
            bend=3,
            twist=0.35 * arm_swing * counter * stride,
            head_turn=-0.25 * arm_swing * counter * stride,
            tilt=2 * np.sin(2 * np.pi * (phase - 0.05)),
            left_leg=leg(phase),
            right_leg=leg(phase + 0.5),
            left_arm=arm(phase),
            right_arm=arm(phase + 0.5),
        )
    )


def on_ground(gait: Gait, phase: np.ndarray) -> np.ndarray:
    """Where the left and the right foot are on the ground, (F, 2) bool."""
    return np.stack([phase % 1, (phase + 0.5) % 1], axis=1) < gait.stance
