"""A camera of their own for everyone in a picture, as SMPL fits to single people have."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmpose_ext.geometry import (
    PinholeCamera,
    axis_angle_to_matrix,
    project,
    unify_cameras,
    unproject,
    world_to_camera_smpl,
)

from .layout import PlacedPerson


@dataclass(frozen=True)
class FittedPerson:
    """A person as a fit describes them.

    Args:
        person: The person; ``pose`` and ``transl`` are in the frame of ``camera``, ``vertices`` in
            that of the picture's camera.
        camera: The person's own camera.
    """

    person: PlacedPerson
    camera: PinholeCamera


def give_own_cameras(
    people: Sequence[PlacedPerson], camera: PinholeCamera, rng: np.random.Generator
) -> list[FittedPerson]:
    """Describe everyone by a body and a camera of their own.

    Fits to photographs, such as NeuralAnnot's, assume a camera per person: a long lens that looks
    at the person. No rigid body has the same image in two cameras, so it is the picture that
    adapts: a person is turned and moved so that in the own camera the root joint lies at the same
    pixel, seen from the same side at the same size; these are the parameters of the fit. That body
    is brought into the picture's camera by :func:`mmpose_ext.geometry.unify_cameras`, which keeps
    its image to the last digit and makes depths comparable, and rendered there.

    Args:
        people: Everyone.
        camera: The picture's camera.
        rng: Source of randomness.

    Returns:
        Everyone, in order.
    """
    return [_fit(person, camera, rng) for person in people]


def _fit(person: PlacedPerson, camera: PinholeCamera, rng: np.random.Generator) -> FittedPerson:
    rest_root = person.body.rest_root(person.betas).astype(np.float64)
    root = rest_root + person.transl
    pixel = project(root, camera)
    own = _sample_camera(camera, pixel, rng)
    target = unproject(pixel, root[2] * own.fx / camera.fx, own)
    rotation = _shortest_rotation(root, target)
    pose, transl = world_to_camera_smpl(
        person.pose, person.transl, rest_root, rotation, target - rotation @ root
    )
    # Six decimals are what the files have; the picture shows what the files say.
    pose, transl = pose.round(6), transl.round(6)
    vertices, _ = person.body.skin(person.betas, pose, transl)
    _, unified = unify_cameras(
        [np.zeros((0, 3)), vertices.astype(np.float64)], [camera, own], reference=0
    )
    seen = replace(person, pose=pose, transl=transl, vertices=unified.astype(np.float32))
    return FittedPerson(seen, own)


def _sample_camera(
    camera: PinholeCamera, pixel: np.ndarray, rng: np.random.Generator
) -> PinholeCamera:
    zoom = np.exp(rng.uniform(np.log(0.8), np.log(2.2)))
    aspect = rng.uniform(0.97, 1.03)
    towards = rng.uniform(0.3, 1)
    centre = np.array([camera.cx, camera.cy])
    # The main person of a close-up may have the root far outside of the image.
    size = np.array([camera.width, camera.height])
    pixel = np.clip(pixel, 0, size)
    cx, cy = centre + towards * (pixel - centre) + rng.normal(0, 0.02, 2) * size
    fx, fy = zoom * camera.fx, zoom * aspect * camera.fy
    return replace(
        camera,
        **{name: round(float(v), 6) for name, v in dict(fx=fx, fy=fy, cx=cx, cy=cy).items()},
    )


def _shortest_rotation(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Rotation that takes the direction of one vector to that of another, (3, 3)."""
    start, end = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis = np.cross(start, end)
    sine = np.linalg.norm(axis)
    if sine < 1e-9:
        return np.eye(3)
    return axis_angle_to_matrix(axis / sine * np.arctan2(sine, start @ end))
