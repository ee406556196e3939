"""What distinguishes the pictures of one domain from those of another."""

from dataclasses import dataclass, field

Range = tuple[float, float]


@dataclass(frozen=True)
class Style:
    """Ranges and probabilities that scenes and photographs are drawn from.

    Args:
        name: Name of the style.
        places: Kind of place (a key of ``background_places.PLACES``) to its relative frequency.
        sleeves: Sleeve length ('none', 'short', 'long') to its relative frequency.
        bottoms: Trouser length ('short', 'knee', 'long', 'dress') to its relative frequency.
        garment_saturation: HSV saturation of clothing.
        garment_value: HSV value of clothing.
        patterned: Probability that a garment has a pattern.
        tight: Probability of tight clothing in one piece or with a side stripe.
        bare_torso: Probability of no shirt.
        headwear: Probability of a cap or helmet.
        gloves: Probability of gloves.
        barefoot: Probability of no shoes.
        ambient: Brightness of what no light reaches, 0 to 1.
        key_light: Brightness the main light adds.
        occluders: Mean number of objects in front of people.
        occluder_kinds: Kind of object (a key of ``scene_occluders.OCCLUDERS``) to frequency.
        background_blur_px: Standard deviation of the blur of the background.
        motion_blur: Probability of motion blur.
        motion_blur_px: Its length.
        resample: Probability that the picture went through a smaller resolution.
        resample_factor: That resolution relative to the picture's.
        jpeg_quality: Quality of an intermediate JPEG compression.
        jpeg: Probability of that compression.
        exposure: Factor of all values.
        contrast: Slope of the tone curve at middle grey.
        saturation: Factor of the saturation.
        white_balance: Largest relative change of the red and blue channels.
        noise: Standard deviation of the sensor noise in grey levels of 255.
        vignette: Darkening of the corners, 0 to 1.
    """

    name: str
    places: dict[str, float]
    sleeves: dict[str, float]
    bottoms: dict[str, float]
    garment_saturation: Range
    garment_value: Range
    patterned: float
    tight: float
    bare_torso: float
    headwear: float
    gloves: float
    barefoot: float
    ambient: Range
    key_light: Range
    occluders: float
    occluder_kinds: dict[str, float]
    background_blur_px: Range
    motion_blur: float
    motion_blur_px: Range
    resample: float
    resample_factor: Range
    jpeg: float
    jpeg_quality: Range
    exposure: Range
    contrast: Range
    saturation: Range
    white_balance: float
    noise: Range
    vignette: Range = field(default=(0.0, 0.0))


STYLES = {
    # Everyday photographs: mixed light, sharp, saturated, people among things.
    'coco': Style(
        name='coco',
        places=dict(room=0.32, clutter=0.18, street=0.22, field=0.16, wall=0.12),
        sleeves=dict(none=0.1, short=0.5, long=0.4),
        bottoms=dict(short=0.15, knee=0.1, long=0.6, dress=0.15),
        garment_saturation=(0.05, 0.9),
        garment_value=(0.12, 1.0),
        patterned=0.5,
        tight=0.08,
        bare_torso=0.02,
        headwear=0.15,
        gloves=0.03,
        barefoot=0.08,
        ambient=(0.35, 0.7),
        key_light=(0.3, 0.75),
        occluders=0.8,
        occluder_kinds=dict(box=0.25, table=0.25, plant=0.2, board=0.15, pole=0.1, slats=0.05),
        background_blur_px=(0.0, 2.0),
        motion_blur=0.04,
        motion_blur_px=(3.0, 6.0),
        resample=0.05,
        resample_factor=(0.6, 0.9),
        jpeg=0.3,
        jpeg_quality=(70, 95),
        exposure=(0.8, 1.2),
        contrast=(0.9, 1.25),
        saturation=(0.85, 1.3),
        white_balance=0.1,
        noise=(0.5, 5.0),
        vignette=(0.0, 0.2),
    ),
    # Frames of sports and activity videos: compressed, soft, flat contrast, motion blur.
    'mpii': Style(
        name='mpii',
        places=dict(court=0.28, field=0.2, outdoors=0.22, stage=0.1, street=0.1, room=0.1),
        sleeves=dict(none=0.3, short=0.45, long=0.25),
        bottoms=dict(short=0.35, knee=0.15, long=0.47, dress=0.03),
        garment_saturation=(0.3, 1.0),
        garment_value=(0.15, 0.95),
        patterned=0.25,
        tight=0.4,
        bare_torso=0.1,
        headwear=0.3,
        gloves=0.25,
        barefoot=0.15,
        ambient=(0.45, 0.8),
        key_light=(0.15, 0.5),
        occluders=0.35,
        occluder_kinds=dict(bars=0.35, pole=0.25, board=0.15, box=0.15, ball=0.1),
        background_blur_px=(0.5, 3.0),
        motion_blur=0.35,
        motion_blur_px=(3.0, 11.0),
        resample=0.6,
        resample_factor=(0.4, 0.8),
        jpeg=0.9,
        jpeg_quality=(25, 65),
        exposure=(0.75, 1.15),
        contrast=(0.65, 1.0),
        saturation=(0.55, 1.05),
        white_balance=0.16,
        noise=(0.0, 3.0),
        vignette=(0.0, 0.35),
    ),
}
