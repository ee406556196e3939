"""Objects between the camera and people."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from .background_textures import (
    TILES,
    Colour,
    choose,
    fill_texture,
    make_tile,
    random_colour,
    vary,
)
from .scene_style import Style

OBJECT_ID = -2
"""Person id of a pixel where an object hides what is behind it."""

Box = tuple[float, float, float, float]


class PersonExtent(NamedTuple):
    """Where a person is: the box (left, top, right, bottom) in pixels and the nearest z."""

    box: Box
    depth: float


def add_occluders(
    image: np.ndarray,
    person_ids: np.ndarray,
    depth: np.ndarray,
    people: Sequence[PersonExtent],
    style: Style,
    rng: np.random.Generator,
) -> None:
    """Draw objects in front of people, in place.

    Objects are upright boards in the image plane's direction: each has one depth, and hides what
    is farther away.

    Args:
        image: (H, W, 3) uint8 BGR.
        person_ids: (H, W) int16; pixels of objects become -2.
        depth: (H, W) float32 in metres.
        people: The people objects are placed in front of.
        style: Their number and kinds.
        rng: Source of randomness.
    """
    for _ in range(int(rng.poisson(style.occluders)) if people else 0):
        person = people[int(rng.integers(len(people)))]
        add_occluder(image, person_ids, depth, person, style, rng)


def add_occluder(
    image: np.ndarray,
    person_ids: np.ndarray,
    depth: np.ndarray,
    person: PersonExtent,
    style: Style,
    rng: np.random.Generator,
) -> None:
    """Draw one object in front of a person or a place, in place.

    Its kind, size and position relative to the extent depend on the state of ``rng`` alone.

    Args:
        image: As for :func:`add_occluders`, like all further arguments.
        person_ids: See there.
        depth: See there.
        person: What the object is placed in front of.
        style: Kinds of object.
        rng: Source of randomness.
    """
    kind = choose(style.occluder_kinds, rng)
    distance = person.depth * rng.uniform(0.6, 0.97)
    _add(image, person_ids, depth, kind, person.box, distance, rng)


def _add(
    image: np.ndarray,
    person_ids: np.ndarray,
    depth: np.ndarray,
    kind: str,
    person: Box,
    distance: float,
    rng: np.random.Generator,
) -> None:
    left, top, right, bottom = person
    tall = bottom - top
    size = max(8.0, tall * rng.uniform(0.15, 0.5))
    # Lower bodies are hidden more often than heads, as in real photographs.
    x = rng.uniform(left - 0.3 * size, right + 0.3 * size)
    y = top + tall * rng.beta(2.2, 1.3)
    layer = np.zeros_like(image)
    mask = np.zeros(image.shape[:2], np.uint8)
    OCCLUDERS[kind](layer, mask, (x, y), size, rng)
    columns, rows = (np.flatnonzero(mask.max(axis)) for axis in (0, 1))
    if len(rows) == 0:
        return
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    hidden = (mask[window] > 0) & (depth[window] > distance)
    np.copyto(image[window], layer[window], where=hidden[..., None])
    person_ids[window][hidden] = OBJECT_ID
    depth[window][hidden] = distance


def _fill(
    layer: np.ndarray,
    mask: np.ndarray,
    polygon: np.ndarray,
    rng: np.random.Generator,
    colour: Colour,
) -> None:
    """Cover a convex polygon with a texture."""
    polygon = np.clip(polygon, -4000, 4000).astype(np.int32)
    shape = np.zeros_like(mask)
    cv2.fillConvexPoly(shape, polygon, 255)
    x, y, width, height = cv2.boundingRect(polygon)
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + width, mask.shape[1]), min(y + height, mask.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    kinds = list(TILES)
    tile = make_tile(
        kinds[int(rng.integers(len(kinds)))] if rng.random() < 0.5 else 'plain',
        rng,
        colour,
        random_colour(rng),
    )
    texture = fill_texture(tile, y1 - y0, x1 - x0, rng.uniform(0.3, 1.2), rng)
    inside = shape[y0:y1, x0:x1] > 0
    np.copyto(layer[y0:y1, x0:x1], texture, where=inside[..., None])
    mask[shape > 0] = 255


def _bar(
    layer: np.ndarray,
    mask: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    thick: int,
    colour: Colour,
) -> None:
    ends = [np.clip(point, -4000, 4000).astype(int).tolist() for point in (start, end)]
    cv2.line(mask, *ends, 255, thick)
    cv2.line(layer, *ends, colour, thick)
    bright = tuple(min(255.0, 1.3 * channel) for channel in colour)
    cv2.line(layer, *ends, bright, max(1, thick // 4))


def _rectangle(x: float, y: float, wide: float, tall: float, degrees: float = 0.0) -> np.ndarray:
    return cv2.boxPoints(((x, y), (wide, tall), degrees))


def _box(
    layer: np.ndarray,
    mask: np.ndarray,
    at: tuple[float, float],
    size: float,
    rng: np.random.Generator,
) -> None:
    wide, tall = size * rng.uniform(0.7, 1.8), size * rng.uniform(0.6, 1.5)
    colour = random_colour(rng)
    x, y = at
    front = _rectangle(x, y, wide, tall)
    left, right, top = x - wide / 2, x + wide / 2, y - tall / 2
    lift, shift = 0.25 * size * rng.uniform(0.2, 1), size * rng.uniform(-0.4, 0.4)
    lid = np.array(
        [(left, top), (right, top), (right + shift, top - lift), (left + shift, top - lift)]
    )
    _fill(layer, mask, lid, rng, vary(colour, rng, 0.4))
    _fill(layer, mask, front, rng, colour)


def _table(
    layer: np.ndarray,
    mask: np.ndarray,
    at: tuple[float, float],
    size: float,
    rng: np.random.Generator,
) -> None:
    x, y = at
    wide, thick = size * rng.uniform(1.5, 4), size * rng.uniform(0.1, 0.3)
    colour = random_colour(rng, (0.1, 0.8), (0.15, 0.9))
    for leg in rng.uniform(-0.5, 0.5, int(rng.integers(2, 5))) * wide:
        _bar(
            layer,
            mask,
            np.array([x + leg, y]),
            np.array([x + leg, y + 2 * size]),
            max(2, int(0.1 * size)),
            vary(colour, rng, 0.3),
        )
    _fill(layer, mask, _rectangle(x, y, wide, thick), rng, colour)
    for _ in range(int(rng.integers(0, 4))):
        item = x + rng.uniform(-0.45, 0.45) * wide
        high = size * rng.uniform(0.15, 0.5)
        box = _rectangle(item, y - thick / 2 - high / 2, high * rng.uniform(0.4, 1.2), high)
        _fill(layer, mask, box, rng, random_colour(rng))


def _board(
    layer: np.ndarray,
    mask: np.ndarray,
    at: tuple[float, float],
    size: float,
    rng: np.random.Generator,
) -> None:
    box = _rectangle(
        *at, size * rng.uniform(0.5, 1.6), size * rng.uniform(0.3, 1), rng.uniform(-40, 40)
    )
    _fill(layer, mask, box, rng, random_colour(rng))


def _plant(
    layer: np.ndarray,
    mask: np.ndarray,
    at: tuple[float, float],
    size: float,
    rng: np.random.Generator,
) -> None:
    green = random_colour(rng, (0.3, 0.9), (0.15, 0.7), (0.18, 0.42))
    for _ in range(int(rng.integers(15, 50))):
        centre = (np.array(at) + rng.normal(0, 0.35 * size, 2)).astype(int).tolist()
        axes = max(2, int(0.2 * size * rng.random())), max(1, int(0.07 * size * rng.random()))
        angle = rng.uniform(0, 180)
        cv2.ellipse(mask, centre, axes, angle, 0, 360, 255, -1)
        cv2.ellipse(layer, centre, axes, angle, 0, 360, vary(green, rng, 0.5), -1)


def _pole(
    layer: np.ndarray,
    mask: np.ndarray,
    at: tuple[float, float],
    size: float,
    rng: np.random.Generator,
) -> None:
    lean = rng.normal(0, 0.1) * layer.shape[0]
    start, end = np.array([at[0], -10]), np.array([at[0] + lean, layer.shape[0] + 10])
    _bar(
        layer,
        mask,
        start,
        end,
        max(2, int(size * rng.uniform(0.06, 0.3))),
        random_colour(rng, (0, 0.7), (0.1, 0.9)),
    )


def _bars(
    layer: np.ndarray,
    mask: np.ndarray,
    at: tuple[float, float],
    size: float,
    rng: np.random.Generator,
) -> None:
    """Sports equipment: a few thin bars, parallel or crossing."""
    colour = random_colour(rng, (0, 0.9), (0.1, 0.95))
    angle = rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)])
    along = np.array([np.cos(angle), np.sin(angle)])
    aside = np.array([-along[1], along[0]])
    for step in range(int(rng.integers(1, 4))):
        centre = np.array(at) + aside * step * size * 0.5
        reach = along * size * rng.uniform(0.8, 2.5)
        _bar(layer, mask, centre - reach, centre + reach, max(2, int(0.06 * size)), colour)


def _slats(
    layer: np.ndarray,
    mask: np.ndarray,
    at: tuple[float, float],
    size: float,
    rng: np.random.Generator,
) -> None:
    """The back of a chair or a fence."""
    colour = random_colour(rng, (0, 0.8), (0.1, 0.9))
    wide, tall = size * rng.uniform(0.8, 2.5), size * rng.uniform(0.8, 1.4)
    for offset in np.linspace(-0.5, 0.5, int(rng.integers(3, 8))):
        x = at[0] + offset * wide
        _bar(
            layer,
            mask,
            np.array([x, at[1] - tall / 2]),
            np.array([x, at[1] + tall / 2]),
            max(2, int(0.06 * size)),
            colour,
        )
    for y in (at[1] - tall / 2, at[1] + tall / 3):
        _bar(
            layer,
            mask,
            np.array([at[0] - wide / 2, y]),
            np.array([at[0] + wide / 2, y]),
            max(2, int(0.08 * size)),
            colour,
        )


def _ball(
    layer: np.ndarray,
    mask: np.ndarray,
    at: tuple[float, float],
    size: float,
    rng: np.random.Generator,
) -> None:
    centre, radius = [int(v) for v in at], max(3, int(0.35 * size))
    colour = random_colour(rng, (0.2, 1), (0.3, 1))
    cv2.circle(mask, centre, radius, 255, -1)
    cv2.circle(layer, centre, radius, colour, -1)
    cv2.circle(layer, centre, radius // 2, vary(colour, rng, 0.5), 2)
    cv2.ellipse(layer, centre, (radius, radius // 3), rng.uniform(0, 180), 0, 360, (20, 20, 20), 2)


OCCLUDERS: dict[
    str, Callable[[np.ndarray, np.ndarray, tuple[float, float], float, np.random.Generator], None]
] = dict(
    box=_box,
    table=_table,
    board=_board,
    plant=_plant,
    pole=_pole,
    bars=_bars,
    slats=_slats,
    ball=_ball,
)
"""Kinds of object: each draws a layer and its mask around a point, in a size in pixels."""
