"""Compiled painting of dressed people, pixel by pixel.

Every colour is a function of the position in the rest pose, so that clothes move with the body.
"""

import math

import numpy as np
from numba import njit

from mmpose_ext.rendering.interpolation import ray_weights

from .appearance import PATTERNS, REGIONS, Appearance
from .appearance_landmarks import Landmarks

(SKIN, HAIR, TOP, BOTTOM, SHOES, GLOVES, SOCKS, HEADWEAR, EYE_WHITE, IRIS, BROW, LIPS, LOGO) = (
    range(len(REGIONS))
)
PLAIN, HOOPS, STRIPES, CHECKS, DOTS, CAMOUFLAGE, SIDE_STRIPE = range(len(PATTERNS))


@njit(cache=True, nogil=True)
def dress(
    vertices: np.ndarray, normals: np.ndarray, rest: np.ndarray, marks: Landmarks, look: Appearance
) -> None:
    """Move vertices outwards by the thickness of hair and clothing, in place.

    Args:
        vertices: (V, 3) float64, camera frame.
        normals: (V, 3) float32 unit normals of the vertices.
        rest: (V, 3) float32 positions in the rest pose.
        marks: Landmarks of the body.
        look: What the person wears.
    """
    for i in range(len(vertices)):
        x, y, z = rest[i, 0], rest[i, 1], rest[i, 2]
        region = _region(x, y, z, marks, look)
        offset = 0.0
        if region in (HAIR, HEADWEAR):
            offset = look.hair_volume
        elif region in (TOP, BOTTOM):
            folds = _noise(x * 9 + look.scales[0], y * 9, z * 9)
            offset = look.looseness * (0.4 + 1.2 * folds)
        elif region == SHOES:
            offset = 0.006
        for axis in range(3):
            vertices[i, axis] += offset * normals[i, axis]


@njit(cache=True, nogil=True)
def paint(
    image: np.ndarray,
    person_ids: np.ndarray,
    face_ids: np.ndarray,
    occlusion: np.ndarray,
    vertices: np.ndarray,
    faces: np.ndarray,
    normals: np.ndarray,
    intrinsics: tuple,
    person: int,
    first_vertex: int,
    rest: np.ndarray,
    marks: Landmarks,
    look: Appearance,
    lights: np.ndarray,
) -> None:
    """Draw one person into the image.

    Args:
        image: (H, W, 3) uint8, changed in place.
        person_ids: (H, W) int16.
        face_ids: (H, W) int32.
        occlusion: (H, W) float32, darkening by the surroundings, 0 to 1.
        vertices: (V, 3) float64 of all people, camera frame.
        faces: (F, 3) int32 of all people.
        normals: (V, 3) float32 of all people.
        intrinsics: fx, fy, cx, cy.
        person: Id of this person.
        first_vertex: Row of this person's first vertex.
        rest: (V_i, 3) float32, this person's vertices in the rest pose.
        marks: Landmarks of this person's body.
        look: What this person wears.
        lights: (7, 3): colour from the sky, colour from the ground, up, direction and colour of
            the main light, direction and colour of the fill light.
    """
    fx, fy, cx, cy = intrinsics
    point, normal = np.empty(3), np.empty(3)
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            if person_ids[row, column] != person:
                continue
            a, b, c = faces[face_ids[row, column]]
            wa, wb, wc = ray_weights(
                (column - cx) / fx, (row - cy) / fy, vertices[a], vertices[b], vertices[c]
            )
            for axis in range(3):
                point[axis] = (
                    wa * rest[a - first_vertex, axis]
                    + wb * rest[b - first_vertex, axis]
                    + wc * rest[c - first_vertex, axis]
                )
                normal[axis] = wa * normals[a, axis] + wb * normals[b, axis] + wc * normals[c, axis]
            x, y, z = point
            region = _region(x, y, z, marks, look)
            folds = _noise(x * 14 + look.scales[1], y * 14, z * 14) - 0.5
            folds += 0.5 * (_noise(x * 37, y * 37 + look.scales[2], z * 37) - 0.5)
            strength = look.wrinkles if region in (TOP, BOTTOM) else 0.06
            brightness = (1 + 2 * strength * folds) * (1 - occlusion[row, column])
            second = _pattern(x, y, z, region, marks, look)
            for channel in range(3):
                colour = look.colours[region, channel]
                if second:
                    colour = look.second_colours[region, channel]
                light = _light(normal, lights, channel)
                value = colour * light * brightness
                image[row, column, channel] = np.uint8(min(max(value, 0.0), 255.0))


@njit(cache=True, nogil=True, inline='always')
def _light(normal: np.ndarray, lights: np.ndarray, channel: int) -> float:
    up = normal[0] * lights[2, 0] + normal[1] * lights[2, 1] + normal[2] * lights[2, 2]
    key = normal[0] * lights[3, 0] + normal[1] * lights[3, 1] + normal[2] * lights[3, 2]
    fill = normal[0] * lights[5, 0] + normal[1] * lights[5, 1] + normal[2] * lights[5, 2]
    sky = 0.5 + 0.5 * up
    return (
        sky * lights[0, channel]
        + (1 - sky) * lights[1, channel]
        + max(key, 0.0) * lights[4, channel]
        + max(fill, 0.0) * lights[6, channel]
    )


@njit(cache=True, nogil=True)
def _region(x: float, y: float, z: float, marks: Landmarks, look: Appearance) -> int:
    """Number of the surface region that a point of the rest pose belongs to."""
    across = abs(x)
    chin = marks.nose_y - 0.075 * marks.face_scale
    collar = marks.neck_y + 0.03
    if (y > chin and across < 0.15 * marks.face_scale) or (
        y > collar and across < 0.07 * marks.face_scale
    ):
        return _head_region(x, y, z, marks, look)
    arm = (across - marks.shoulder_x) / (marks.wrist_x - marks.shoulder_x)
    if arm > -0.1 and y > marks.shoulder_y - 0.15 - 0.3 * max(arm, 0.0):
        if arm > 1.02:
            return GLOVES if look.gloves else SKIN
        return TOP if arm < look.sleeve else SKIN
    leg = (marks.hip_y - y) / (marks.hip_y - marks.ankle_y)
    if y < marks.ankle_y + look.shoe:
        return SHOES
    if leg > 1 - look.sock and look.shoe > -0.1 and leg > look.leg:
        return SOCKS
    waist = marks.hip_y + 0.04 + look.waist * (marks.shoulder_y - marks.hip_y)
    if y < waist:
        return BOTTOM if leg < look.leg else SKIN
    long_hair = y > marks.neck_y + 0.1 - look.hair_length
    if z < marks.neck_z - 0.02 and across < 0.1 and look.hair_length > 0.05 and long_hair:
        return SKIN if look.bald else HAIR
    if look.sleeve < -0.5:
        return SKIN
    in_front = z > marks.neck_z
    if in_front and y > collar - look.neckline * (1.2 - across / 0.07) and across < 0.1:
        return SKIN
    chest = y - (marks.shoulder_y - 0.09)
    if in_front and across < look.logo and abs(chest) < 0.6 * look.logo:
        return LOGO
    return TOP


@njit(cache=True, nogil=True)
def _head_region(x: float, y: float, z: float, marks: Landmarks, look: Appearance) -> int:
    # Right, up and back from the tip of the nose, in units of an adult's face.
    across = abs(x) / marks.face_scale
    up = (y - marks.nose_y) / marks.face_scale
    back = (marks.nose_z - z) / marks.face_scale
    if back < 0.075:
        eye = ((across - 0.033) / 0.017) ** 2 + ((up - 0.036) / 0.009) ** 2
        if eye < 1:
            return IRIS if abs(across - 0.033) < 0.009 else EYE_WHITE
        if abs(across - 0.034) < 0.021 and abs(up - 0.056) < 0.005:
            return BROW
        if (across / 0.027) ** 2 + ((up + 0.033) / 0.009) ** 2 < 1:
            return LIPS
        if abs(across - 0.008) < 0.0035 and abs(up + 0.012) < 0.003:
            return BROW
    if look.headwear and up > 0.062:
        return HEADWEAR
    if look.bald:
        return SKIN
    hairline = 0.082
    if back > 0.13:
        hairline = -0.05 - max(look.hair_length, 0.0)
    elif back > 0.07:
        hairline = 0.082 - (back - 0.07) / 0.06 * (0.06 + max(look.hair_length, 0.0))
    return HAIR if up > hairline else SKIN


@njit(cache=True, nogil=True)
def _pattern(x: float, y: float, z: float, region: int, marks: Landmarks, look: Appearance) -> bool:
    """Whether a point of a garment shows its second colour."""
    kind = look.patterns[region]
    if kind == PLAIN:
        return False
    if kind == CAMOUFLAGE:
        scale = 0.6 * look.scales[region]
        return _noise(x * scale, y * scale, z * scale + look.scales[3]) > 0.52
    on_arm = abs(x) > marks.shoulder_x
    if kind == SIDE_STRIPE:
        if on_arm:
            return y > marks.shoulder_y and abs(z - marks.shoulder_z) < 0.015
        return abs(x) > 0.9 * marks.hip_x and abs(z - marks.shoulder_z) < 0.02
    # Hoops run around the limb, stripes along it.
    along = abs(x) if on_arm else y
    around = y + z if on_arm else x + 0.6 * z
    u, v = around * look.scales[region], along * look.scales[region]
    if kind == HOOPS:
        return v - math.floor(v) < 0.45
    if kind == STRIPES:
        return u - math.floor(u) < 0.4
    if kind == CHECKS:
        return (math.floor(u) + math.floor(v)) % 2 == 0
    return (u - math.floor(u) - 0.5) ** 2 + (v - math.floor(v) - 0.5) ** 2 < 0.07


@njit(cache=True, nogil=True)
def _noise(x: float, y: float, z: float) -> float:
    """Smooth noise between 0 and 1 with cells of size 1."""
    i, j, k = math.floor(x), math.floor(y), math.floor(z)
    u, v, w = x - i, y - j, z - k
    u, v, w = u * u * (3 - 2 * u), v * v * (3 - 2 * v), w * w * (3 - 2 * w)
    total = 0.0
    for corner in range(8):
        di, dj, dk = corner & 1, (corner >> 1) & 1, corner >> 2
        weight = (u if di else 1 - u) * (v if dj else 1 - v) * (w if dk else 1 - w)
        total += weight * _hash(int(i) + di, int(j) + dj, int(k) + dk)
    return total


@njit(cache=True, nogil=True, inline='always')
def _hash(i: int, j: int, k: int) -> float:
    mixed = np.uint32(i * 374761393 + j * 668265263 + k * 2147483647)
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(1274126177)
    return ((mixed ^ (mixed >> np.uint32(16))) & np.uint32(0xFFFF)) / 65535.0
