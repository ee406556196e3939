"""Grey shading of what a camera sees."""

import numpy as np
from numba import njit

from .interpolation import interpolate
from .rasterizer import RasterResult

HEADLIGHT = (0.0, 0.0, -1.0)
"""Direction towards a light at the camera."""


def shade_flat(
    result: RasterResult,
    light: tuple[float, float, float] = HEADLIGHT,
    ambient: float = 0.3,
    background: float = 1.0,
) -> np.ndarray:
    """Shade every face with its own normal.

    Args:
        result: What the camera sees.
        light: Direction towards the light, camera frame.
        ambient: Brightness of a face that the light does not reach; one that faces it has 1.
        background: Value where there is no face.

    Returns:
        (H, W) float32 in [0, 1].
    """
    corners = result.vertices[result.faces]
    normals = _unit(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    # The extra last row is what face id -1 picks.
    brightness = np.append(_lambert(normals, light, ambient), background).astype(np.float32)
    return brightness[result.face_ids]


def shade_smooth(
    result: RasterResult,
    light: tuple[float, float, float] = HEADLIGHT,
    ambient: float = 0.3,
    background: float = 1.0,
) -> np.ndarray:
    """Shade with normals interpolated between the vertices.

    Args:
        result: What the camera sees.
        light: Direction towards the light, camera frame.
        ambient: Brightness of a point that the light does not reach; one that faces it has 1.
        background: Value where there is no face.

    Returns:
        (H, W) float32 in [0, 1].
    """
    normals = _unit(interpolate(result, vertex_normals(result.vertices, result.faces)))
    brightness = _lambert(normals, light, ambient)
    return np.where(result.face_ids >= 0, brightness, background).astype(np.float32)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Area-weighted mean of the normals around each vertex.

    Args:
        vertices: (V, 3).
        faces: (F, 3), counter-clockwise seen from outside.

    Returns:
        (V, 3) float32 unit vectors, zero for a vertex without a face.
    """
    normals = np.zeros((len(vertices), 3))
    _add_face_normals(
        np.ascontiguousarray(vertices, np.float64), np.ascontiguousarray(faces, np.int32), normals
    )
    return _unit(normals).astype(np.float32)


def _lambert(normals: np.ndarray, light: tuple[float, float, float], ambient: float) -> np.ndarray:
    cosine = normals @ _unit(np.asarray(light, normals.dtype))
    return ambient + (1 - ambient) * np.clip(cosine, 0, 1)


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


@njit(cache=True, nogil=True)
def _add_face_normals(vertices: np.ndarray, faces: np.ndarray, normals: np.ndarray) -> None:
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        vx = vertices[c, 0] - vertices[a, 0]
        vy = vertices[c, 1] - vertices[a, 1]
        vz = vertices[c, 2] - vertices[a, 2]
        for corner in range(3):
            vertex = faces[face, corner]
            normals[vertex, 0] += uy * vz - uz * vy
            normals[vertex, 1] += uz * vx - ux * vz
            normals[vertex, 2] += ux * vy - uy * vx
