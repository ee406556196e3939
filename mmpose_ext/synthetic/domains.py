"""The two looks of the world that synthetic people live in.

The numbers describe the datasets they stand for, as their papers and a look at their images
describe them; no result of any training went into them. COCO (Lin et al., 2014) collects
everyday photographs: people are small as often as large, in groups, partly hidden or cut by the
border. MPII (Andriluka et al., 2014) collects frames of activity videos: one or two people,
large and mostly whole, in sports and work poses, from cameras of any height.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmpose_ext.geometry import PinholeCamera


@dataclass(frozen=True)
class Domain:
    """What images of a dataset show.

    Args:
        name: Name, also of the rendering style.
        activities: Probability of each activity.
        people: Probability of 1, 2, 3, 4 people.
        image_sizes: (width, height) in pixels and their probabilities.
        field_of_view_deg: Range of the camera's vertical angle of view.
        camera_height: Range in metres; drawn as the mean of two uniform numbers.
        camera_roll_deg: Standard deviation.
        size: Range of the main person's stature as a fraction of the image height, were they
            upright at the centre; drawn uniformly in the logarithm.
        spread: Standard deviation of the main person's place along the image width, as a fraction
            of it.
        cut: Probability that the image border cuts head or feet of a person who would fit.
        overlap: Probability that a further person stands in line with the main one.
        facing: Probability of facing the camera's half space rather than any direction.
        further: Range of the logarithm of a further person's distance relative to the main one's.
        aside: Standard deviation of the lateral distance of a person in line with the main one, in
            units of half a person's width.
    """

    name: str
    activities: Mapping[str, float]
    people: tuple[float, ...]
    image_sizes: Mapping[tuple[int, int], float]
    field_of_view_deg: tuple[float, float]
    camera_height: tuple[float, float]
    camera_roll_deg: float
    size: tuple[float, float]
    spread: float
    cut: float
    overlap: float
    facing: float
    further: tuple[float, float] = (-0.35, 0.9)
    aside: float = 1.2

    def sample_camera(self, width: int, height: int, rng: np.random.Generator) -> PinholeCamera:
        """Draw the intrinsics of an image.

        Args:
            width: Image width in pixels.
            height: Image height in pixels.
            rng: Source of randomness.

        Returns:
            A camera with square pixels whose principal point is the image centre.
        """
        vertical_deg = rng.uniform(*self.field_of_view_deg)
        return PinholeCamera.from_field_of_view(vertical_deg, width, height)


COCO = Domain(
    name='coco',
    activities=dict(
        standing=30,
        walking=14,
        sitting=14,
        reaching=7,
        sitting_on_ground=4,
        crouching=5,
        kneeling=3,
        bending=5,
        lying=4,
        arms_up=4,
        running=3,
        twisted=3,
        riding=3,
        kicking=1,
        lunging=1,
        jumping=2,
    ),
    people=(0.4, 0.3, 0.18, 0.12),
    image_sizes={(640, 480): 0.7, (480, 640): 0.2, (640, 427): 0.1},
    field_of_view_deg=(32, 62),
    camera_height=(0.9, 2.2),
    camera_roll_deg=1.5,
    size=(0.22, 1.25),
    spread=0.3,
    cut=0.15,
    overlap=0.45,
    facing=0.6,
)

MPII = Domain(
    name='mpii',
    activities=dict(
        running=11,
        kicking=8,
        jumping=8,
        lunging=10,
        twisted=13,
        arms_up=9,
        riding=8,
        bending=8,
        crouching=6,
        kneeling=4,
        lying=4,
        reaching=5,
        sitting=4,
        sitting_on_ground=3,
        walking=4,
        standing=4,
    ),
    people=(0.62, 0.28, 0.1),
    image_sizes={(640, 360): 0.6, (640, 480): 0.4},
    field_of_view_deg=(22, 50),
    camera_height=(0.3, 3.6),
    camera_roll_deg=4,
    size=(0.45, 1.0),
    spread=0.16,
    cut=0.05,
    overlap=0.2,
    facing=0.45,
)

DOMAINS = {domain.name: domain for domain in (COCO, MPII)}
