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
    # Numbers rather than rows of arrays: a row counts its references, which costs more than the
    # arithmetic on it.
    x, y, inverse = np.empty(len(vertices)), np.empty(len(vertices)), np.empty(len(vertices))
    for i in range(len(vertices)):
        if vertices[i, 2] > near:
            inverse[i] = 1.0 / vertices[i, 2]
            x[i] = fx * vertices[i, 0] * inverse[i] + cx
            y[i] = fy * vertices[i, 1] * inverse[i] + cy
    clipped = np.empty((4, 3))
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        if cull and _faces_away(vertices, a, b, c):
            continue
        in_front = 0
        for corner in range(3):
            in_front += vertices[faces[face, corner], 2] > near
        if in_front == 3:
            _fill_triangle(
                x[a],
                y[a],
                inverse[a],
                x[b],
                y[b],
                inverse[b],
                x[c],
                y[c],
                inverse[c],
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
                    clipped[0, 0],
                    clipped[0, 1],
                    clipped[0, 2],
                    clipped[i, 0],
                    clipped[i, 1],
                    clipped[i, 2],
                    clipped[i + 1, 0],
                    clipped[i + 1, 1],
                    clipped[i + 1, 2],
                    first_face + face,
                    person,
                    inverse_depth,
                    face_ids,
                    person_ids,
                )


@njit(cache=True, nogil=True)
def _faces_away(vertices: np.ndarray, a: int, b: int, c: int) -> bool:
    # The camera is the origin: the sign of the normal times a point of the plane, det(a, b, c).
    return (
        vertices[a, 0] * (vertices[b, 1] * vertices[c, 2] - vertices[b, 2] * vertices[c, 1])
        + vertices[a, 1] * (vertices[b, 2] * vertices[c, 0] - vertices[b, 0] * vertices[c, 2])
        + vertices[a, 2] * (vertices[b, 0] * vertices[c, 1] - vertices[b, 1] * vertices[c, 0])
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
    ax: float,
    ay: float,
    az: float,
    bx: float,
    by: float,
    bz: float,
    cx: float,
    cy: float,
    cz: float,
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
    if by < ay:
        ax, ay, az, bx, by, bz = bx, by, bz, ax, ay, az
    if cy < ay:
        ax, ay, az, cx, cy, cz = cx, cy, cz, ax, ay, az
    if cy < by:
        bx, by, bz, cx, cy, cz = cx, cy, cz, bx, by, bz
    first_row = math.ceil(max(ay, 0.0))
    end_row = math.ceil(min(cy, float(height)))
    if first_row >= end_row:
        return
    if max(ax, bx, cx) <= 0 or min(ax, bx, cx) > width - 1:
        return
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if area == 0:
        return
    along_x = ((bz - az) * (cy - ay) - (cz - az) * (by - ay)) / area
    along_y = ((cz - az) * (bx - ax) - (bz - az) * (cx - ax)) / area
    nearest = max(az, bz, cz)
    farthest = min(az, bz, cz)
    long_slope = (cx - ax) / (cy - ay)
    upper_slope = (bx - ax) / (by - ay) if by > ay else 0.0
    lower_slope = (cx - bx) / (cy - by) if cy > by else 0.0
    for row in range(first_row, end_row):
        long_edge = ax + (row - ay) * long_slope
        if row < by:
            short_edge = ax + (row - ay) * upper_slope
        else:
            short_edge = bx + (row - by) * lower_slope
        first = math.ceil(max(min(long_edge, short_edge), 0.0))
        end = math.ceil(min(max(long_edge, short_edge), float(width)))
        for column in range(first, end):
            exact = az + along_x * (column - ax) + along_y * (row - ay)
            # A sliver's plane is ill-conditioned; its surface lies between its corners.
            value = np.float32(min(max(exact, farthest), nearest))
            if value > inverse_depth[row, column]:
                inverse_depth[row, column] = value
                face_ids[row, column] = face
                person_ids[row, column] = person
