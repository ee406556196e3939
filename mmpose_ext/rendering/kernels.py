"""Compiled inner loops of the rasteriser."""

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def fill_mesh(
    vertices: np.ndarray,
    faces: np.ndarray,
    first_face: int,
    person: int,
    fx: float,
    fy: float,
    cx: float,
    cy: float,
    near: float,
    cull: bool,
    inverse_depth: np.ndarray,
    face_ids: np.ndarray,
    person_ids: np.ndarray,
) -> None:
    """Draw one mesh into the buffers.

    Args:
        vertices: (V, 3) float64, camera frame.
        faces: (F, 3) int32.
        first_face: Added to the row of a face to give its id.
        person: Id of this mesh.
        fx, fy, cx, cy: Intrinsics in pixels.
        near: Distance of the clipping plane.
        cull: Skip faces seen from behind.
        inverse_depth: (H, W) float32, 1 / z of the nearest surface so far, 0 for none.
        face_ids: (H, W) int32.
        person_ids: (H, W) int16.
    """
    screen = np.empty((len(vertices), 3))
    for i in range(len(vertices)):
        if vertices[i, 2] > near:
            screen[i, 2] = 1.0 / vertices[i, 2]
            screen[i, 0] = fx * vertices[i, 0] * screen[i, 2] + cx
            screen[i, 1] = fy * vertices[i, 1] * screen[i, 2] + cy
    clipped = np.empty((4, 3))
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        if cull and _faces_away(vertices[a], vertices[b], vertices[c]):
            continue
        in_front = 0
        for corner in range(3):
            in_front += vertices[faces[face, corner], 2] > near
        if in_front == 3:
            _fill_triangle(
                screen[a],
                screen[b],
                screen[c],
                first_face + face,
                person,
                inverse_depth,
                face_ids,
                person_ids,
            )
        elif in_front > 0:
            corners = _clip(vertices, faces[face], near, clipped)
            for i in range(corners):
                clipped[i, 2] = 1.0 / clipped[i, 2]
                clipped[i, 0] = fx * clipped[i, 0] * clipped[i, 2] + cx
                clipped[i, 1] = fy * clipped[i, 1] * clipped[i, 2] + cy
            for i in range(1, corners - 1):
                _fill_triangle(
                    clipped[0],
                    clipped[i],
                    clipped[i + 1],
                    first_face + face,
                    person,
                    inverse_depth,
                    face_ids,
                    person_ids,
                )


@njit(cache=True, nogil=True, inline='always')
def _faces_away(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> bool:
    # The camera is the origin: the sign of the normal times a point of the plane, det(a, b, c).
    return (
        a[0] * (b[1] * c[2] - b[2] * c[1])
        + a[1] * (b[2] * c[0] - b[0] * c[2])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
    ) >= 0


@njit(cache=True, nogil=True)
def _clip(vertices: np.ndarray, face: np.ndarray, near: float, polygon: np.ndarray) -> int:
    """Write the part of a triangle in front of the near plane, 3 or 4 corners; return how many."""
    count = 0
    for corner in range(3):
        start, end = vertices[face[corner]], vertices[face[(corner + 1) % 3]]
        if start[2] > near:
            polygon[count] = start
            count += 1
        if (start[2] > near) != (end[2] > near):
            # Always from the front to the back, so that two faces cut their edge at one point.
            if start[2] > near:
                front, back = start, end
            else:
                front, back = end, start
            t = (front[2] - near) / (front[2] - back[2])
            polygon[count, 0] = front[0] + t * (back[0] - front[0])
            polygon[count, 1] = front[1] + t * (back[1] - front[1])
            polygon[count, 2] = near
            count += 1
    return count


@njit(cache=True, nogil=True, inline='always')
def _fill_triangle(
    a: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    face: int,
    person: int,
    inverse_depth: np.ndarray,
    face_ids: np.ndarray,
    person_ids: np.ndarray,
) -> None:
    """Draw a projected triangle whose corners are (x, y, 1 / z).

    Row by row between its edges. The crossing of an edge with a row is computed from the edge
    alone, upper end first, so that both its faces find the same number: one starts at the first
    pixel centre not left of it, the other stops before.
    """
    height, width = inverse_depth.shape
    if b[1] < a[1]:
        a, b = b, a
    if c[1] < a[1]:
        a, c = c, a
    if c[1] < b[1]:
        b, c = c, b
    first_row = math.ceil(max(a[1], 0.0))
    end_row = math.ceil(min(c[1], float(height)))
    if first_row >= end_row:
        return
    if max(a[0], b[0], c[0]) <= 0 or min(a[0], b[0], c[0]) > width - 1:
        return
    area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
    if area == 0:
        return
    along_x = ((b[2] - a[2]) * (c[1] - a[1]) - (c[2] - a[2]) * (b[1] - a[1])) / area
    along_y = ((c[2] - a[2]) * (b[0] - a[0]) - (b[2] - a[2]) * (c[0] - a[0])) / area
    nearest = max(a[2], b[2], c[2])
    farthest = min(a[2], b[2], c[2])
    for row in range(first_row, end_row):
        long_edge = a[0] + (row - a[1]) * ((c[0] - a[0]) / (c[1] - a[1]))
        if row < b[1]:
            short_edge = a[0] + (row - a[1]) * ((b[0] - a[0]) / (b[1] - a[1]))
        else:
            short_edge = b[0] + (row - b[1]) * ((c[0] - b[0]) / (c[1] - b[1]))
        first = math.ceil(max(min(long_edge, short_edge), 0.0))
        end = math.ceil(min(max(long_edge, short_edge), float(width)))
        for column in range(first, end):
            value = a[2] + along_x * (column - a[0]) + along_y * (row - a[1])
            # A sliver's plane is ill-conditioned; its surface lies between its corners.
            value = np.float32(min(max(value, farthest), nearest))
            if value > inverse_depth[row, column]:
                inverse_depth[row, column] = value
                face_ids[row, column] = face
                person_ids[row, column] = person
