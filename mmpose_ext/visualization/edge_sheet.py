"""The edge maps of an image side by side, as in Figures 2, 5 and 6 of SEFD."""

from collections.abc import Sequence

import cv2
import numpy as np

from mmpose_ext.rendering import (
    EdgePerson,
    canny_edges,
    canny_magnitude,
    dilate,
    dilation_size,
    smpl_edge_map,
    to_gray,
)
from mmpose_ext.visualization.contact_sheet import contact_sheet

_CANNY_SIZE = 5
_MODES = dict(
    overlap='overlap: everybody alone, added up',
    all='all: everybody in one picture',
    hidden='hidden: overlap minus all',
)


def edge_sheet(
    image: np.ndarray,
    people: Sequence[EdgePerson],
    dilation: str | int = 'paper',
    values: str = 'binary',
    columns: int = 4,
    max_people: int = 3,
    tile: tuple[int, int] | None = None,
) -> np.ndarray:
    """Draw an image, the SMPL edge map of each person, their sums, and the image's own edges.

    Args:
        image: (H, W, 3) uint8, BGR.
        people: Everybody with a fitted body.
        dilation: See :func:`~mmpose_ext.rendering.smpl_edge_map`.
        values: ``'binary'`` or ``'magnitude'``, of SMPL edges and Canny alike.
        columns: Pictures per row.
        max_people: So many people have a picture of their own, the largest ones.
        tile: Width and height of a picture in pixels; those of the image by default.

    Returns:
        The sheet, (H, W, 3) uint8, BGR.

    Raises:
        ValueError: If a setting is unknown, or a camera has another image size.
    """
    height, width = image.shape[:2]

    def draw(persons: Sequence[EdgePerson], mode: str = 'overlap') -> np.ndarray:
        return smpl_edge_map(persons, width, height, mode, values, dilation)

    pictures, captions = [image], ['image']
    shown = sorted(people, key=lambda person: -person.bbox_area)[:max_people]
    for number, person in enumerate(shown, 1):
        size = max(dilation_size(person.bbox_area, dilation), 1)
        pictures.append(_to_picture(draw([person])))
        captions.append(f'SMPL edges of person {number}, dilation {size} x {size}')
    for mode, caption in _MODES.items():
        pictures.append(_to_picture(draw(people, mode)))
        captions.append(caption)
    gray = to_gray(image)
    edges = canny_edges(gray) if values == 'binary' else np.minimum(canny_magnitude(gray), 1)
    pictures.append(_to_picture(dilate(edges, _CANNY_SIZE)))
    captions.append(f'Canny of the image, dilation {_CANNY_SIZE} x {_CANNY_SIZE}')
    return contact_sheet(pictures, captions, columns, tile)


def _to_picture(edges: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.rint(255.0 * edges).astype(np.uint8), cv2.COLOR_GRAY2BGR)
