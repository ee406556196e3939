"""Values of a surface at the pixels that see it."""

import numpy as np
from numba import njit

from .rasterizer import RasterResult


def barycentrics(result: RasterResult) -> np.ndarray:
    """Weights of the three corners of the face in front of each pixel.

    They are those of the point where the pixel's ray meets the face, so that what is interpolated
    with them is correct in perspective.

    Args:
        result: What the camera sees.

    Returns:
        (H, W, 3) float32, rows sum to 1, zero where there is no face.
    """
    camera = result.camera
    weights = np.zeros((*result.face_ids.shape, 3), np.float32)
    _barycentrics(
        result.face_ids,
        result.vertices,
        result.faces,
        float(camera.fx),
        float(camera.fy),
        float(camera.cx),
        float(camera.cy),
        weights,
    )
    return weights


def interpolate(result: RasterResult, attributes: np.ndarray) -> np.ndarray:
    """Interpolate values given at the vertices.

    Args:
        result: What the camera sees.
        attributes: Values of ``result.vertices``, (V, C).

    Returns:
        (H, W, C) float32, zero where there is no face.

    Raises:
        ValueError: If there is not one row per vertex.
    """
    attributes = np.ascontiguousarray(attributes, np.float32)
    if attributes.ndim != 2 or len(attributes) != len(result.vertices):
        raise ValueError(
            f'attributes got shape {attributes.shape}, expected one row for each of '
            f'{len(result.vertices)} vertices'
        )
    values = np.zeros((*result.face_ids.shape, attributes.shape[1]), np.float32)
    _interpolate(result.face_ids, result.faces, barycentrics(result), attributes, values)
    return values


@njit(cache=True, nogil=True)
def ray_weights(
    x: float, y: float, a: np.ndarray, b: np.ndarray, c: np.ndarray
) -> tuple[float, float, float]:
    """Barycentrics of the point where the ray through (x, y, 1) meets the plane of a triangle.

    The weight of a corner is proportional to det(ray, the other two corners).
    """
    wa = (
        x * (b[1] * c[2] - b[2] * c[1])
        + y * (b[2] * c[0] - b[0] * c[2])
        + (b[0] * c[1] - b[1] * c[0])
    )
    wb = (
        x * (c[1] * a[2] - c[2] * a[1])
        + y * (c[2] * a[0] - c[0] * a[2])
        + (c[0] * a[1] - c[1] * a[0])
    )
    wc = (
        x * (a[1] * b[2] - a[2] * b[1])
        + y * (a[2] * b[0] - a[0] * b[2])
        + (a[0] * b[1] - a[1] * b[0])
    )
    total = wa + wb + wc
    if total == 0:
        return 1.0, 0.0, 0.0
    # A pixel centre on an edge may fall outside by a rounding error.
    wa, wb, wc = max(wa / total, 0.0), max(wb / total, 0.0), max(wc / total, 0.0)
    total = wa + wb + wc
    return wa / total, wb / total, wc / total


@njit(cache=True, nogil=True)
def _barycentrics(
    face_ids: np.ndarray,
    vertices: np.ndarray,
    faces: np.ndarray,
    fx: float,
    fy: float,
    cx: float,
    cy: float,
    weights: np.ndarray,
) -> None:
    for row in range(face_ids.shape[0]):
        for column in range(face_ids.shape[1]):
            face = face_ids[row, column]
            if face >= 0:
                wa, wb, wc = ray_weights(
                    (column - cx) / fx,
                    (row - cy) / fy,
                    vertices[faces[face, 0]],
                    vertices[faces[face, 1]],
                    vertices[faces[face, 2]],
                )
                weights[row, column, 0] = wa
                weights[row, column, 1] = wb
                weights[row, column, 2] = wc


@njit(cache=True, nogil=True)
def _interpolate(
    face_ids: np.ndarray,
    faces: np.ndarray,
    weights: np.ndarray,
    attributes: np.ndarray,
    values: np.ndarray,
) -> None:
    for row in range(face_ids.shape[0]):
        for column in range(face_ids.shape[1]):
            face = face_ids[row, column]
            if face >= 0:
                for corner in range(3):
                    vertex = faces[face, corner]
                    weight = weights[row, column, corner]
                    for channel in range(attributes.shape[1]):
                        values[row, column, channel] += weight * attributes[vertex, channel]
