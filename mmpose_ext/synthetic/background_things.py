"""Things that stand, hang or lie in the background.

Each function draws one onto the image, in place.
"""

import cv2
import numpy as np

from .background_textures import Colour, random_colour, vary

SKIN_LIKE = ((120.0, 150.0, 205.0), (80.0, 115.0, 175.0), (50.0, 75.0, 120.0))


def draw_ridge(
    image: np.ndarray, row: int, rng: np.random.Generator, colour: Colour, tall: float
) -> None:
    """Hills or mountains whose feet are at the given row."""
    width = image.shape[1]
    xs = np.linspace(0, width, 24)
    ys = row - max(row, 1) * tall * rng.uniform(0.1, 1, 24) * rng.uniform(0.2, 1)
    outline = np.concatenate([np.stack([xs, ys], 1), [[width, row + 1], [0, row + 1]]])
    cv2.fillPoly(image, [outline.astype(np.int32)], colour, cv2.LINE_AA)


def draw_building(
    image: np.ndarray, rng: np.random.Generator, box: tuple[int, int, int, int]
) -> None:
    """A front with windows in the box (left, top, right, bottom)."""
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


def draw_panel(
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


def draw_furniture(image: np.ndarray, rng: np.random.Generator, row: int, size: float) -> None:
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


def draw_blob(image: np.ndarray, rng: np.random.Generator) -> None:
    """An ellipse."""
    height, width = image.shape[:2]
    centre = int(rng.uniform(0, width)), int(rng.uniform(0, height))
    axes = int(rng.uniform(0.01, 0.12) * width), int(rng.uniform(0.01, 0.12) * width)
    cv2.ellipse(
        image, centre, axes, rng.uniform(0, 180), 0, 360, random_colour(rng), -1, cv2.LINE_AA
    )


def draw_stroke(image: np.ndarray, rng: np.random.Generator) -> None:
    """A straight line."""
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


def draw_writing(
    image: np.ndarray, rng: np.random.Generator, box: tuple[int, int, int, int]
) -> None:
    """Strokes that look like letters, in the box (left, top, right, bottom)."""
    left, top, right, low = box
    if right - left < 12 or low - top < 8:
        return
    colour = random_colour(rng, (0, 0.3), (0.7, 1))
    for x in range(left + 4, right - 8, 9):
        if rng.random() < 0.75:
            ys = rng.integers(top + 2, low - 2, 2).tolist()
            cv2.line(image, (x, ys[0]), (x + int(rng.integers(0, 6)), ys[1]), colour, 2)


def draw_crowd(image: np.ndarray, rng: np.random.Generator, top: int, low: int) -> None:
    """Heads and shoulders of spectators between two rows."""
    if low - top < 12:
        return
    count = image.shape[1] // 5
    xs, ys = rng.integers(0, image.shape[1], count), rng.integers(top, low, count)
    for x, y, tone in zip(xs.tolist(), ys.tolist(), rng.integers(0, 3, count).tolist()):
        cv2.ellipse(image, (x, y + 9), (5, 7), 0, 0, 360, random_colour(rng), -1)
        cv2.circle(image, (x, y), 3, SKIN_LIKE[tone], -1)


def draw_distractor(image: np.ndarray, rng: np.random.Generator) -> None:
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
