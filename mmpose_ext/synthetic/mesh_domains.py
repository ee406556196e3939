"""The looks of the pictures that mesh recovery learns from and is tested on.

The numbers follow what the datasets' papers say of them: Human3.6M (Ionescu et al., 2014) films
single people in one laboratory; photographs of COCO (Lin et al., 2014) show groups; 3DPW (von
Marcard et al., 2018) follows people outdoors. Occlusion is heavier than in the originals on
purpose, as it is what these sets are for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mmpose_ext.geometry import PinholeCamera

from .domains import COCO, Domain
from .scene_style import STYLES, Style


@dataclass(frozen=True)
class LensDomain(Domain):
    """A domain whose cameras are calibrated ones: no two focal lengths are the same.

    Args:
        oblong: Probability that pixels are not square.
        aspect: Range of fx / fy of those.
        off_centre: Standard deviation of the principal point's distance from the image centre, as
            a fraction of the image size.
    """

    oblong: float = 0.5
    aspect: tuple[float, float] = (0.94, 1.06)
    off_centre: float = 0.02

    def sample_camera(self, width: int, height: int, rng: np.random.Generator) -> PinholeCamera:
        """Draw the intrinsics of an image.

        Args:
            width: Image width in pixels.
            height: Image height in pixels.
            rng: Source of randomness.

        Returns:
            The camera.
        """
        camera = super().sample_camera(width, height, rng)
        aspect = rng.uniform(*self.aspect) if rng.random() < self.oblong else 1.0
        shift = np.clip(rng.normal(0, self.off_centre, 2), -0.1, 0.1) * (width, height)
        # Six decimals are what the files have.
        return replace(
            camera,
            fx=round(camera.fx * aspect, 6),
            fy=round(camera.fy, 6),
            cx=round(camera.cx + shift[0], 6),
            cy=round(camera.cy + shift[1], 6),
        )


_SMALL_IMAGES: Mapping[tuple[int, int], float] = {(320, 240): 0.7, (240, 320): 0.3}
_EVERYDAY = dict(
    standing=24,
    walking=20,
    reaching=10,
    twisted=8,
    arms_up=7,
    sitting=6,
    crouching=5,
    bending=6,
    running=4,
    lunging=4,
    kicking=2,
    jumping=2,
    kneeling=2,
)

# Groups of people near each other, as in COCO's crowded photographs.
_WILD = LensDomain(
    **vars(COCO)
    | dict(
        name='wild',
        people=(0.15, 0.3, 0.3, 0.25),
        image_sizes=_SMALL_IMAGES,
        size=(0.4, 1.15),
        overlap=0.85,
        further=(-0.35, 0.5),
        aside=0.9,
    )
)
# People in front of each other.
_CROWD = replace(
    _WILD,
    name='crowd',
    activities=_EVERYDAY,
    people=(0.0, 0.25, 0.4, 0.35),
    size=(0.45, 0.95),
    field_of_view_deg=(36, 60),
    camera_height=(1.2, 1.8),
    spread=0.2,
    cut=0.08,
    overlap=1.0,
    further=(-0.35, 0.35),
    aside=0.6,
)
# One or two people apart from each other.
_OPEN = replace(_CROWD, name='open', people=(0.6, 0.4), overlap=0.0, further=(-0.2, 0.6))

MESH_DOMAINS = {domain.name: domain for domain in (_WILD, _CROWD, _OPEN)}

_OUTDOORS = replace(
    STYLES['coco'],
    places=dict(street=0.5, field=0.3, outdoors=0.2),
    barefoot=0.0,
    bare_torso=0.0,
)
_MESH_STYLES = (
    replace(STYLES['coco'], name='wild', occluders=1.5),
    replace(_OUTDOORS, name='crowd', occluders=2.5),
    replace(_OUTDOORS, name='open', occluders=0.0),
    # A laboratory: plain light, sharp cameras, nothing in between.
    replace(
        STYLES['coco'],
        name='studio',
        places=dict(wall=1.0),
        bare_torso=0.0,
        occluders=0.0,
        motion_blur=0.0,
        resample=0.0,
        background_blur_px=(0.5, 1.5),
        exposure=(0.9, 1.1),
        noise=(0.5, 2.0),
    ),
)
MESH_STYLES: dict[str, Style] = {style.name: style for style in _MESH_STYLES}
