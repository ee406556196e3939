"""How much of a person something else hides."""

from collections.abc import Sequence

import numpy as np

from mmpose_ext.geometry import PinholeCamera
from mmpose_ext.rendering import amodal_masks

from .layout import PlacedPerson

OCCLUDED_SHARE = 0.3
"""From this hidden share of their silhouette on, a person counts as occluded.

Measured on such scenes: between 0.1 and 0.2, two of the twelve joints of arms and legs are hidden
on average, which any photograph of a group has; between 0.3 and 0.4 it is four to five, more than
a whole limb, and above 0.5 seven and more.
"""


def silhouettes(people: Sequence[PlacedPerson], camera: PinholeCamera) -> np.ndarray:
    """Pixels that everyone would cover if nothing were in front of them.

    Args:
        people: Everyone.
        camera: The camera.

    Returns:
        (N, H, W) bool, of the bodies without clothing, within the image.
    """
    return amodal_masks(
        [person.vertices for person in people], [person.body.faces for person in people], camera
    )


def hidden_share(silhouette: np.ndarray, person_ids: np.ndarray, index: int) -> float:
    """Share of a silhouette that other people or objects hide.

    What the image border cuts off is neither hidden nor visible.

    Args:
        silhouette: The person's pixels were they alone, (H, W) bool.
        person_ids: Index of the person in front at each pixel, -1 for the background, other
            negative numbers for objects, (H, W).
        index: The person's index.

    Returns:
        Between 0 and 1; 1 for a person outside of the image.
    """
    total = np.count_nonzero(silhouette)
    in_front = (person_ids != index) & (person_ids != -1)
    return np.count_nonzero(silhouette & in_front) / total if total else 1.0


def mask_box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """The box of a mask with at least one pixel: x, y, width, height."""
    columns, rows = (np.flatnonzero(mask.any(axis)) for axis in (0, 1))
    return (
        int(columns[0]),
        int(rows[0]),
        int(columns[-1] + 1 - columns[0]),
        int(rows[-1] + 1 - rows[0]),
    )
