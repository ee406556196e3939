"""Edge maps of SMPL meshes: what a person's outline would be if nobody stood in front."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from mmpose_ext.geometry import PinholeCamera, unify_cameras

from .canny import canny_edges, canny_magnitude, check_kernel_size, dilate
from .rasterizer import rasterize

EDGE_MODES = ('overlap', 'all', 'hidden')
EDGE_VALUES = ('binary', 'magnitude')

_AREAS = (16**2, 64**2, 128**2, 256**2)
_TABLES = {'paper': (1, 3, 5, 7, 9), 'release': (1, 3, 5, 5, 7)}
_JOINT_SIZE = 5
# A pixel's edge depends on the 9 x 9 pixels around it.
_CANNY_REACH = 4
_NEAR = 0.01
_AMBIENT, _DIFFUSE, _GAMMA = 0.3, 0.76, 2.2
# The released code draws white bodies on white. Where a limb is a few pixels wide, or a surface
# faces the camera, its outline is too weak for Canny's thresholds; a light grey one's is not.
_ALBEDO = {'binary': 0.8, 'magnitude': 1.0}


@dataclass(frozen=True)
class EdgePerson:
    """A body to draw edges of.

    Args:
        vertices: (V, 3) in metres, in the frame of this person's camera (x right, y down,
            z forward).
        faces: (F, 3), counter-clockwise seen from outside.
        camera: The camera this person was fitted in. All cameras have the size of the image;
            where they differ otherwise, the joint picture is drawn in the first person's.
        bbox_area: Area of the person's box in square pixels; selects the dilation.
    """

    vertices: np.ndarray
    faces: np.ndarray
    camera: PinholeCamera
    bbox_area: float


def smpl_edge_map(
    people: Sequence[EdgePerson],
    width: int,
    height: int,
    mode: str = 'overlap',
    values: str = 'binary',
    dilation: str | int = 'paper',
) -> np.ndarray:
    """Draw the edge map of an image's people.

    Every person is rendered alone, lit from the camera in front of a white background, and the
    edges of the pictures are dilated and added up. Edges that somebody or something else hides
    are in the map (Yang et al., "SEFD: Learning to Distill Complex Pose and Occlusion",
    ICCV 2023, equations 3 and 4).

    Args:
        people: The bodies. Those behind the camera or beside the image leave no edges.
        width: Width of the image in pixels.
        height: Height of the image in pixels.
        mode: ``'overlap'`` adds up the edges of each person alone; ``'all'`` draws everybody in
            one picture, where hidden edges vanish, with 5 x 5 dilation (equation 8);
            ``'hidden'`` is what the first has more than the second. Rims of visible edges are in
            it too where a person's dilation is wider than 5 x 5; one size for all avoids them.
        values: ``'binary'`` for Canny edges, ``'magnitude'`` for the ridges of the gradient of a
            white body, as the released code has them.
        dilation: ``'paper'`` or ``'release'`` for a size by the person's box area, see
            :func:`dilation_size`, or one size for everything, 0 for none.

    Returns:
        (height, width) float32 in [0, 1].

    Raises:
        ValueError: If a setting is unknown, a vertex or area is not finite, or a camera has
            another image size.
    """
    check_edge_settings(mode, values, dilation)
    for index, person in enumerate(people):
        _check_person(index, person, (width, height))
    sizes = [dilation_size(person.bbox_area, dilation) for person in people]
    apart = np.zeros((height, width), np.float32)
    if mode != 'all':
        for person, size in zip(people, sizes):
            _add_edges(apart, [person], size, values)
    if mode == 'overlap':
        return apart
    together = np.zeros((height, width), np.float32)
    joint_size = _JOINT_SIZE if isinstance(dilation, str) else dilation
    if people:
        _add_edges(together, people, joint_size, values)
    if mode == 'all':
        return together
    return np.maximum(apart - together, 0)


def dilation_size(bbox_area: float, table: str | int = 'paper') -> int:
    """Side of the dilation kernel for a person of some size, the paper's adaptive dilation.

    ======================  =====  =======
    area of the box (px^2)  paper  release
    ======================  =====  =======
    up to 16^2              1      1
    up to 64^2              3      3
    up to 128^2             5      5
    up to 256^2             7      5
    larger                  9      7
    ======================  =====  =======

    Args:
        bbox_area: Area of the box in square pixels.
        table: ``'paper'`` for Table 1, ``'release'`` for the sizes in the released code, or a
            number that is returned as it is.

    Returns:
        Pixels, odd, or 0.

    Raises:
        ValueError: If the table is unknown, or the area is negative or no number.
    """
    if not isinstance(table, str):
        check_kernel_size(table)
        return int(table)
    if table not in _TABLES:
        raise ValueError(f'dilation got {table!r}, expected {list(_TABLES)} or a size in pixels')
    if not 0 <= bbox_area < np.inf:
        raise ValueError(f'bbox_area got {bbox_area!r}, expected a number of at least 0')
    return _TABLES[table][bisect_left(_AREAS, bbox_area)]


def check_edge_settings(mode: str, values: str, dilation: str | int) -> None:
    """Raise ValueError if :func:`smpl_edge_map` does not know a setting."""
    for name, value, known in (('mode', mode, EDGE_MODES), ('values', values, EDGE_VALUES)):
        if value not in known:
            raise ValueError(f'{name} got {value!r}, expected one of {list(known)}')
    dilation_size(0, dilation)


def _check_person(index: int, person: EdgePerson, size: tuple[int, int]) -> None:
    if not np.isfinite(person.vertices).all():
        raise ValueError(
            f'vertices of person {index} got NaN or infinite values, expected finite coordinates'
        )
    camera = person.camera
    if (camera.width, camera.height) != size:
        raise ValueError(
            f'camera of person {index} got the image size {(camera.width, camera.height)}, '
            f'expected {size}'
        )


def _add_edges(canvas: np.ndarray, people: Sequence[EdgePerson], size: int, values: str) -> None:
    """Draw people in one picture, find the edges, dilate them and add them, saturated."""
    camera = people[0].camera
    vertices = [np.asarray(person.vertices, np.float64) for person in people]
    moved = vertices if len(people) == 1 else unify_cameras(vertices, [p.camera for p in people])
    window = _window(moved, camera, _CANNY_REACH + size // 2)
    if window is None:
        return
    rows, columns = window
    part = replace(
        camera,
        cx=camera.cx - columns.start,
        cy=camera.cy - rows.start,
        width=columns.stop - columns.start,
        height=rows.stop - rows.start,
    )
    seen = rasterize(moved, [p.faces for p in people], part, near=_NEAR, cull_backfaces=True)
    # One camera for all shears the bodies; their light is that of their own.
    picture = np.empty(seen.face_ids.shape, np.uint8)
    _shade(seen.face_ids, np.concatenate(vertices), seen.faces, _ALBEDO[values], picture)
    find = canny_edges if values == 'binary' else canny_magnitude
    # Pixels outside stay untouched: fresh zeros cost nothing before somebody writes to them.
    target = canvas[rows, columns]
    target += dilate(find(picture), size)
    np.minimum(target, 1, out=target)


def _window(
    meshes: Sequence[np.ndarray], camera: PinholeCamera, margin: int
) -> tuple[slice, slice] | None:
    """The part of the image that can hold edges, rows and columns; None if there is none.

    Around the bodies the picture is white, so that nothing is found there, and what is found
    inside does not depend on how much white is around.
    """
    box = np.array([np.inf, np.inf, -np.inf, -np.inf])
    crossing = False
    for mesh in meshes:
        crossing |= _extend(mesh, camera.fx, camera.fy, camera.cx, camera.cy, _NEAR, box)
    if crossing:
        # A part of the body is behind the camera: its image may reach anywhere.
        return slice(0, camera.height), slice(0, camera.width)
    if box[0] > box[2]:
        return None
    size = np.array([camera.width, camera.height])
    first = np.clip(np.floor(box[:2]) - margin, 0, size).astype(int)
    last = np.clip(np.ceil(box[2:]) + margin + 1, 0, size).astype(int)
    if (first >= last).any():
        return None
    return slice(int(first[1]), int(last[1])), slice(int(first[0]), int(last[0]))


@njit(cache=True, nogil=True)
def _extend(
    vertices: np.ndarray, fx: float, fy: float, cx: float, cy: float, near: float, box: np.ndarray
) -> bool:
    """Extend a box (left, top, right, bottom) by the image of a mesh that is in front.

    Tells whether a part of the mesh is in front and another is not; then the box is of no use.
    """
    front = 0
    for i in range(len(vertices)):
        z = vertices[i, 2]
        if z > near:
            front += 1
            x, y = fx * vertices[i, 0] / z + cx, fy * vertices[i, 1] / z + cy
            box[0], box[1] = min(box[0], x), min(box[1], y)
            box[2], box[3] = max(box[2], x), max(box[3], y)
    return 0 < front < len(vertices)


@njit(cache=True, nogil=True)
def _shade(
    face_ids: np.ndarray,
    vertices: np.ndarray,
    faces: np.ndarray,
    albedo: float,
    picture: np.ndarray,
) -> None:
    """Fill a picture with the grey of flat faces lit along the optical axis, as screens show it."""
    grays = np.zeros(len(faces), np.uint8)
    for row in range(face_ids.shape[0]):
        for column in range(face_ids.shape[1]):
            face = face_ids[row, column]
            if face < 0:
                picture[row, column] = 255
                continue
            # The darkest gray is far from 0: it marks faces not seen before.
            if grays[face] == 0:
                a, b, c = (
                    vertices[faces[face, 0]],
                    vertices[faces[face, 1]],
                    vertices[faces[face, 2]],
                )
                nx = (b[1] - a[1]) * (c[2] - a[2]) - (b[2] - a[2]) * (c[1] - a[1])
                ny = (b[2] - a[2]) * (c[0] - a[0]) - (b[0] - a[0]) * (c[2] - a[2])
                nz = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
                cosine = max(-nz / max(np.sqrt(nx * nx + ny * ny + nz * nz), 1e-30), 0.0)
                light = albedo * min(_AMBIENT + _DIFFUSE * cosine, 1.0)
                grays[face] = int(255 * light ** (1 / _GAMMA) + 0.5)
            picture[row, column] = grays[face]
