"""What a synthetic person wears and looks like."""

from typing import NamedTuple

import numpy as np

from .background_textures import Colour, choose, random_colour, vary
from .scene_style import Style

SKIN_TONES: tuple[Colour, ...] = (
    (185.0, 205.0, 240.0),
    (150.0, 180.0, 225.0),
    (115.0, 150.0, 205.0),
    (85.0, 120.0, 175.0),
    (55.0, 80.0, 130.0),
    (38.0, 55.0, 90.0),
)
HAIR_COLOURS: tuple[Colour, ...] = (
    (15.0, 18.0, 22.0),
    (25.0, 35.0, 50.0),
    (40.0, 65.0, 100.0),
    (90.0, 150.0, 190.0),
    (35.0, 70.0, 140.0),
    (170.0, 175.0, 180.0),
)

REGIONS = (
    'skin',
    'hair',
    'top',
    'bottom',
    'shoes',
    'gloves',
    'socks',
    'headwear',
    'eye_white',
    'iris',
    'brow',
    'lips',
    'logo',
)
"""Surface regions; a region's number is its place here."""

PATTERNS = ('plain', 'hoops', 'stripes', 'checks', 'dots', 'camouflage', 'side_stripe')
"""Patterns in rest-pose coordinates; a pattern's number is its place here."""

SLEEVES = dict(none=-0.08, short=0.5, long=1.0)
LEGS = dict(short=0.3, knee=0.52, long=0.97, dress=0.55)


class Appearance(NamedTuple):
    """Colours, patterns and cut of everything a person wears.

    A named tuple, as compiled code can take one apart.

    Args:
        colours: (R, 3) float32, blue, green and red of each of :data:`REGIONS`, 0 to 255.
        second_colours: (R, 3) float32, the pattern's other colour.
        patterns: (R,) int32 into :data:`PATTERNS`.
        scales: (R,) float32, repeats of the pattern per metre.
        sleeve: Part of the arm from shoulder (0) to wrist (1) that the top covers.
        leg: Part of the leg from hip (0) to ankle (1) that the bottom, or the dress, covers.
        waist: Height of the waistband between hips (0) and shoulders (1).
        neckline: Depth of the neckline in metres.
        sock: Part of the leg, from the ankle up, that socks cover.
        shoe: Metres from the ankle joint to the upper end of the shoes; barefoot below -0.1.
        hair_length: Metres of hair below the ears at the back; negative for short hair.
        bald: No hair.
        headwear: A cap or helmet covers the skull.
        gloves: Gloves cover the hands.
        logo: Half the side of a print on the chest in metres, 0 for none.
        looseness: Metres between skin and clothing.
        hair_volume: Metres the hair adds to the skull.
        wrinkles: Strength of the folds of the clothing.
    """

    colours: np.ndarray
    second_colours: np.ndarray
    patterns: np.ndarray
    scales: np.ndarray
    sleeve: float
    leg: float
    waist: float
    neckline: float
    sock: float
    shoe: float
    hair_length: float
    bald: bool
    headwear: bool
    gloves: bool
    logo: float
    looseness: float
    hair_volume: float
    wrinkles: float


def sample_appearance(style: Style, rng: np.random.Generator) -> Appearance:
    """Draw an appearance.

    Args:
        style: Ranges and frequencies.
        rng: Source of randomness.

    Returns:
        The appearance.
    """
    skin = vary(SKIN_TONES[int(rng.integers(len(SKIN_TONES)))], rng, 0.12)
    hair = vary(HAIR_COLOURS[int(rng.choice(6, p=[0.3, 0.25, 0.2, 0.1, 0.07, 0.08]))], rng, 0.25)
    top, bottom, shoes, gloves, headwear, logo = (
        random_colour(rng, style.garment_saturation, style.garment_value) for _ in range(6)
    )
    if rng.random() < 0.4:
        # Denim, black and grey dominate real wardrobes.
        bottom = random_colour(rng, (0.0, 0.5), (0.08, 0.5), (0.55, 0.65))
    if rng.random() < 0.5:
        shoes = random_colour(rng, (0.0, 0.2), (0.05, 1.0))
    tight = rng.random() < style.tight
    if tight:
        bottom = top if rng.random() < 0.5 else bottom
    cut = choose(style.bottoms, rng)
    if cut == 'dress':
        bottom = top
    bare = cut != 'dress' and rng.random() < style.bare_torso
    sock = vary(random_colour(rng, (0.0, 0.5), (0.1, 1.0)), rng)
    lips = (0.55 * skin[0] + 25, 0.5 * skin[1] + 20, 0.8 * skin[2] + 30)
    brow = tuple(0.5 * channel for channel in hair)
    colours = (
        skin,
        hair,
        skin if bare else top,
        bottom,
        shoes,
        gloves,
        sock,
        headwear,
        (235.0, 238.0, 240.0),
        (25.0, 25.0, 30.0),
        brow,
        lips,
        logo,
    )
    second = [vary(colour, rng, 0.5) for colour in colours]
    patterns = np.zeros(len(REGIONS), np.int32)
    for region in ('top', 'bottom'):
        index = REGIONS.index(region)
        if rng.random() < style.patterned * (1.0 if region == 'top' else 0.4) and not bare:
            patterns[index] = rng.integers(1, len(PATTERNS))
            second[index] = random_colour(rng, (0.0, 1.0), (0.05, 1.0))
    if tight or rng.random() < 0.05:
        patterns[REGIONS.index('bottom')] = PATTERNS.index('side_stripe')
    return Appearance(
        colours=np.array(colours, np.float32),
        second_colours=np.array(second, np.float32),
        patterns=patterns,
        scales=rng.uniform(4, 18, len(REGIONS)).astype(np.float32),
        sleeve=-1.0 if bare else float(SLEEVES[choose(style.sleeves, rng)] + rng.normal(0, 0.03)),
        leg=float(LEGS[cut] + rng.normal(0, 0.03)),
        waist=1.2 if cut == 'dress' else rng.uniform(0.1, 0.3),
        neckline=rng.uniform(0.0, 0.1),
        sock=float(rng.choice([0.0, 0.06, 0.15, 0.4])),
        shoe=-1.0 if rng.random() < style.barefoot else rng.uniform(-0.02, 0.08),
        hair_length=rng.uniform(-0.05, 0.02) if rng.random() < 0.6 else rng.uniform(0.05, 0.3),
        bald=bool(rng.random() < 0.06),
        headwear=bool(rng.random() < style.headwear),
        gloves=bool(rng.random() < style.gloves),
        logo=rng.uniform(0.04, 0.1) if rng.random() < 0.3 and not bare else 0.0,
        looseness=0.0 if tight or bare else rng.uniform(0.003, 0.025),
        hair_volume=rng.uniform(0.004, 0.025),
        wrinkles=0.05 if tight or bare else rng.uniform(0.08, 0.3),
    )
