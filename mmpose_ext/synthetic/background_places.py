"""Kinds of place: what stands behind the floor."""

from collections.abc import Callable

import cv2
import numpy as np

from .background_textures import (
    Colour,
    blend,
    fill_texture,
    fractal_noise,
    make_tile,
    random_colour,
    surface_colour,
    vary,
)
from .background_things import (
    draw_blob,
    draw_building,
    draw_crowd,
    draw_furniture,
    draw_panel,
    draw_ridge,
    draw_stroke,
    draw_writing,
)

SCREEN_HUE = (0.32, 0.4)
"""Of the cloth in front of which people are filmed to be cut out."""


def _room(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    wall = _wall(
        image, row, rng, ('plain', 'plain', 'bricks', 'planks', 'grid'), (0, 0.5), (0.4, 1)
    )
    if rng.random() < 0.5:
        corner = int(rng.uniform(0.1, 0.9) * width)
        side = image[:row, corner:] if rng.random() < 0.5 else image[:row, :corner]
        cv2.convertScaleAbs(side, side, alpha=rng.uniform(0.6, 0.9))
        cv2.line(image, (corner, 0), (corner, row), vary(wall, rng, 0.5), 2)
    for _ in range(int(rng.integers(1, 5))):
        draw_panel(image, rng, (0, row), framed=True)
    if row > 0 and rng.random() < 0.6:
        cv2.rectangle(
            image, (0, row - int(rng.integers(3, 12))), (width, row), vary(wall, rng, 0.6), -1
        )
    for _ in range(int(rng.integers(1, 6))):
        draw_furniture(image, rng, row, 0.45 * height)


def _street(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    _sky(image, row, rng)
    x = -int(rng.integers(0, 60))
    while x < width:
        wide = int(rng.uniform(0.08, 0.4) * width)
        top = int(row - rng.uniform(0.2, 1.1) * max(row, 40))
        draw_building(image, rng, (x, top, x + wide, row))
        x += wide + int(rng.integers(0, 30))
    for _ in range(int(rng.integers(1, 7))):
        draw_furniture(image, rng, row, 0.25 * height)
    for _ in range(int(rng.integers(0, 4))):
        pole = int(rng.integers(0, width))
        cv2.line(
            image,
            (pole, int(row * rng.uniform(-0.2, 0.6))),
            (pole, row + 5),
            random_colour(rng, (0, 0.3), (0.1, 0.6)),
            int(rng.integers(2, 8)),
        )


def _field(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    _sky(image, row, rng)
    draw_ridge(image, row, rng, random_colour(rng, (0.1, 0.6), (0.15, 0.6), (0.2, 0.45)), 0.5)
    green = random_colour(rng, (0.3, 0.8), (0.2, 0.6), (0.17, 0.42))
    top = max(0, int(row - rng.uniform(0.1, 0.9) * row))
    if row - top > 8:
        tile = make_tile(
            'leaves', rng, green, random_colour(rng, (0.2, 0.8), (0.2, 0.9), (0.05, 0.4))
        )
        trees = fill_texture(tile, row - top, width, rng.uniform(0.5, 1.5), rng)
        outline = fractal_noise(row - top, width, rng, coarsest=3, octaves=4)
        outline += np.linspace(-0.35, 0.6, row - top, dtype=np.float32)[:, None]
        mask = cv2.convertScaleAbs((outline > 0.45).astype(np.uint8))
        image[top:row] = np.where(mask[..., None] > 0, trees, image[top:row])
    for _ in range(int(rng.integers(0, 5))):
        trunk = int(rng.integers(0, width))
        cv2.line(
            image,
            (trunk, 0),
            (trunk + int(rng.integers(-20, 20)), row + 10),
            random_colour(rng, (0.2, 0.6), (0.1, 0.5), (0.03, 0.12)),
            int(rng.integers(4, 22)),
        )
    for _ in range(int(rng.integers(0, 3))):
        draw_furniture(image, rng, row, 0.15 * height)


def _full_wall(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    _wall(
        image,
        row,
        rng,
        ('bricks', 'planks', 'grid', 'spots', 'lines', 'leaves'),
        (0, 0.8),
        (0.15, 1),
    )
    for _ in range(int(rng.integers(0, 4))):
        draw_panel(image, rng, (0, row), framed=rng.random() < 0.5)


def _clutter(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    noise = fractal_noise(height, width, rng, coarsest=2, octaves=6, gain=0.75)
    image[:] = blend(random_colour(rng), random_colour(rng), 2 * noise - 0.5)
    for _ in range(int(rng.integers(8, 30))):
        draw = (draw_panel, draw_blob, draw_stroke)[int(rng.integers(3))]
        if draw is draw_panel:
            draw_panel(image, rng, (0, height), framed=rng.random() < 0.3)
        else:
            draw(image, rng)
    for _ in range(int(rng.integers(1, 5))):
        draw_furniture(image, rng, row, 0.5 * height)


def _court(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    wall = _wall(image, row, rng, ('plain', 'planks', 'grid'), (0.05, 0.7), (0.25, 0.9))
    band = int(row * rng.uniform(0.3, 0.9))
    cv2.rectangle(image, (0, band), (width, row), vary(wall, rng, 0.6), -1)
    if rng.random() < 0.5:
        draw_crowd(image, rng, max(0, band - int(0.3 * height)), band)
    x = 0
    while x < width and rng.random() < 0.85:
        wide = int(rng.uniform(0.1, 0.3) * width)
        low = min(row, band + int(rng.integers(10, 60)))
        cv2.rectangle(image, (x, band), (x + wide, low), random_colour(rng, (0.5, 1), (0.4, 1)), -1)
        draw_writing(image, rng, (x, band, x + wide, low))
        x += wide + int(rng.integers(0, 20))
    for _ in range(int(rng.integers(1, 6))):
        x = int(rng.integers(0, width))
        colour, thick = random_colour(rng, (0, 0.8), (0.1, 0.9)), int(rng.integers(2, 7))
        cv2.line(image, (x, 0), (x, row + 20), colour, thick)
        if rng.random() < 0.5:
            bar = int(rng.integers(0, max(row, 1)))
            cv2.line(image, (x, bar), (x + int(rng.integers(-200, 200)), bar), colour, thick)


def _outdoors(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    _sky(image, row, rng)
    base = random_colour(rng, (0, 0.6), (0.2, 0.9), (0.05, 0.65))
    for depth in range(int(rng.integers(1, 4))):
        draw_ridge(image, row, rng, vary(base, rng, 0.4), 0.9 - 0.25 * depth)


def _stage(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    dark = random_colour(rng, (0.2, 0.9), (0.02, 0.25))
    glow = random_colour(rng, (0.2, 0.9), (0.3, 0.9))
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    centre = rng.uniform(0, width), rng.uniform(0, height)
    distance = cv2.magnitude(xs - centre[0], ys - centre[1]) / (width * rng.uniform(0.3, 1))
    image[:] = blend(glow, dark, distance)
    for _ in range(int(rng.integers(2, 10))):
        spot = int(rng.integers(0, width)), int(rng.integers(0, max(1, height // 2)))
        cv2.circle(
            image, spot, int(rng.integers(3, 16)), random_colour(rng, (0, 0.6), (0.7, 1)), -1
        )
    for _ in range(int(rng.integers(0, 6))):
        draw_panel(image, rng, (0, max(row, height // 2)), framed=False)


def _screen(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    """A cloth of one colour, as keying needs it."""
    colour = random_colour(rng, (0.5, 0.8), (0.4, 0.75), SCREEN_HUE)
    folds = fractal_noise(*image.shape[:2], rng, coarsest=2, octaves=3)
    image[:] = blend(vary(colour, rng, 0.1), vary(colour, rng, 0.1), folds)


def _wall(
    image: np.ndarray,
    row: int,
    rng: np.random.Generator,
    kinds: tuple[str, ...],
    saturation: tuple[float, float],
    value: tuple[float, float],
) -> Colour:
    colour = surface_colour(rng, saturation, value)
    if row > 0:
        tile = make_tile(kinds[int(rng.integers(len(kinds)))], rng, colour, vary(colour, rng, 0.5))
        scale = rng.uniform(0.5, 2) * image.shape[0] / 480
        image[:row] = fill_texture(tile, row, image.shape[1], scale, rng)
    return colour


def _sky(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    if row <= 0:
        return
    top = random_colour(rng, (0.05, 0.7), (0.5, 1), (0.52, 0.65))
    low = random_colour(rng, (0, 0.25), (0.7, 1), (0.05, 0.65))
    height, width = row, image.shape[1]
    clouds = fractal_noise(height, width, rng, coarsest=2, octaves=4)
    gradient = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    image[:row] = blend(top, low, gradient + rng.uniform(0, 1.5) * (clouds - 0.5))


PLACES: dict[str, Callable[[np.ndarray, int, np.random.Generator], None]] = dict(
    room=_room,
    street=_street,
    field=_field,
    wall=_full_wall,
    clutter=_clutter,
    court=_court,
    outdoors=_outdoors,
    stage=_stage,
    screen=_screen,
)
"""Kinds of place: each draws what stands behind the floor, which begins at the given row."""

OPEN_PLACES = frozenset({'street', 'field', 'outdoors', 'clutter'})
