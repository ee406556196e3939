"""Random scenes: a camera and people on a ground plane, before any pixel is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mmpose_ext.body_models import BodyModel
from mmpose_ext.geometry import PinholeCamera, project, world_to_camera_smpl

from .domains import Domain
from .poses import sample_pose
from .scene_ground import Ground

_MIN_DISTANCE = 1.5
_MAX_ELEVATION_DEG = 32
_PLACEMENT_ATTEMPTS = 8


@dataclass(frozen=True)
class PlacedPerson:
    """One body in front of a camera.

    Args:
        body: The body model.
        betas: Shape coefficients, (10,).
        pose: Axis-angle rotations of the 24 joints in radians, (24, 3), the first in the
            camera frame.
        transl: Translation that SMPL adds after posing, (3,) in metres, camera frame.
        activity: What the person does.
        vertices: (V, 3) float32 in metres, camera frame.
        appearance_seed: Seed of skin, hair and clothing.
    """

    body: BodyModel
    betas: np.ndarray
    pose: np.ndarray
    transl: np.ndarray
    activity: str
    vertices: np.ndarray
    appearance_seed: int


@dataclass(frozen=True)
class Layout:
    """A scene's geometry.

    Args:
        camera: The camera.
        ground: The plane people stand on, in the camera's frame.
        people: Everyone, the main person first.
    """

    camera: PinholeCamera
    ground: Ground
    people: tuple[PlacedPerson, ...]


def sample_layout(
    domain: Domain,
    bodies: Mapping[str, BodyModel],
    rng: np.random.Generator,
    image_scale: float = 1,
) -> Layout:
    """Draw a scene of a domain.

    The world has y up and the ground at y = 0; the camera stands at x = z = 0 and looks along
    -z. The main person's size and place in the image are drawn first, and the camera's distance
    and pitch follow from them, so that people are seen from near and far alike.

    Args:
        domain: What images show.
        bodies: Body model of each gender.
        rng: Source of randomness.
        image_scale: Factor on the domain's image sizes.

    Returns:
        The layout.
    """
    width, height = _choose(domain.image_sizes, rng)
    width, height = round(width * image_scale), round(height * image_scale)
    camera = domain.sample_camera(width, height, rng)
    count = 1 + rng.choice(len(domain.people), p=domain.people)
    main = _Figure.sample(domain, bodies, rng)
    size = np.exp(rng.uniform(*np.log(domain.size)))
    distance = max(camera.fy * main.stature / (size * height), _MIN_DISTANCE)
    middle = main.high[1] / 2
    raised = np.mean(rng.uniform(*domain.camera_height, size=2))
    steepest = distance * np.sin(np.radians(_MAX_ELEVATION_DEG))
    raised = np.clip(raised, max(0.15, middle - steepest), middle + steepest)
    depth = np.sqrt(distance**2 - (raised - middle) ** 2)
    roll = np.radians(rng.normal(0, domain.camera_roll_deg))
    view = _View(camera, raised, np.arctan2(raised - middle, depth), roll)
    view = view.framing(main.moved(0, -depth).vertices, domain.cut, rng)

    place = 0.5 + np.clip(rng.normal(0, domain.spread), -0.5, 0.5) * 0.85
    figures = [main.moved(view.lateral(place, depth), -depth)]
    for _ in range(count - 1):
        other = _Figure.sample(domain, bodies, rng)
        for _ in range(_PLACEMENT_ATTEMPTS):
            other_depth = max(depth * np.exp(rng.uniform(*domain.further)), _MIN_DISTANCE)
            if rng.random() < domain.overlap:
                half_width = 0.25 * camera.fy / depth / width
                other_place = place + rng.normal(0, domain.aside) * half_width
            else:
                other_place = rng.uniform(0.04, 0.96)
            candidate = other.moved(view.lateral(other_place, other_depth), -other_depth)
            if not any(candidate.touches(figure) for figure in figures):
                figures.append(candidate)
                break
    people = tuple(figure.seen_by(view, int(rng.integers(2**31))) for figure in figures)
    return Layout(camera, view.ground, people)


@dataclass(frozen=True)
class _View:
    """A camera in the world."""

    camera: PinholeCamera
    height: float
    pitch: float
    roll: float

    def lateral(self, place: float, depth: float) -> float:
        """World x of a fraction of the image width at a depth."""
        return (place - 0.5) * self.camera.width / self.camera.fx * depth

    def framing(self, vertices: np.ndarray, cut: float, rng: np.random.Generator) -> '_View':
        """Pitch the camera so that a body is somewhere in the image, whole if it fits."""
        rows = project(self.to_camera(vertices), self.camera)[:, 1]
        top, bottom = np.nanmin(rows), np.nanmax(rows)
        space = self.camera.height - (bottom - top)
        # Photographers cut the legs of those who are too large, and seldom anything else.
        wanted = space * rng.beta(2.5, 2.5) if space > 0 else 0.04 * self.camera.height
        if rng.random() < cut:
            wanted += rng.uniform(-0.35, 0.35) * (bottom - top)
        return replace(self, pitch=self.pitch - (wanted - top) / self.camera.fy)

    @property
    def rotation(self) -> np.ndarray:
        """World to camera, (3, 3)."""
        c, s = np.cos(self.pitch), np.sin(self.pitch)
        tilt = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
        c, s = np.cos(self.roll), np.sin(self.roll)
        return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ tilt @ np.diag([1, -1, -1])

    @property
    def translation(self) -> np.ndarray:
        """World to camera, (3,)."""
        return -self.rotation[:, 1] * self.height

    @property
    def ground(self) -> Ground:
        return Ground(self.rotation[:, 1], self.height)

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Move world points to the camera frame."""
        rotation = self.rotation.astype(points.dtype)
        return points @ rotation.T - rotation[:, 1] * points.dtype.type(self.height)


@dataclass(frozen=True)
class _Figure:
    """One body in the world, standing over the origin until it is moved."""

    body: BodyModel
    betas: np.ndarray
    root: np.ndarray
    pose: np.ndarray
    transl: np.ndarray
    activity: str
    vertices: np.ndarray
    low: np.ndarray
    high: np.ndarray
    stature: float

    @classmethod
    def sample(
        cls, domain: Domain, bodies: Mapping[str, BodyModel], rng: np.random.Generator
    ) -> '_Figure':
        body = bodies[sorted(bodies)[rng.integers(len(bodies))]]
        betas = np.clip(rng.normal(size=10), -2, 2).astype(np.float32)
        rest, rest_joints = body.skin(betas, np.zeros((24, 3), np.float32), np.zeros(3, np.float32))
        facing = rng.random() < domain.facing
        yaw = rng.normal(0, 50) if facing else rng.uniform(-180, 180)
        sampled = sample_pose(domain.activities, rng, rest_joints, yaw)
        vertices, _ = body.skin(betas, sampled.pose, np.zeros(3, np.float32))
        low, high = vertices.min(0), vertices.max(0)
        middle = (low + high) / 2
        offset = np.array([middle[0], low[1] - sampled.lift, middle[2]], np.float32)
        stature = float(rest[:, 1].max() - rest[:, 1].min())
        return cls(
            body=body,
            betas=betas,
            root=rest_joints[0],
            pose=sampled.pose,
            transl=-offset.astype(np.float64),
            activity=sampled.activity,
            vertices=vertices - offset,
            low=low - offset,
            high=high - offset,
            stature=stature,
        )

    def moved(self, x: float, z: float) -> '_Figure':
        offset = np.array([x, 0, z], np.float32)
        return replace(
            self,
            transl=self.transl + offset,
            vertices=self.vertices + offset,
            low=self.low + offset,
            high=self.high + offset,
        )

    def touches(self, other: '_Figure') -> bool:
        """Whether the boxes around two bodies overlap."""
        low, high = np.maximum(self.low, other.low), np.minimum(self.high, other.high)
        return bool((low < high).all())

    def seen_by(self, view: _View, appearance_seed: int) -> PlacedPerson:
        pose, transl = world_to_camera_smpl(
            self.pose.astype(np.float64),
            self.transl,
            self.root.astype(np.float64),
            view.rotation,
            view.translation,
        )
        return PlacedPerson(
            body=self.body,
            betas=self.betas,
            pose=pose,
            transl=transl,
            activity=self.activity,
            vertices=view.to_camera(self.vertices),
            appearance_seed=appearance_seed,
        )


def _choose(options: Mapping[tuple[int, int], float], rng: np.random.Generator) -> tuple[int, int]:
    return list(options)[rng.choice(len(options), p=list(options.values()))]
