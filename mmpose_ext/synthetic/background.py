"""Procedural backgrounds full of things that are not people."""

from collections.abc import Callable

import cv2
import numpy as np

from mmpose_ext.geometry import PinholeCamera

from .background_places import OPEN_PLACES, PLACES, SCREEN_HUE
from .background_textures import (
    Colour,
    choose,
    make_tile,
    random_colour,
    surface_colour,
    vary,
    warp_tile,
)
from .background_things import draw_distractor
from .scene_ground import Ground
from .scene_style import Style


def make_background(
    camera: PinholeCamera, ground: Ground, style: Style, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """Draw a place without people.

    Args:
        camera: The camera.
        ground: The plane people stand on; floors are drawn in its perspective.
        style: Kinds of place and their frequencies.
        rng: Source of randomness.

    Returns:
        The image, (H, W, 3) uint8 BGR, and the row where the floor begins.
    """
    place = choose(style.places, rng)
    far = rng.uniform(25, 120) if place in OPEN_PLACES else rng.uniform(5, 14)
    floor_row = ground.row_at(far, camera)
    image = np.zeros((camera.height, camera.width, 3), np.uint8)
    PLACES[place](image, floor_row, rng)
    _draw_floor(image, floor_row, place, camera, ground, rng)
    for _ in range(int(rng.integers(0, 4))):
        draw_distractor(image, rng)
    return image, floor_row


def _draw_floor(
    image: np.ndarray,
    row: int,
    place: str,
    camera: PinholeCamera,
    ground: Ground,
    rng: np.random.Generator,
) -> None:
    if row >= camera.height:
        return
    kind, colour, other = FLOORS[place](rng)
    tile = make_tile(kind, rng, colour, other)
    tile_metres = rng.uniform(1.5, 5)
    unit_px = ground.homography(camera, tile_metres / tile.shape[0])
    from_row = np.array([[1, 0, 0], [0, 1, -row], [0, 0, 1.0]])
    floor = image[row:]
    floor[:] = warp_tile(tile, from_row @ unit_px, camera.height - row, camera.width)
    if place == 'court':
        _draw_court_lines(floor, row, camera, ground, rng)
    # Light falls off along the floor.
    if rng.random() < 0.7:
        fall = np.linspace(rng.uniform(0.6, 1.1), rng.uniform(0.8, 1.2), camera.height - row)
        ramp = np.repeat(fall.astype(np.float32)[:, None], camera.width, 1)
        floor[:] = cv2.multiply(floor, cv2.merge([ramp] * 3), dtype=cv2.CV_8U)


def _draw_court_lines(
    floor: np.ndarray,
    first_row: int,
    camera: PinholeCamera,
    ground: Ground,
    rng: np.random.Generator,
) -> None:
    right, forward = ground.axes()
    colour = random_colour(rng, (0, 0.3), (0.8, 1))
    for _ in range(int(rng.integers(2, 7))):
        ahead, aside = rng.uniform(1, 12), rng.uniform(-4, 4)
        if rng.random() < 0.5:
            ends = [(ahead, -20.0), (ahead, 20.0)]
        else:
            ends = [(1.0, aside), (25.0, aside)]
        points = np.array(
            [f * forward + r * right - ground.height * ground.normal for f, r in ends]
        )
        if points[:, 2].min() < 0.2:
            continue
        x = camera.fx * points[:, 0] / points[:, 2] + camera.cx
        y = camera.fy * points[:, 1] / points[:, 2] + camera.cy - first_row
        start, end = np.clip(np.stack([x, y], 1), -9999, 9999).astype(int).tolist()
        cv2.line(floor, start, end, colour, int(rng.integers(2, 7)))


def _floor(
    kinds: tuple[str, ...],
    saturation: tuple[float, float],
    value: tuple[float, float],
    hue: tuple[float, float] = (0.0, 1.0),
) -> Callable[[np.random.Generator], tuple[str, Colour, Colour]]:

    def draw(rng: np.random.Generator) -> tuple[str, Colour, Colour]:
        colour = surface_colour(rng, saturation, value, hue)
        return kinds[int(rng.integers(len(kinds)))], colour, vary(colour, rng, 0.5)

    return draw


FLOORS = dict(
    room=_floor(('planks', 'grid', 'plain', 'spots'), (0, 0.6), (0.2, 0.9)),
    street=_floor(('plain', 'grid', 'bricks', 'spots'), (0, 0.15), (0.25, 0.75)),
    field=_floor(('plain', 'leaves', 'lines'), (0.3, 0.8), (0.2, 0.7), (0.1, 0.4)),
    wall=_floor(('plain', 'grid', 'planks'), (0, 0.6), (0.2, 0.9)),
    clutter=_floor(('plain', 'spots', 'lines', 'grid'), (0, 1), (0.1, 1)),
    court=_floor(('plain', 'planks'), (0.2, 0.8), (0.3, 0.9)),
    outdoors=_floor(('plain', 'spots', 'lines'), (0, 0.7), (0.3, 1), (0.08, 0.62)),
    stage=_floor(('plain', 'planks'), (0.1, 0.8), (0.05, 0.4)),
    screen=_floor(('plain',), (0.5, 0.7), (0.4, 0.7), SCREEN_HUE),
)
"""Texture and colours of the floor of each place."""
