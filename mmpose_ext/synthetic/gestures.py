"""What arms and head do, whatever the rest of the body does."""

import numpy as np

from .body_angles import ArmAngles

Generator = np.random.Generator


def idle_arm(rng: Generator) -> ArmAngles:
    """Draw what an arm does while its owner stands: hang, rest on a hip, hold, point, wave."""
    kind = rng.choice(7, p=[0.4, 0.12, 0.16, 0.08, 0.08, 0.08, 0.08])
    if kind == 0:
        return ArmAngles(
            elevation=rng.uniform(4, 18), azimuth=rng.uniform(-30, 50), elbow=rng.uniform(3, 35)
        )
    if kind == 1:
        return ArmAngles(
            elevation=rng.uniform(32, 48),
            azimuth=rng.uniform(-25, 5),
            twist=rng.uniform(35, 60),
            elbow=rng.uniform(85, 110),
        )
    if kind == 2:
        return front_arm(rng, 8, 40)
    if kind == 3:
        return ArmAngles(
            elevation=rng.uniform(25, 60),
            azimuth=rng.uniform(40, 85),
            twist=rng.uniform(-10, 20),
            elbow=rng.uniform(110, 140),
        )
    if kind == 4:
        return ArmAngles(
            elevation=rng.uniform(60, 100), azimuth=rng.uniform(-5, 95), elbow=rng.uniform(0, 25)
        )
    if kind == 5:
        return ArmAngles(
            elevation=rng.uniform(70, 130),
            azimuth=rng.uniform(0, 45),
            twist=rng.uniform(-35, 0),
            elbow=rng.uniform(40, 110),
        )
    return ArmAngles(
        elevation=rng.uniform(28, 50),
        azimuth=rng.uniform(85, 108),
        twist=rng.uniform(60, 80),
        elbow=rng.uniform(85, 115),
    )


def front_arm(rng: Generator, low: float = 15, high: float = 70) -> ArmAngles:
    """Draw an arm that holds or handles something in front."""
    return ArmAngles(
        elevation=rng.uniform(low, high),
        azimuth=rng.uniform(50, 95),
        twist=rng.uniform(-5, 35),
        elbow=rng.uniform(15, 100),
    )


def lap_arm(rng: Generator) -> ArmAngles:
    """Draw what an arm does while its owner sits: mostly rest on a thigh."""
    if rng.random() < 0.3:
        return idle_arm(rng)
    return ArmAngles(
        elevation=rng.uniform(12, 40),
        azimuth=rng.uniform(50, 90),
        twist=rng.uniform(0, 30),
        elbow=rng.uniform(30, 85),
    )


def loose_arm(rng: Generator) -> ArmAngles:
    """Draw an arm that balances the body."""
    return ArmAngles(
        elevation=rng.uniform(15, 110),
        azimuth=rng.uniform(-35, 85),
        twist=rng.normal(0, 20),
        elbow=rng.uniform(5, 90),
    )


def free_head(rng: Generator, nod: float = 4) -> dict[str, float]:
    """Draw where a head looks, as angles of the neck."""
    return dict(nod=rng.normal(nod, 11), head_tilt=rng.normal(0, 6), head_turn=rng.normal(0, 24))
