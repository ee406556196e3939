"""Who does what in a video, and who films it: everything that its frames have in common."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mmpose_ext.body_models import BodyModel
from mmpose_ext.geometry import world_to_camera_smpl

from .background import make_background
from .layout import PlacedPerson
from .motion import Motion, Scene, sample_motion, sample_script
from .scene import SceneObject
from .self_contact import joint_positions
from .video_backdrop import Backdrop
from .video_cameras import Viewpoint, fitting_lens, follow, look_at
from .video_domains import VIDEO_DOMAINS, VIDEO_STYLES, VideoDomain
from .video_plan import StudioVideoSplit, VideoSplit

Bodies = tuple[tuple[str, BodyModel], ...]
"""Body model of each gender, as a key of a cache."""

_FINE_FPS = 60
# Heights of MPI-INF-3DHP's cameras, by number: most at the chest, some above, some at the knees.
_CAMERA_HEIGHTS = {0: 1.4, 1: 0.7, 2: 1.2, 4: 1.8, 5: 1.0, 6: 2.2, 7: 1.5, 8: 0.6}
_NEAREST = 0.75
_PLACEMENTS = 8
# Numbers of random streams: of subjects, of rooms.
_SUBJECTS, _ROOMS = 60, 61


@dataclass(frozen=True)
class Actor:
    """Someone in a video.

    Args:
        body: The body model.
        betas: Shape coefficients, (10,).
        appearance_seed: Seed of skin, hair and clothing.
        motion: At the video's rate. Poses and translations have six decimals, as files do, so that
            what is rendered is what the files say.
        fine: The same at 60 frames per second, or None if that is no multiple of the rate.
    """

    body: BodyModel
    betas: np.ndarray
    appearance_seed: int
    motion: Motion
    fine: Motion | None

    def posed(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Vertices and SMPL's joints in the world, (V, 3) and (24, 3)."""
        return self.body.skin(self.betas, self.motion.pose[frame], self.motion.transl[frame])

    def seen_by(self, view: Viewpoint, frame: int) -> PlacedPerson:
        """The person in the frame of a camera."""
        pose, transl = world_to_camera_smpl(
            self.motion.pose[frame],
            self.motion.transl[frame],
            self.body.rest_root(self.betas).astype(np.float64),
            view.rotation,
            view.translation,
        )
        return PlacedPerson(
            body=self.body,
            betas=self.betas,
            pose=pose,
            transl=transl,
            activity=str(self.motion.actions[frame]),
            vertices=view.to_camera(self.posed(frame)[0]).astype(np.float32),
            appearance_seed=self.appearance_seed,
        )


@dataclass(frozen=True)
class Video:
    """One video, by one or more cameras.

    Args:
        actors: Who is annotated.
        passers_by: Who is not.
        views: Of every camera the viewpoint in each frame.
        backgrounds: Of every camera what draws the background of a frame.
        objects: Places of objects in front of people, (N, 3), and seeds of their looks.
    """

    actors: tuple[Actor, ...]
    passers_by: tuple[Actor, ...]
    views: tuple[Sequence[Viewpoint], ...]
    backgrounds: tuple[Callable[[int], tuple[np.ndarray, int]], ...]
    objects: tuple[tuple[np.ndarray, int], ...] = ()

    def objects_seen(self, view: Viewpoint) -> list[SceneObject]:
        """The objects in front of a camera."""
        extents = [(view.extent(place), seed) for place, seed in self.objects]
        return [SceneObject(extent, seed) for extent, seed in extents if extent is not None]


@lru_cache(maxsize=2)
def studio_video(split: VideoSplit, video: int, seed: int, bodies: Bodies) -> Video:
    """Draw a video of one person whom calibrated cameras film that stand around.

    Args:
        split: The series of images.
        video: Number of the video, from 0.
        seed: Seed of the data set. The result depends on these three alone.
        bodies: Body model of each gender.

    Returns:
        The video.
    """
    domain = VIDEO_DOMAINS[split.domain]
    if isinstance(split, StudioVideoSplit):
        subject, cameras = split.subject(video)[0], split.cameras
    else:
        subject, cameras = video + 1, (tuple(_CAMERA_HEIGHTS)[video % len(_CAMERA_HEIGHTS)],)
    person = np.random.default_rng([seed, _SUBJECTS, split.stream, subject])
    betas = domain.sample_betas(person)
    rng = np.random.default_rng([seed, split.stream, video])
    script = sample_script(
        domain.actions, split.frames / split.fps, rng, turning_deg=domain.turning_deg
    )
    actor = _sample_actor(script, bodies, split, rng, rng.uniform(-180, 180), betas)
    actor = _centred(actor)
    rest = actor.body.shape(betas)[1]
    joints = joint_positions(actor.motion.pose, rest) + actor.motion.transl[:, None]
    views = []
    for camera in cameras:
        # The directions in the file are those of the pictures, to the last digit of the file.
        rotation, translation = _studio_camera(camera, domain, person)
        lens = fitting_lens(rotation, translation, joints.reshape(-1, 3), split.size)
        views.append(Viewpoint(rotation, translation, lens))
    backgrounds = []
    for camera, view in zip(cameras, views):
        room = np.random.default_rng([seed, _ROOMS, split.stream, subject, camera])
        picture = make_background(view.lens, view.ground, VIDEO_STYLES[split.domain], room)
        backgrounds.append(lambda frame, picture=picture: picture)
    return Video((actor,), (), tuple([view] * split.frames for view in views), tuple(backgrounds))


@lru_cache(maxsize=2)
def followed_video(split: VideoSplit, video: int, seed: int, bodies: Bodies) -> Video:
    """Draw a video of people whom somebody follows with a camera.

    Args:
        split: The series of images.
        video: Number of the video, from 0.
        seed: Seed of the data set. The result depends on these three alone.
        bodies: Body model of each gender.

    Returns:
        The video.
    """
    domain = VIDEO_DOMAINS[split.domain]
    rng = np.random.default_rng([seed, split.stream, video])
    seconds = split.frames / split.fps
    if split.domain == 'sports':
        names, weights = zip(*domain.actions.items())
        action = names[rng.choice(len(names), p=np.array(weights) / sum(weights))]
        script: tuple[Scene, ...] = (Scene(action, seconds, begun=rng.uniform(0, 0.8)),)
    else:
        script = sample_script(domain.actions, seconds, rng, domain.turning_deg)
    yaw = rng.uniform(-180, 180)
    people: list[Actor] = []
    for _ in range(1 + rng.choice(len(domain.people), p=domain.people)):
        actor = _sample_actor(script, bodies, split, rng, yaw)
        _place(people, actor, rng, (0.9, 1.4))
    actors = len(people)
    for _ in range(rng.choice(len(domain.passers_by), p=domain.passers_by)):
        passing = (Scene('walking', seconds),)
        actor = _sample_actor(passing, bodies, split, rng, rng.uniform(-180, 180))
        _place(people, actor, rng, (1.2, 3))
    path = np.mean([actor.motion.transl for actor in people[:actors]], axis=0)
    views = follow(path, domain, split.fps, split.size, rng)
    objects = []
    for _ in range(rng.poisson(domain.objects)):
        frame = rng.integers(split.frames)
        towards = views[frame].position - path[frame]
        place = path[frame] + rng.uniform(0.2, 0.45) * towards
        side = rng.uniform(-0.5, 0.5) * views[frame].rotation[0]
        objects.append(((place + side) * [1, 0, 1], int(rng.integers(2**31))))
    backdrop = Backdrop.sample(views, VIDEO_STYLES[split.domain], rng)
    return Video(
        tuple(people[:actors]),
        tuple(people[actors:]),
        (views,),
        (lambda frame: backdrop.seen_from(views[frame]),),
        tuple(objects),
    )


def bodies_key(bodies: Mapping[str, BodyModel]) -> Bodies:
    """Make bodies by gender a key of a cache."""
    return tuple(sorted(bodies.items()))


def _sample_actor(
    script: Sequence[Scene],
    bodies: Bodies,
    split: VideoSplit,
    rng: np.random.Generator,
    yaw: float,
    betas: np.ndarray | None = None,
) -> Actor:
    body = bodies[rng.integers(len(bodies))][1]
    if betas is None:
        betas = VIDEO_DOMAINS[split.domain].sample_betas(rng)
    motion = sample_motion(script, body, betas, split.frames, split.fps, rng, yaw)
    step = round(motion.rate / split.fps)
    fine_step = motion.rate / _FINE_FPS
    fine = motion.every(int(fine_step)) if fine_step.is_integer() else None
    return Actor(body, betas, int(rng.integers(2**31)), _rounded(motion.every(step)), fine)


def _rounded(motion: Motion) -> Motion:
    pose = motion.pose.astype(np.float64).round(6)
    return Motion(**vars(motion) | dict(pose=pose, transl=motion.transl.round(6)))


def _moved(actor: Actor, offset: np.ndarray) -> Actor:
    offset = offset.round(6)
    fine = actor.fine and actor.fine.moved(offset)
    motion = _rounded(actor.motion.moved(offset))
    return Actor(**vars(actor) | dict(motion=motion, fine=fine))


def _centred(actor: Actor) -> Actor:
    path = actor.motion.transl
    return _moved(actor, -(path.min(0) + path.max(0)) / 2 * [1, 0, 1])


def _place(
    people: list[Actor], actor: Actor, rng: np.random.Generator, radius: tuple[float, float]
) -> None:
    """Add someone who does not run into anyone, if there is room."""
    if not people:
        people.append(actor)
        return
    for _ in range(_PLACEMENTS):
        angle, away = rng.uniform(-np.pi, np.pi), rng.uniform(*radius)
        moved = _moved(actor, away * np.array([np.sin(angle), 0, np.cos(angle)]))
        gaps = [
            np.linalg.norm((moved.motion.transl - other.motion.transl)[:, [0, 2]], axis=1).min()
            for other in people
        ]
        if min(gaps) > _NEAREST:
            people.append(moved)
            return


def _studio_camera(
    camera: int, domain: VideoDomain, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    azimuth = np.radians(360 / len(_CAMERA_HEIGHTS) * list(_CAMERA_HEIGHTS).index(camera))
    azimuth += np.radians(rng.normal(0, 5))
    distance = rng.uniform(*domain.distance)
    height = _CAMERA_HEIGHTS[camera] + rng.normal(0, 0.05)
    position = np.array([distance * np.sin(azimuth), height, distance * np.cos(azimuth)])
    rotation = look_at(position, np.array([*rng.normal(0, 0.05, 1), 0.95, 0.0]), rng.normal(0, 0.5))
    return rotation, -rotation @ position
