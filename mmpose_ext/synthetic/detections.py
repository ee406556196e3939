"""What a person detector would find in an image."""

import numpy as np

from .observation import Observation


def simulate_detections(
    observations: list[Observation], width: int, height: int, rng: np.random.Generator
) -> list[dict]:
    """Imitate the detections that top-down models are tested with.

    Boxes are off by a few percent, and more for small and hidden people, whose scores are lower
    and some of whom are missed. Some people are found twice, and some things are no people.

    Args:
        observations: Everyone visible.
        width: Image width in pixels.
        height: Image height in pixels.
        rng: Source of randomness.

    Returns:
        Boxes as x, y, width, height, and scores between 0 and 1.
    """
    detections = []
    for observation in observations:
        shown = observation.coco17.visible.mean()
        small = np.clip(1 - observation.area / 4000, 0, 1)
        difficulty = np.clip(0.7 * (1 - shown) + 0.5 * small, 0, 1)
        if rng.random() < 0.45 * difficulty**2:
            continue
        x1, y1, w, h = observation.box
        corners = np.array([x1, y1, x1 + w, y1 + h], float)
        size = np.array([w, h, w, h])
        error = rng.normal(0, 0.02 + 0.05 * difficulty, 4)
        score = 1 - 0.7 * difficulty * rng.random() - 2 * np.abs(error).mean()
        detections.append((corners + error * size, score))
        if rng.random() < 0.3:
            again = corners + rng.normal(0, 0.12, 4) * size
            detections.append((again, score * rng.uniform(0.05, 0.45)))
    for _ in range(rng.poisson(0.5)):
        centre = rng.uniform(0, 1, 2) * (width, height)
        extent = rng.uniform(0.05, 0.3, 2) * (width, height)
        box = np.concatenate([centre - extent / 2, centre + extent / 2])
        detections.append((box, rng.uniform(0.02, 0.3)))
    limit = np.array([width, height, width, height])
    results = []
    for box, score in detections:
        x1, y1, x2, y2 = np.clip(box, 0, limit)
        if x2 - x1 >= 4 and y2 - y1 >= 4:
            results.append(
                dict(
                    bbox=[round(float(v), 2) for v in (x1, y1, x2 - x1, y2 - y1)],
                    score=round(float(np.clip(score, 0.01, 0.9999)), 4),
                )
            )
    return results
