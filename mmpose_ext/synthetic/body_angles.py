"""Anatomical joint angles and their conversion to SMPL pose parameters.

SMPL's rest pose is the T-pose: y up, facing +z, the left side at +x. Angles are in degrees and
read like a clinician's: flexion is positive, and both sides use the same signs, so a pose is
mirrored by exchanging its sides. An angle is a number, or an array with one number per frame of a
motion.
"""

from dataclasses import dataclass, field, fields, replace

import numpy as np

from mmpose_ext.geometry import axis_angle_to_matrix, matrix_to_axis_angle

# Ranges of motion in degrees, rounded from the tables of the American Academy of Orthopaedic
# Surgeons. The spine's are those of its three SMPL joints together, the neck's of neck and head.
LEG_LIMITS = dict(
    flexion=(-30, 125), outward=(-20, 50), turn=(-40, 50), knee=(0, 145), ankle=(-30, 50)
)
ARM_LIMITS = dict(
    elevation=(0, 178), azimuth=(-80, 125), twist=(-100, 80), elbow=(0, 148), wrist=(-60, 60)
)
TRUNK_LIMITS = dict(
    bend=(-30, 80),
    tilt=(-35, 35),
    twist=(-50, 50),
    nod=(-45, 50),
    head_tilt=(-35, 35),
    head_turn=(-70, 70),
)


@dataclass(frozen=True)
class LegAngles:
    """One leg.

    Args:
        flexion: Thigh forward.
        outward: Thigh away from the other leg.
        turn: Toes outward, about the thigh's own axis.
        knee: Knee flexion.
        ankle: Toes down; None keeps the sole level.
    """

    flexion: float = 0
    outward: float = 3
    turn: float = 5
    knee: float = 3
    ankle: float | None = None


@dataclass(frozen=True)
class ArmAngles:
    """One arm; its direction is given by elevation and azimuth in the frame of the chest.

    Args:
        elevation: From hanging (0) over horizontal (90) to overhead (180).
        azimuth: Plane of elevation, sideways (0), forward (90), across the chest (120), backward
            (-80).
        twist: Inward rotation about the upper arm's own axis, relative to the natural rotation of
            that direction.
        elbow: Elbow flexion.
        wrist: Palm towards the forearm.
    """

    elevation: float = 8
    azimuth: float = 20
    twist: float = 0
    elbow: float = 12
    wrist: float = 0


@dataclass(frozen=True)
class BodyAngles:
    """A whole body.

    Args:
        pitch: Root leaning forward; 90 is lying face down.
        roll: Root leaning to the body's right.
        bend: Spine forward.
        tilt: Spine to the body's right.
        twist: Spine turned to the left.
        nod: Neck and head forward.
        head_tilt: Head to the right.
        head_turn: Head turned to the left.
        lift: Height of the lowest point above the ground in metres.
    """

    pitch: float = 0
    roll: float = 0
    bend: float = 3
    tilt: float = 0
    twist: float = 0
    nod: float = 0
    head_tilt: float = 0
    head_turn: float = 0
    lift: float = 0
    left_leg: LegAngles = field(default_factory=LegAngles)
    right_leg: LegAngles = field(default_factory=LegAngles)
    left_arm: ArmAngles = field(default_factory=ArmAngles)
    right_arm: ArmAngles = field(default_factory=ArmAngles)

    def mirrored(self) -> 'BodyAngles':
        """Return the mirror image of this pose."""
        signs = {name: -getattr(self, name) for name in _SIDED}
        return replace(
            self,
            **signs,
            left_leg=self.right_leg,
            right_leg=self.left_leg,
            left_arm=self.right_arm,
            right_arm=self.left_arm,
        )

    def limited(self) -> 'BodyAngles':
        """Return this pose with every angle inside its range of motion."""
        trunk = {name: _clip(getattr(self, name), limit) for name, limit in TRUNK_LIMITS.items()}
        legs = {name: _limit(getattr(self, name), LEG_LIMITS) for name in ('left_leg', 'right_leg')}
        arms = {name: _limit(getattr(self, name), ARM_LIMITS) for name in ('left_arm', 'right_arm')}
        return replace(self, **trunk, **legs, **arms)

    def jittered(self, rng: np.random.Generator, scale: float = 4) -> 'BodyAngles':
        """Return this pose with Gaussian noise of ``scale`` degrees on the joints."""
        trunk = {name: getattr(self, name) + rng.normal(0, scale) for name in TRUNK_LIMITS}
        legs = {
            name: _jitter(getattr(self, name), rng, scale) for name in ('left_leg', 'right_leg')
        }
        arms = {
            name: _jitter(getattr(self, name), rng, scale) for name in ('left_arm', 'right_arm')
        }
        return replace(self, **trunk, **legs, **arms)

    def to_pose(self, yaw: float = 0) -> np.ndarray:
        """Turn the angles into SMPL pose parameters.

        Args:
            yaw: Heading in degrees about the vertical; 0 faces +z, 90 faces +x.

        Returns:
            Axis-angle rotations of SMPL's 24 joints in radians, (24, 3) float32; with frames,
            (F, 24, 3).
        """
        frames = _frames(self, yaw)
        rotations = np.tile(np.eye(3), (*frames, 24, 1, 1))
        rotations[..., 0, :, :] = _about_y(yaw) @ _about_x(self.pitch) @ _about_z(self.roll)
        spine = _about_y(self.twist / 3) @ _about_z(self.tilt / 3) @ _about_x(self.bend / 3)
        rotations[..., [3, 6, 9], :, :] = spine[..., None, :, :]
        neck = _about_y(self.head_turn / 2) @ _about_z(self.head_tilt / 2) @ _about_x(self.nod / 2)
        rotations[..., [12, 15], :, :] = neck[..., None, :, :]
        for leg, arm, side in (
            (self.left_leg, self.left_arm, 0),
            (self.right_leg, self.right_arm, 1),
        ):
            limbs = _leg_rotations(leg, self.pitch) | _arm_rotations(arm)
            for joint, rotation in limbs.items():
                rotations[..., joint + side, :, :] = _mirror(rotation) if side else rotation
        return matrix_to_axis_angle(rotations).astype(np.float32)


_SIDED = ('roll', 'tilt', 'twist', 'head_tilt', 'head_turn')


def _frames(angles: BodyAngles, yaw: float) -> tuple[int, ...]:
    """The shape that all angles have in common: none, or the number of frames."""
    values = [yaw]
    for part in (angles, angles.left_leg, angles.right_leg, angles.left_arm, angles.right_arm):
        values += [value for value in vars(part).values() if isinstance(value, np.ndarray)]
    return np.broadcast_shapes(*map(np.shape, values))


def _leg_rotations(leg: LegAngles, pitch: float) -> dict[int, np.ndarray]:
    """Rotations of the left leg, by SMPL joint."""
    ankle = leg.flexion - leg.knee - pitch if leg.ankle is None else leg.ankle
    return {
        1: _about_x(-leg.flexion) @ _about_z(leg.outward) @ _about_y(leg.turn),
        4: _about_x(leg.knee),
        7: _about_x(_clip(ankle, LEG_LIMITS['ankle'])),
    }


def _arm_rotations(arm: ArmAngles) -> dict[int, np.ndarray]:
    """Rotations of the left arm, by SMPL joint."""
    elevation, azimuth = np.radians(arm.elevation), np.radians(arm.azimuth)
    direction = np.stack(
        np.broadcast_arrays(
            np.sin(elevation) * np.cos(azimuth),
            -np.cos(elevation),
            np.sin(elevation) * np.sin(azimuth),
        ),
        axis=-1,
    )
    # Raising an arm turns it outward, so that a bent elbow points down and not sideways.
    outward = np.clip(np.sin(elevation) * np.sin(azimuth), 0, 1) + (1 - np.cos(elevation)) / 2
    twist = _clip(arm.twist - 55 * outward, (-110, 85))
    whole = _swing(direction) @ _about_x(twist)
    # The shoulder blade takes a quarter of the elevation and of the reach across the chest.
    collar = _about_z(0.22 * np.clip(arm.elevation - 70, -40, 110)) @ _about_y(
        -0.15 * np.clip(arm.azimuth, -40, 125) * np.sin(elevation)
    )
    return {
        13: collar,
        16: np.swapaxes(collar, -1, -2) @ whole,
        18: _about_y(-arm.elbow),
        20: _about_z(-arm.wrist),
    }


def _swing(direction: np.ndarray) -> np.ndarray:
    """The shortest rotation that takes +x to unit vectors, (..., 3)."""
    axis = np.stack([np.zeros_like(direction[..., 0]), -direction[..., 2], direction[..., 1]], -1)
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    angle = np.arctan2(sine, direction[..., :1])
    return axis_angle_to_matrix(np.where(sine < 1e-9, 0, axis / np.maximum(sine, 1e-9) * angle))


def _mirror(rotation: np.ndarray) -> np.ndarray:
    """Reflect a rotation in the plane x = 0."""
    flip = np.array([-1.0, 1.0, 1.0])
    return rotation * flip[:, None] * flip


def _about_x(degrees: float) -> np.ndarray:
    return _turn(degrees, 1, 2)


def _about_y(degrees: float) -> np.ndarray:
    return _turn(degrees, 2, 0)


def _about_z(degrees: float) -> np.ndarray:
    return _turn(degrees, 0, 1)


def _turn(degrees: float, first: int, second: int) -> np.ndarray:
    """Turn the first axis towards the second."""
    radians = np.radians(degrees)
    cosine, sine = np.cos(radians), np.sin(radians)
    matrix = np.zeros((*np.shape(radians), 3, 3))
    matrix[..., 3 - first - second, 3 - first - second] = 1
    matrix[..., first, first] = matrix[..., second, second] = cosine
    matrix[..., second, first] = sine
    matrix[..., first, second] = -sine
    return matrix


def _clip(value: float, limit: tuple[float, float]) -> float:
    return np.clip(value, *limit)


def _limit(limb, limits: dict):
    values = {name: getattr(limb, name) for name in limits}
    return replace(
        limb,
        **{name: _clip(value, limits[name]) for name, value in values.items() if value is not None},
    )


def _jitter(limb, rng: np.random.Generator, scale: float):
    values = {item.name: getattr(limb, item.name) for item in fields(limb)}
    return replace(
        limb,
        **{
            name: value + rng.normal(0, scale)
            for name, value in values.items()
            if value is not None
        },
    )
