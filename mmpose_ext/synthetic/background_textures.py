"""Procedural colours and textures of everything that is not a person."""

import colorsys
from collections.abc import Callable, Mapping

import cv2
import numpy as np

Colour = tuple[float, float, float]
"""Blue, green, red in 0 to 255."""

TILE_PX = 256


def choose(frequencies: Mapping[str, float], rng: np.random.Generator) -> str:
    """Draw a key with probability proportional to its value."""
    names = list(frequencies)
    bounds = np.cumsum(list(frequencies.values()))
    return names[int(np.searchsorted(bounds, rng.random() * bounds[-1], side='right'))]


def random_colour(
    rng: np.random.Generator,
    saturation: tuple[float, float] = (0.0, 1.0),
    value: tuple[float, float] = (0.1, 1.0),
    hue: tuple[float, float] = (0.0, 1.0),
) -> Colour:
    """Draw a colour uniformly from ranges of hue, saturation and value (each 0 to 1)."""
    red, green, blue = colorsys.hsv_to_rgb(
        rng.uniform(*hue) % 1, rng.uniform(*saturation), rng.uniform(*value)
    )
    return 255 * blue, 255 * green, 255 * red


def surface_colour(
    rng: np.random.Generator,
    saturation: tuple[float, float],
    value: tuple[float, float],
    hue: tuple[float, float] = (0.0, 1.0),
) -> Colour:
    """Draw the colour of a wall or a floor: most are nearly grey, few are colourful."""
    most = saturation[0] + rng.random() * (saturation[1] - saturation[0])
    return random_colour(rng, (saturation[0], most), value, hue)


def vary(colour: Colour, rng: np.random.Generator, amount: float = 0.15) -> Colour:
    """Make a colour lighter or darker by at most the given fraction."""
    factor = 1 + rng.uniform(-amount, amount)
    blue, green, red = (min(channel * factor, 255.0) for channel in colour)
    return blue, green, red


def fractal_noise(
    height: int,
    width: int,
    rng: np.random.Generator,
    coarsest: int = 3,
    octaves: int = 5,
    gain: float = 0.6,
) -> np.ndarray:
    """Sum of smooth random fields, each twice as fine and weaker than the one before.

    Args:
        height: Height in pixels.
        width: Width in pixels.
        rng: Source of randomness.
        coarsest: Cells of the coarsest field along the shorter side.
        octaves: Number of fields.
        gain: Amplitude of a field relative to the one before.

    Returns:
        (H, W) float32, about 0 to 1.
    """
    total = np.zeros((height, width), np.float32)
    amplitude, norm = 1.0, 0.0
    for octave in range(octaves):
        cells = coarsest * 2**octave
        rows = max(2, min(cells * height // min(height, width), height))
        columns = max(2, min(cells * width // min(height, width), width))
        grid = rng.random((rows, columns), np.float32)
        field = cv2.resize(grid, (width, height), interpolation=cv2.INTER_LINEAR)
        total += amplitude * field
        norm += amplitude
        amplitude *= gain
    return total / norm


def blend(low: Colour, high: Colour, weight: np.ndarray) -> np.ndarray:
    """Mix two colours by a field.

    Args:
        low: Colour where the field is 0.
        high: Colour where the field is 1.
        weight: (H, W) in 0 to 1, values outside are clipped.

    Returns:
        (H, W, 3) uint8.
    """
    index = cv2.convertScaleAbs(np.clip(weight, 0, 1), alpha=255)
    ramp = np.linspace(low, high, 256).clip(0, 255).astype(np.uint8)[None]
    return cv2.LUT(cv2.merge([index] * 3), ramp)


def make_tile(kind: str, rng: np.random.Generator, colour: Colour, other: Colour) -> np.ndarray:
    """Draw a square texture.

    Args:
        kind: A key of :data:`TILES`.
        rng: Source of randomness.
        colour: Main colour.
        other: Second colour: joints, lines, spots.

    Returns:
        (256, 256, 3) uint8.
    """
    depth = rng.uniform(0.05, 0.35)
    low, high = vary(colour, rng, depth), vary(colour, rng, depth)
    noise = fractal_noise(TILE_PX, TILE_PX, rng, coarsest=8, octaves=5, gain=0.8)
    tile = blend(low, high, 1.6 * noise - 0.3)
    TILES[kind](tile, rng, colour, other)
    return tile


def _plain(tile: np.ndarray, rng: np.random.Generator, colour: Colour, other: Colour) -> None:
    del tile, rng, colour, other


def _bricks(tile: np.ndarray, rng: np.random.Generator, colour: Colour, other: Colour) -> None:
    rows = int(rng.integers(6, 14))
    height, width = TILE_PX / rows, TILE_PX / max(2, rows // 2)
    for row in range(rows + 1):
        y = round(row * height)
        for column in range(-1, rows):
            x = round((column + 0.5 * (row % 2)) * width)
            end = (round(x + width) - 1, round(y + height) - 1)
            if rng.random() < 0.5:
                shade = vary(colour, rng, 0.25)
                cv2.rectangle(tile, (x, y), end, shade, -1)
            cv2.rectangle(tile, (x, y), end, other, 1)


def _grid(tile: np.ndarray, rng: np.random.Generator, colour: Colour, other: Colour) -> None:
    step = TILE_PX // int(rng.integers(2, 9))
    checked = rng.random() < 0.4
    for y in range(0, TILE_PX, step):
        for x in range(0, TILE_PX, step):
            if checked and (x // step + y // step) % 2:
                cv2.rectangle(tile, (x, y), (x + step, y + step), other, -1)
            cv2.rectangle(tile, (x, y), (x + step, y + step), vary(other, rng), 1)
    del colour


def _planks(tile: np.ndarray, rng: np.random.Generator, colour: Colour, other: Colour) -> None:
    step = TILE_PX // int(rng.integers(4, 12))
    for x in range(0, TILE_PX, step):
        strip = tile[:, x : x + step]
        cv2.convertScaleAbs(strip, strip, alpha=rng.uniform(0.75, 1.2))
        tile[:, x : x + step] = strip
        cv2.line(tile, (x, 0), (x, TILE_PX), other, 1)
    if rng.random() < 0.5:
        tile[:] = cv2.transpose(tile)
    del colour


def _spots(tile: np.ndarray, rng: np.random.Generator, colour: Colour, other: Colour) -> None:
    for x, y, radius in rng.integers([0, 0, 2], [TILE_PX, TILE_PX, 9], (150, 3)).tolist():
        cv2.circle(tile, (x, y), radius, vary(other if x % 2 else colour, rng, 0.4), -1)


def _leaves(tile: np.ndarray, rng: np.random.Generator, colour: Colour, other: Colour) -> None:
    high = [TILE_PX, TILE_PX, 14, 7, 180, 256]
    for x, y, a, b, angle, light in rng.integers([0, 0, 4, 2, 0, 60], high, (220, 6)).tolist():
        base = other if light % 5 == 0 else colour
        shade = tuple(channel * light / 170 for channel in base)
        cv2.ellipse(tile, (x, y), (a, b), angle, 0, 360, shade, -1)


def _lines(tile: np.ndarray, rng: np.random.Generator, colour: Colour, other: Colour) -> None:
    for _ in range(int(rng.integers(10, 40))):
        x0, y0, x1, y1 = rng.integers(0, TILE_PX, 4).tolist()
        shade = vary(other if x0 % 2 else colour, rng, 0.4)
        cv2.line(tile, (x0, y0), (x1, y1), shade, int(rng.integers(1, 4)))


TILES: dict[str, Callable[[np.ndarray, np.random.Generator, Colour, Colour], None]] = dict(
    plain=_plain,
    bricks=_bricks,
    grid=_grid,
    planks=_planks,
    spots=_spots,
    leaves=_leaves,
    lines=_lines,
)
"""Kinds of texture: each draws its pattern onto a noisy tile of the main colour."""


def fill_texture(
    tile: np.ndarray, height: int, width: int, scale: float, rng: np.random.Generator
) -> np.ndarray:
    """Cover a rectangle with a repeated tile seen slightly from the side.

    Args:
        tile: (256, 256, 3) uint8.
        height: Height in pixels.
        width: Width in pixels.
        scale: Pixels of the image per pixel of the tile.
        rng: Source of randomness for offset and slant.

    Returns:
        (height, width, 3) uint8.
    """
    slant = rng.uniform(-0.15, 0.15, 2)
    perspective = rng.uniform(-0.3, 0.3) / width
    to_image = np.array(
        [
            [scale, slant[0] * scale, -rng.uniform(0, TILE_PX)],
            [slant[1] * scale, scale, -rng.uniform(0, TILE_PX)],
            [perspective, 0, 1 + max(0, -perspective * width)],
        ]
    )
    return warp_tile(tile, to_image, height, width)


def warp_tile(tile: np.ndarray, to_image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Cover an image with a repeated texture.

    Every other repeat is mirrored, so that there are no seams.

    Args:
        tile: (256, 256, 3) uint8.
        to_image: (3, 3) homography from pixels of the tile to pixels of the image.
        height: Height of the image.
        width: Width of the image.

    Returns:
        (height, width, 3) uint8.
    """
    # Wrapping two mirrored copies: OpenCV's own reflection takes a step per repeat and pixel.
    pair = cv2.copyMakeBorder(tile, 0, TILE_PX, 0, TILE_PX, cv2.BORDER_REFLECT)
    size = (width, height)
    return cv2.warpPerspective(pair, to_image, size, borderMode=cv2.BORDER_WRAP)
