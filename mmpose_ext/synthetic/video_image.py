"""Frames of videos in the format of a mesh recovery data set, from numbers alone."""

import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np

from mmpose_ext.body_models import BodyModel
from mmpose_ext.geometry import axis_angle_to_matrix, project, world_to_camera_smpl
from mmpose_ext.skeletons import COCO17, MPI_INF_3DHP17, MPI_INF_3DHP28, PENN13

from .image import encode_image
from .layout import PlacedPerson
from .motion import sample_motion, sample_script
from .observation import Observation, observe
from .occlusion import mask_box, silhouettes
from .openpose import simulate_openpose
from .scene import ScenePerson, SceneRender, render_scene
from .video_cameras import Viewpoint
from .video_domains import VIDEO_DOMAINS, VIDEO_STYLES
from .video_joints import annotated_joints
from .video_plan import MotionSplit, VideoSplit
from .video_scenes import Video, bodies_key, followed_video, studio_video

# Numbers of the random streams of pictures and of detections.
_PICTURES, _DETECTIONS = 62, 63
# Every n-th video has frames at an end that its annotators could not use.
_DOUBTFUL_VIDEOS, _DOUBTFUL_FRAMES = 5, 4
_TEST_VIDEOS = 6

# MPI-INF-3DHP's numbers: stand and walk, exercise, sit, crouch and reach, sports, miscellaneous.
_ACTIVITIES = dict(
    dict.fromkeys(('idling', 'walking', 'turning'), 1),
    **dict.fromkeys(('squatting', 'lunging', 'jumping_jacks', 'lifting'), 2),
    sitting_down=3,
    **dict.fromkeys(('bending', 'reaching'), 4),
    **dict.fromkeys(('running', 'kicking', 'swinging', 'throwing', 'jumping'), 6),
    waving=7,
)
# PennAction's names, where it has the action.
_SPORTS = dict(
    squatting='squat', swinging='golf_swing', throwing='baseball_pitch', lifting='clean_and_jerk'
)
# SMPL-H has SMPL's joints without the hands, then 30 joints of fingers, flat by default.
_SMPLH_BODY, _SMPLH_VALUES = 22, 156
_AMASS_SHAPE, _AMASS_SOFT = 16, 8
_UPRIGHT = axis_angle_to_matrix(np.array([np.pi / 2, 0, 0]))


def make_3dhp_frame(
    split: VideoSplit, index: int, seed: int, bodies: Mapping[str, BodyModel]
) -> tuple[bytes, dict]:
    """Make an image with MPI-INF-3DHP's labels, those of its training or of its test set.

    Args:
        split: The series of images.
        index: Number of the image in it.
        seed: Seed of the data set. The result depends on these three alone.
        bodies: Body model of each gender.

    Returns:
        The encoded image, and its record.
    """
    take = split.take(index)
    video = studio_video(split, take.video, seed, bodies_key(bodies))
    view = video.views[take.camera][take.frame]
    (actor,) = video.actors
    scene = _render(split, seed, video, take, [actor.seen_by(view, take.frame)])
    test = split.labels == 'mpi_inf_3dhp_test'
    skeleton = MPI_INF_3DHP17 if test else MPI_INF_3DHP28
    joints = view.to_camera(annotated_joints(skeleton, actor.body, *actor.posed(take.frame)))
    content, record = encode_image(scene.image, split, index)
    record |= dict(
        **take._asdict(),
        annot2=_numbers(project(joints, view.lens), 4),
        annot3=_numbers(1000 * joints, 4),
    )
    if test:
        action = str(actor.motion.actions[take.frame])
        record |= dict(activity=_ACTIVITIES[action], valid=_trusted(split, take))
    else:
        record |= dict(zip(('subject', 'sequence'), split.subject(take.video)))
        record['camera'] = split.cameras[take.camera]
        if take.camera == 0:
            record['smpl'] = _world_smpl(actor.motion.pose, actor.motion.transl, take.frame)
        if take.frame == 0:
            record |= dict(
                calibration=_calibration(view), betas=_numbers(actor.betas, 6), fps=split.fps
            )
    return content, record


def make_3dpw_frame(
    split: VideoSplit, index: int, seed: int, bodies: Mapping[str, BodyModel]
) -> tuple[bytes, dict]:
    """Make an image with 3DPW's labels.

    Args:
        split: The series of images.
        index: Number of the image in it.
        seed: Seed of the data set. The result depends on these three alone.
        bodies: Body model of each gender.

    Returns:
        The encoded image, and its record.
    """
    take = split.take(index)
    video = followed_video(split, take.video, seed, bodies_key(bodies))
    view = video.views[0][take.frame]
    people = [actor.seen_by(view, take.frame) for actor in (*video.actors, *video.passers_by)]
    scene = _render(split, seed, video, take, people)
    observations = observe(people, view.lens, scene.person_ids, scene.depth)
    areas = silhouettes(people[: len(video.actors)], view.lens).sum((1, 2))
    noise = np.random.default_rng([seed, _DETECTIONS, split.stream, index])
    annotations = []
    for number, actor in enumerate(video.actors):
        found = np.zeros((18, 3))
        if observations[number] is not None and areas[number]:
            found = simulate_openpose(observations, areas, number, noise)
        annotation = _world_smpl(actor.motion.pose, actor.motion.transl, take.frame)
        annotation |= dict(
            poses2d=_numbers(found, 3),
            joints=_numbers(actor.posed(take.frame)[1], 6),
            campose_valid=_trusted(split, take),
        )
        if take.frame == 0:
            annotation |= dict(
                betas=_numbers(actor.betas, 6),
                gender=actor.body.gender[0],
                poses_60hz=_numbers(actor.fine.pose.reshape(-1, 72), 6),
                trans_60hz=_numbers(actor.fine.transl, 6),
            )
        annotations.append(annotation)
    content, record = encode_image(scene.image, split, index)
    return content, record | dict(**take._asdict(), **_calibration(view), people=annotations)


def make_penn_action_frame(
    split: VideoSplit, index: int, seed: int, bodies: Mapping[str, BodyModel]
) -> tuple[bytes, dict]:
    """Make an image with PennAction's labels.

    Args:
        split: The series of images.
        index: Number of the image in it.
        seed: Seed of the data set. The result depends on these three alone.
        bodies: Body model of each gender.

    Returns:
        The encoded image, and its record.
    """
    take = split.take(index)
    video = followed_video(split, take.video, seed, bodies_key(bodies))
    view = video.views[0][take.frame]
    (actor,) = video.actors
    people = [actor.seen_by(view, take.frame)]
    scene = _render(split, seed, video, take, people)
    (observation,) = observe(people, view.lens, scene.person_ids, scene.depth)
    joints = annotated_joints(PENN13, actor.body, *actor.posed(take.frame))
    pixels = project(view.to_camera(joints), view.lens)
    visible = np.zeros(len(pixels), bool)
    if observation is not None:
        visible = _penn_visibility(observation)
    limit = np.array([view.lens.width, view.lens.height]) - 0.5
    visible &= ((pixels > -0.5) & (pixels < limit)).all(1)
    mask = scene.person_ids == 0
    if mask.any():
        x, y, width, height = mask_box(mask)
        box = [x, y, x + width, y + height]
    else:
        box = [*pixels.min(0).tolist(), *pixels.max(0).tolist()]
    content, record = encode_image(scene.image, split, index)
    action = str(actor.motion.actions[take.frame])
    return content, record | dict(
        **take._asdict(),
        joints=_numbers(pixels, 3),
        visibility=visible.astype(int).tolist(),
        bbox=box,
        action=_SPORTS.get(action, action),
        train=1 if take.video % _TEST_VIDEOS < _TEST_VIDEOS - 1 else -1,
    )


def make_motion(
    split: MotionSplit, index: int, seed: int, bodies: Mapping[str, BodyModel]
) -> tuple[bytes, dict]:
    """Make a motion in AMASS's format: SMPL-H with flat hands, in a world with z up.

    Args:
        split: The series of motions.
        index: Number of the motion in it.
        seed: Seed of the data set. The result depends on these three alone.
        bodies: Body model of each gender.

    Returns:
        The file, and its record.
    """
    rng = np.random.default_rng([seed, split.stream, index])
    rate = split.rates[index % len(split.rates)]
    actions: dict[str, float] = {}
    for domain in VIDEO_DOMAINS.values():
        actions |= domain.actions
    gender, body = bodies_key(bodies)[rng.integers(len(bodies))]
    betas = np.clip(rng.normal(size=10), -2.2, 2.2).round(6)
    script = sample_script(actions, split.seconds, rng, turning_deg=20)
    frames = round(split.seconds * rate)
    motion = sample_motion(script, body, betas, frames, rate, rng, rng.uniform(-180, 180))
    motion = motion.every(round(motion.rate / rate))
    pose, transl = world_to_camera_smpl(
        motion.pose.astype(np.float64),
        motion.transl,
        body.rest_root(betas).astype(np.float64),
        _UPRIGHT,
        np.zeros(3),
    )
    poses = np.zeros((frames, _SMPLH_VALUES))
    poses[:, : 3 * _SMPLH_BODY] = pose[:, :_SMPLH_BODY].reshape(frames, -1)
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        poses=poses.round(6),
        trans=transl.round(6),
        betas=np.pad(betas, (0, _AMASS_SHAPE - len(betas))),
        dmpls=np.zeros((frames, _AMASS_SOFT)),
        gender=np.array(gender),
        mocap_framerate=np.array(float(rate)),
    )
    content = buffer.getvalue()
    return content, dict(file_name=split.file_name(index), checksum=zlib.crc32(content))


def _render(
    split: VideoSplit, seed: int, video: Video, take, people: Sequence[PlacedPerson]
) -> SceneRender:
    view = video.views[take.camera][take.frame]
    # One stream for all frames: light and lens are those of the video.
    picture = np.random.default_rng([seed, _PICTURES, split.stream, take.video, take.camera])
    return render_scene(
        [ScenePerson(person.vertices, person.body, person.appearance_seed) for person in people],
        view.lens,
        VIDEO_STYLES[split.domain],
        picture,
        view.ground,
        video.backgrounds[take.camera](take.frame),
        video.objects_seen(view),
    )


def _trusted(split: VideoSplit, take) -> int:
    """0 for the frames at the end of some videos that are marked as unusable, else 1."""
    doubtful = take.video % _DOUBTFUL_VIDEOS == _DOUBTFUL_VIDEOS - 1
    return int(not (doubtful and take.frame >= split.frames - _DOUBTFUL_FRAMES))


def _penn_visibility(observation: Observation) -> np.ndarray:
    """Which of PennAction's joints are visible; a head is unless something is in front of it."""
    coco = observation.coco17
    limbs = COCO17.indices(list(PENN13.keypoints[1:]))
    return np.array([not coco.covered[0], *coco.visible[limbs]])


def _world_smpl(pose: np.ndarray, transl: np.ndarray, frame: int) -> dict:
    return dict(pose=_numbers(pose[frame].ravel(), 6), trans=_numbers(transl[frame], 6))


def _calibration(view: Viewpoint) -> dict:
    return dict(
        rotation=view.rotation.tolist(),
        translation=view.translation.tolist(),
        intrinsics=view.lens.matrix.tolist(),
    )


def _numbers(values: np.ndarray, decimals: int) -> list:
    return np.asarray(values, np.float64).round(decimals).tolist()
