"""Pictures of dressed people in a place."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mmpose_ext.body_models import BodyModel
from mmpose_ext.geometry import PinholeCamera, project
from mmpose_ext.rendering import rasterize, vertex_normals

from .appearance import sample_appearance
from .appearance_landmarks import find_landmarks
from .appearance_paint import dress, paint
from .background import make_background
from .background_textures import random_colour
from .scene_effects import photograph
from .scene_ground import Ground
from .scene_occluders import OBJECT_ID, PersonExtent, add_occluder, add_occluders
from .scene_style import STYLES, Style

__all__ = [
    'OBJECT_ID',
    'STYLES',
    'Ground',
    'SceneObject',
    'ScenePerson',
    'SceneRender',
    'Style',
    'render_scene',
]


@dataclass(frozen=True)
class ScenePerson:
    """A posed body in front of a camera.

    Args:
        vertices: (V, 3) in metres, camera frame (x right, y down, z forward).
        body: The body model the vertices are from.
        appearance_seed: Seed of skin, hair and clothing: one seed, one look in every picture of
            a style.
    """

    vertices: np.ndarray
    body: BodyModel
    appearance_seed: int


@dataclass(frozen=True)
class SceneObject:
    """Something that stays where it is while a camera films people behind it.

    Args:
        extent: Where a person, maybe a small one, would be that the object stands in front of.
        seed: Seed of its kind, its look and its position relative to that.
    """

    extent: PersonExtent
    seed: int


@dataclass(frozen=True)
class SceneRender:
    """A rendered picture and what is where in it.

    Args:
        image: (H, W, 3) uint8 BGR.
        person_ids: (H, W) int16: the person in front, -1 background, -2 an object that hides
            people.
        depth: (H, W) float32, z in metres of people (dressed) and objects, infinite elsewhere.
    """

    image: np.ndarray
    person_ids: np.ndarray
    depth: np.ndarray


def render_scene(
    people: Sequence[ScenePerson],
    camera: PinholeCamera,
    style: Style,
    rng: np.random.Generator,
    ground: Ground | None = None,
    background: tuple[np.ndarray, int] | None = None,
    objects: Sequence[SceneObject] = (),
) -> SceneRender:
    """Render people in a random place.

    The picture depends on the arguments and the state of ``rng`` alone.

    Args:
        people: People; may be empty.
        camera: The camera.
        style: Ranges of everything that is random.
        rng: Source of randomness.
        ground: The plane people stand on. Without one, the level plane under the lowest vertex.
        background: What is behind the people, as :func:`make_background` returns it; by default
            drawn here.
        objects: Objects in front of people, besides those that the style puts there.

    Returns:
        The picture, with ids and depth of people and occluding objects.

    Raises:
        ValueError: If a vertex is not finite.
    """
    for index, person in enumerate(people):
        if not np.isfinite(person.vertices).all():
            raise ValueError(f'vertices of person {index} got NaN or infinity, expected numbers')
    if ground is None:
        ground = Ground.below([person.vertices for person in people])
    lights = _sample_lights(ground, style, rng)
    looks = [sample_appearance(style, np.random.default_rng(p.appearance_seed)) for p in people]
    marks = [find_landmarks(person.body) for person in people]
    rests = [np.ascontiguousarray(person.body.v_template, np.float32) for person in people]
    dressed, normals = [], []
    for person, look, mark, rest in zip(people, looks, marks, rests):
        vertices = np.array(person.vertices, np.float64)
        normals.append(vertex_normals(vertices, person.body.faces))
        dress(vertices, normals[-1], rest, mark, look)
        dressed.append(vertices)
    result = rasterize(
        dressed, [person.body.faces for person in people], camera, cull_backfaces=True
    )
    image, floor_row = background or make_background(camera, ground, style, rng)
    # Shadows are drawn onto it.
    image = image.copy() if background else image
    _cast_shadows(image, floor_row, dressed, camera, ground, lights[3], rng)
    blur = rng.uniform(*style.background_blur_px) * camera.height / 480
    if blur > 0.3:
        image = cv2.GaussianBlur(image, (0, 0), blur)
    occlusion = _ambient_occlusion(result.depth)
    all_normals = np.concatenate(normals) if normals else np.zeros((0, 3), np.float32)
    intrinsics = (float(camera.fx), float(camera.fy), float(camera.cx), float(camera.cy))
    first_vertex = 0
    for index, (look, mark, rest) in enumerate(zip(looks, marks, rests)):
        paint(
            image,
            result.person_ids,
            result.face_ids,
            occlusion,
            result.vertices,
            result.faces,
            all_normals,
            intrinsics,
            index,
            first_vertex,
            rest,
            mark,
            look,
            lights,
        )
        first_vertex += len(rest)
    extents = [e for e in (_extent(vertices, camera) for vertices in dressed) if e is not None]
    add_occluders(image, result.person_ids, result.depth, extents, style, rng)
    for thing in objects:
        own = np.random.default_rng(thing.seed)
        add_occluder(image, result.person_ids, result.depth, thing.extent, style, own)
    return SceneRender(photograph(image, style, rng), result.person_ids, result.depth)


def _sample_lights(ground: Ground, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Rows as the ``lights`` of :func:`appearance_paint.paint`."""
    up = np.asarray(ground.normal, float)
    right, forward = ground.axes()
    ambient, key = rng.uniform(*style.ambient), rng.uniform(*style.key_light)
    # Most light comes from above and from the photographer's side.
    around, above = rng.normal(np.pi, 1.2), rng.uniform(0.25, 1.3)
    direction = (
        np.cos(above) * (np.sin(around) * right + np.cos(around) * forward) + np.sin(above) * up
    )
    fill = np.array([*rng.normal(0, 1, 2), -abs(rng.normal())])
    return np.array(
        [
            ambient * _tint(rng, 0.12),
            ambient * rng.uniform(0.4, 0.8) * _tint(rng, 0.25),
            up,
            direction,
            key * _tint(rng, 0.15),
            fill / np.linalg.norm(fill),
            rng.uniform(0, 0.2) * _tint(rng, 0.6),
        ]
    )


def _tint(rng: np.random.Generator, strength: float) -> np.ndarray:
    return np.array(random_colour(rng, (0, strength), (1, 1))) / 255


def _cast_shadows(
    image: np.ndarray,
    floor_row: int,
    people: Sequence[np.ndarray],
    camera: PinholeCamera,
    ground: Ground,
    light: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Darken the floor where the people keep light from it, in place."""
    strength = rng.uniform(0.1, 0.6)
    scale = 4
    rows, columns = -(-camera.height // scale), -(-camera.width // scale)
    shadow = np.zeros((rows, columns), np.float32)
    # Light that comes in very low would throw shadows of any length.
    light = light + max(0.0, 0.4 - light @ ground.normal) * ground.normal
    for vertices in people:
        pixels = project(ground.shadows(vertices[::5], light), camera) / scale
        pixels = pixels[np.isfinite(pixels).all(1)]
        inside = np.all((pixels >= 0) & (pixels < [columns - 1, rows - 1]), axis=1)
        x, y = pixels[inside].astype(int).T
        shadow[y, x] = 1
    shadow = cv2.dilate(shadow, np.ones((5, 5), np.uint8))
    shadow = cv2.GaussianBlur(shadow, (0, 0), rng.uniform(1, 3))
    shadow = cv2.resize(1 - strength * shadow, (columns * scale, rows * scale))
    shadow = shadow[floor_row : camera.height, : camera.width]
    floor = image[floor_row:]
    if floor.size:
        floor[:] = cv2.multiply(floor, cv2.merge([shadow] * 3), dtype=cv2.CV_8U)


def _ambient_occlusion(depth: np.ndarray) -> np.ndarray:
    """Darken surfaces that lie behind their surroundings, such as a chest behind an arm."""
    covered = np.isfinite(depth)
    mask = covered.astype(np.float32)
    finite = np.where(covered, depth, 0).astype(np.float32)
    size = 2 * (max(depth.shape) // 60) + 1
    total = cv2.boxFilter(finite, -1, (size, size), normalize=False)
    count = cv2.boxFilter(mask, -1, (size, size), normalize=False)
    behind = finite - total / np.maximum(count, 1)
    return np.clip(3 * behind - 0.02, 0, 0.45) * mask


def _extent(vertices: np.ndarray, camera: PinholeCamera) -> PersonExtent | None:
    pixels = project(vertices, camera)
    pixels = pixels[np.isfinite(pixels).all(1)]
    if len(pixels) == 0:
        return None
    # What a camera sees of a person at arm's length is less than the person.
    size = np.array([camera.width, camera.height])
    box = np.clip([pixels.min(0), pixels.max(0)], 0, size)
    if (box[0] >= box[1]).any():
        return None
    return PersonExtent(
        tuple(box.reshape(-1).tolist()), float(vertices[vertices[:, 2] > 0, 2].min())
    )
