"""The looks and the habits of the three worlds that synthetic videos are filmed in.

The numbers follow what the datasets' papers say of them: MPI-INF-3DHP (Mehta et al., 2017) films
single people who do exercises in a studio; 3DPW (von Marcard et al., 2018) follows people outdoors
with a phone; PennAction (Zhang et al., 2013) collects clips of sports. Two things differ between
studio and outdoors on purpose, since that gap is what adaptation between the two is for: bodies
outdoors are more varied, and cameras look down on them, while those of the studio are level.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .mesh_domains import MESH_STYLES
from .scene_style import STYLES, Style


@dataclass(frozen=True)
class VideoDomain:
    """What videos of a dataset show.

    Args:
        actions: Probability of each action, by name.
        shape: Standard deviation of the shape coefficients, which end at 2.2.
        turning_deg: Standard deviation of how fast people who go turn, degrees per second.
        people: Probability of 1, 2, ... people who are annotated.
        passers_by: Probability of 0, 1, ... people who are not.
        objects: Mean number of objects between camera and people.
        distance: Range of the camera's distance from the people in metres.
        pitch_deg: Range of how far the camera looks down.
        size: Range of a person's stature as a fraction of the image height.
        shake_deg: Standard deviation of a hand-held camera's rotation.
        drift_deg: Standard deviation of how far it goes around the people.
    """

    actions: Mapping[str, float]
    shape: float
    turning_deg: float
    people: tuple[float, ...] = (1.0,)
    passers_by: tuple[float, ...] = (1.0,)
    objects: float = 0
    distance: tuple[float, float] = (3.0, 4.5)
    pitch_deg: tuple[float, float] = (0.0, 0.0)
    size: tuple[float, float] = (0.5, 0.7)
    shake_deg: float = 0
    drift_deg: float = 0

    def sample_betas(self, rng: np.random.Generator) -> np.ndarray:
        """Draw a person's ten shape coefficients, which have six decimals as files do."""
        return np.clip(rng.normal(0, self.shape, 10), -2.2, 2.2).round(6)


VIDEO_DOMAINS = dict(
    gym=VideoDomain(
        actions=dict(
            walking=3,
            idling=2,
            reaching=2,
            sitting_down=2,
            squatting=2,
            bending=1.5,
            waving=1,
            turning=1,
            lunging=1,
        ),
        shape=0.5,
        turning_deg=30,
        distance=(3.4, 4.4),
    ),
    outdoors=VideoDomain(
        actions=dict(
            walking=6,
            running=1.5,
            idling=1.5,
            turning=1,
            waving=1,
            bending=1,
            throwing=0.7,
            kicking=0.7,
            sitting_down=0.7,
            lunging=0.5,
            jumping=0.4,
        ),
        shape=1.5,
        turning_deg=12,
        people=(0.75, 0.25),
        passers_by=(0.5, 0.35, 0.15),
        objects=0.4,
        distance=(2.8, 4.8),
        pitch_deg=(16.0, 34.0),
        size=(0.5, 0.72),
        shake_deg=0.7,
        drift_deg=14,
    ),
    sports=VideoDomain(
        actions=dict(
            jumping_jacks=2,
            squatting=2,
            swinging=2,
            kicking=1.5,
            throwing=2,
            lifting=1.5,
            jumping=1.5,
            lunging=1,
        ),
        shape=1,
        turning_deg=0,
        objects=0.15,
        distance=(4.0, 7.0),
        pitch_deg=(-4.0, 10.0),
        size=(0.54, 0.7),
        shake_deg=0.25,
        drift_deg=4,
    ),
)

VIDEO_STYLES: dict[str, Style] = dict(
    gym=replace(
        MESH_STYLES['studio'], name='gym', places=dict(screen=0.6, wall=0.4), patterned=0.3
    ),
    # Objects stay where they are in the world, so the style, which knows single pictures, has none.
    outdoors=replace(MESH_STYLES['crowd'], name='outdoors', occluders=0.0),
    # The pictures are small already: what softens those of MPII would leave nothing of them.
    sports=replace(
        STYLES['mpii'],
        name='sports',
        bare_torso=0.05,
        occluders=0.0,
        motion_blur_px=(1.5, 3.0),
        resample=0.3,
        resample_factor=(0.7, 0.95),
    ),
)
