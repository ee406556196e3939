"""Places: procedural backgrounds full of things that are not people."""

from collections.abc import Callable

import cv2
import numpy as np

from mmpose_ext.geometry import PinholeCamera

from .background_textures import (
    Colour,
    blend,
    choose,
    fill_texture,
    fractal_noise,
    make_tile,
    random_colour,
    vary,
    warp_tile,
)
from .scene_ground import Ground
from .scene_style import Style

SKIN_LIKE = ((120.0, 150.0, 205.0), (80.0, 115.0, 175.0), (50.0, 75.0, 120.0))


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
        _draw_distractor(image, rng)
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


def _wall(
    image: np.ndarray,
    row: int,
    rng: np.random.Generator,
    kinds: tuple[str, ...],
    saturation: tuple[float, float],
    value: tuple[float, float],
) -> Colour:
    colour = _surface_colour(rng, saturation, value)
    if row > 0:
        tile = make_tile(kinds[int(rng.integers(len(kinds)))], rng, colour, vary(colour, rng, 0.5))
        scale = rng.uniform(0.5, 2) * image.shape[0] / 480
        image[:row] = fill_texture(tile, row, image.shape[1], scale, rng)
    return colour


def _surface_colour(
    rng: np.random.Generator,
    saturation: tuple[float, float],
    value: tuple[float, float],
    hue: tuple[float, float] = (0.0, 1.0),
) -> Colour:
    # Most walls and floors are nearly grey, few are colourful.
    most = saturation[0] + rng.random() * (saturation[1] - saturation[0])
    return random_colour(rng, (saturation[0], most), value, hue)


def _sky(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    if row <= 0:
        return
    top = random_colour(rng, (0.05, 0.7), (0.5, 1), (0.52, 0.65))
    low = random_colour(rng, (0, 0.25), (0.7, 1), (0.05, 0.65))
    height, width = row, image.shape[1]
    clouds = fractal_noise(height, width, rng, coarsest=2, octaves=4)
    gradient = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    image[:row] = blend(top, low, gradient + rng.uniform(0, 1.5) * (clouds - 0.5))


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
        _draw_panel(image, rng, (0, row), framed=True)
    if row > 0 and rng.random() < 0.6:
        cv2.rectangle(
            image, (0, row - int(rng.integers(3, 12))), (width, row), vary(wall, rng, 0.6), -1
        )
    for _ in range(int(rng.integers(1, 6))):
        _draw_furniture(image, rng, row, 0.45 * height)


def _street(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    _sky(image, row, rng)
    x = -int(rng.integers(0, 60))
    while x < width:
        wide = int(rng.uniform(0.08, 0.4) * width)
        top = int(row - rng.uniform(0.2, 1.1) * max(row, 40))
        _draw_building(image, rng, (x, top, x + wide, row))
        x += wide + int(rng.integers(0, 30))
    for _ in range(int(rng.integers(1, 7))):
        _draw_furniture(image, rng, row, 0.25 * height)
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
    _ridge(image, row, rng, random_colour(rng, (0.1, 0.6), (0.15, 0.6), (0.2, 0.45)), 0.5)
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
        _draw_furniture(image, rng, row, 0.15 * height)


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
        _draw_panel(image, rng, (0, row), framed=rng.random() < 0.5)


def _clutter(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    noise = fractal_noise(height, width, rng, coarsest=2, octaves=6, gain=0.75)
    image[:] = blend(random_colour(rng), random_colour(rng), 2 * noise - 0.5)
    for _ in range(int(rng.integers(8, 30))):
        draw = (_draw_panel, _draw_blob, _draw_stroke)[int(rng.integers(3))]
        if draw is _draw_panel:
            _draw_panel(image, rng, (0, height), framed=rng.random() < 0.3)
        else:
            draw(image, rng)
    for _ in range(int(rng.integers(1, 5))):
        _draw_furniture(image, rng, row, 0.5 * height)


def _court(image: np.ndarray, row: int, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    wall = _wall(image, row, rng, ('plain', 'planks', 'grid'), (0.05, 0.7), (0.25, 0.9))
    band = int(row * rng.uniform(0.3, 0.9))
    cv2.rectangle(image, (0, band), (width, row), vary(wall, rng, 0.6), -1)
    if rng.random() < 0.5:
        _draw_crowd(image, rng, max(0, band - int(0.3 * height)), band)
    x = 0
    while x < width and rng.random() < 0.85:
        wide = int(rng.uniform(0.1, 0.3) * width)
        low = min(row, band + int(rng.integers(10, 60)))
        cv2.rectangle(image, (x, band), (x + wide, low), random_colour(rng, (0.5, 1), (0.4, 1)), -1)
        _draw_writing(image, rng, (x, band, x + wide, low))
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
        _ridge(image, row, rng, vary(base, rng, 0.4), 0.9 - 0.25 * depth)


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
        _draw_panel(image, rng, (0, max(row, height // 2)), framed=False)


def _ridge(
    image: np.ndarray, row: int, rng: np.random.Generator, colour: Colour, tall: float
) -> None:
    width = image.shape[1]
    xs = np.linspace(0, width, 24)
    ys = row - max(row, 1) * tall * rng.uniform(0.1, 1, 24) * rng.uniform(0.2, 1)
    outline = np.concatenate([np.stack([xs, ys], 1), [[width, row + 1], [0, row + 1]]])
    cv2.fillPoly(image, [outline.astype(np.int32)], colour, cv2.LINE_AA)


def _draw_building(
    image: np.ndarray, rng: np.random.Generator, box: tuple[int, int, int, int]
) -> None:
    left, top, right, low = box
    colour = random_colour(rng, (0, 0.5), (0.25, 0.9))
    cv2.rectangle(image, (left, top), (right, low), colour, -1)
    step_x, step_y = (int(step) for step in rng.integers(12, 50, 2))
    pane = random_colour(rng, (0, 0.5), (0.05, 0.9))
    for y in range(top + step_y // 3, low - step_y // 2, step_y):
        for x in range(left + step_x // 3, right - step_x // 2, step_x):
            cv2.rectangle(
                image, (x, y), (x + step_x // 2, y + step_y // 2), vary(pane, rng, 0.4), -1
            )


def _draw_panel(
    image: np.ndarray, rng: np.random.Generator, rows: tuple[int, int], framed: bool
) -> None:
    """A picture, window, poster or door."""
    height, width = image.shape[:2]
    wide, tall = rng.uniform(0.05, 0.35, 2) * [width, height]
    x, y = rng.uniform(-0.1, 1) * width, rng.uniform(rows[0] - 0.1 * height, max(rows[1], 1))
    box = cv2.boxPoints(((x + wide / 2, y), (wide, tall), rng.normal(0, 2 if framed else 30)))
    cv2.fillConvexPoly(image, box.astype(np.int32), random_colour(rng), cv2.LINE_AA)
    if framed:
        cv2.polylines(
            image,
            [box.astype(np.int32)],
            True,
            random_colour(rng, (0, 0.6)),
            int(rng.integers(1, 7)),
            cv2.LINE_AA,
        )
        centre = box.mean(0)
        for scale in rng.uniform(0.2, 0.8, int(rng.integers(0, 3))):
            inner = centre + (box - centre) * scale
            cv2.fillConvexPoly(image, inner.astype(np.int32), random_colour(rng), cv2.LINE_AA)


def _draw_furniture(image: np.ndarray, rng: np.random.Generator, row: int, size: float) -> None:
    """A box-like thing on the floor: cupboard, table, car, bin."""
    height, width = image.shape[:2]
    tall, wide = size * rng.uniform(0.2, 1), size * rng.uniform(0.2, 1.2)
    low = row + rng.uniform(0, 0.25) * (height - row)
    x = rng.uniform(-0.1, 1) * width
    colour = random_colour(rng, (0.05, 0.8), (0.1, 0.9))
    left, top, right, bottom = (int(v) for v in (x, low - tall, x + wide, low))
    lift = int(0.2 * tall)
    cv2.fillConvexPoly(
        image,
        np.array(
            [(left, top), (right, top), (right + lift, top - lift), (left + lift, top - lift)]
        ),
        vary(colour, rng, 0.3),
    )
    if rng.random() < 0.4:
        for leg in np.linspace(left, right, int(rng.integers(2, 5))).astype(int).tolist():
            cv2.line(
                image, (leg, top), (leg, bottom), vary(colour, rng, 0.3), max(2, int(0.06 * wide))
            )
        cv2.rectangle(image, (left, top), (right, top + max(3, lift // 2)), colour, -1)
        return
    cv2.rectangle(image, (left, top), (right, bottom), colour, -1)
    for part in np.linspace(top, bottom, int(rng.integers(1, 5)) + 1).astype(int)[1:-1].tolist():
        cv2.line(image, (left, part), (right, part), vary(colour, rng, 0.5), 2)
    if rng.random() < 0.5:
        for x in (left + (right - left) // 5, right - (right - left) // 5):
            cv2.circle(image, (x, bottom), max(3, int(0.13 * tall)), (20, 20, 20), -1)


def _draw_blob(image: np.ndarray, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    centre = int(rng.uniform(0, width)), int(rng.uniform(0, height))
    axes = int(rng.uniform(0.01, 0.12) * width), int(rng.uniform(0.01, 0.12) * width)
    cv2.ellipse(
        image, centre, axes, rng.uniform(0, 180), 0, 360, random_colour(rng), -1, cv2.LINE_AA
    )


def _draw_stroke(image: np.ndarray, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    start = rng.uniform([0, 0], [width, height])
    end = start + rng.normal(0, 0.15 * width, 2)
    cv2.line(
        image,
        start.astype(int).tolist(),
        end.astype(int).tolist(),
        random_colour(rng),
        int(rng.integers(1, 14)),
        cv2.LINE_AA,
    )


def _draw_writing(
    image: np.ndarray, rng: np.random.Generator, box: tuple[int, int, int, int]
) -> None:
    left, top, right, low = box
    if right - left < 12 or low - top < 8:
        return
    colour = random_colour(rng, (0, 0.3), (0.7, 1))
    for x in range(left + 4, right - 8, 9):
        if rng.random() < 0.75:
            ys = rng.integers(top + 2, low - 2, 2).tolist()
            cv2.line(image, (x, ys[0]), (x + int(rng.integers(0, 6)), ys[1]), colour, 2)


def _draw_crowd(image: np.ndarray, rng: np.random.Generator, top: int, low: int) -> None:
    if low - top < 12:
        return
    count = image.shape[1] // 5
    xs, ys = rng.integers(0, image.shape[1], count), rng.integers(top, low, count)
    for x, y, tone in zip(xs.tolist(), ys.tolist(), rng.integers(0, 3, count).tolist()):
        cv2.ellipse(image, (x, y + 9), (5, 7), 0, 0, 360, random_colour(rng), -1)
        cv2.circle(image, (x, y), 3, SKIN_LIKE[tone], -1)


def _draw_distractor(image: np.ndarray, rng: np.random.Generator) -> None:
    """Bent capsules in the colours of skin and clothing, which a limb detector must not trust."""
    height, width = image.shape[:2]
    if rng.random() < 0.5:
        colour: Colour = vary(SKIN_LIKE[int(rng.integers(3))], rng, 0.25)
    else:
        colour = random_colour(rng, (0.1, 0.9), (0.15, 0.95))
    length = rng.uniform(0.03, 0.2) * height
    thick = max(2, int(length * rng.uniform(0.12, 0.35)))
    points = [rng.uniform([0, 0], [width, height])]
    angle = rng.uniform(0, 2 * np.pi)
    for _ in range(int(rng.integers(1, 4))):
        points.append(points[-1] + length * np.array([np.cos(angle), np.sin(angle)]))
        angle += rng.normal(0, 0.9)
    corners = np.array(points).astype(int).tolist()
    for start, end in zip(corners, corners[1:]):
        cv2.line(image, start, end, colour, thick, cv2.LINE_AA)
        cv2.line(image, start, end, vary(colour, rng, 0.2), max(1, thick // 3), cv2.LINE_AA)
    if rng.random() < 0.4:
        cv2.circle(image, corners[-1], thick, vary(colour, rng, 0.2), -1, cv2.LINE_AA)


PLACES: dict[str, Callable[[np.ndarray, int, np.random.Generator], None]] = dict(
    room=_room,
    street=_street,
    field=_field,
    wall=_full_wall,
    clutter=_clutter,
    court=_court,
    outdoors=_outdoors,
    stage=_stage,
)
"""Kinds of place: each draws what stands behind the floor, which begins at the given row."""

OPEN_PLACES = frozenset({'street', 'field', 'outdoors', 'clutter'})


def _floor(
    kinds: tuple[str, ...],
    saturation: tuple[float, float],
    value: tuple[float, float],
    hue: tuple[float, float] = (0.0, 1.0),
) -> Callable[[np.random.Generator], tuple[str, Colour, Colour]]:

    def draw(rng: np.random.Generator) -> tuple[str, Colour, Colour]:
        colour = _surface_colour(rng, saturation, value, hue)
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
)
"""Texture and colours of the floor of each place."""
