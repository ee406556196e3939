"""Images with bodies in the format of a mesh recovery data set, from numbers alone."""

from collections.abc import Iterator, Mapping

import numpy as np

from mmpose_ext.body_models import BodyModel, regressor
from mmpose_ext.geometry import PinholeCamera, project

from .coco_labels import coco_annotation
from .image import encode_image
from .layout import Layout, PlacedPerson, sample_layout
from .mesh_domains import MESH_DOMAINS, MESH_STYLES
from .mesh_plan import StudioSplit
from .observation import observe
from .occlusion import OCCLUDED_SHARE, hidden_share, mask_box, silhouettes
from .openpose import simulate_openpose
from .own_cameras import give_own_cameras
from .plan import Split
from .scene import ScenePerson, SceneRender, render_scene
from .self_contact import joint_positions
from .studio import ACTIONS, StudioCamera, make_subject, sample_world_pose

_ATTEMPTS = 6
# Of whom less is visible, annotators give no keypoints.
_MIN_KEYPOINTS = 3
# Number of the random stream that lamps and walls of the laboratory come from.
_STUDIO_STREAM = 40


def make_studio_image(
    split: StudioSplit, index: int, seed: int, bodies: Mapping[str, BodyModel]
) -> tuple[bytes, dict]:
    """Make an image with Human3.6M's labels.

    A person, their clothing and the cameras are those of the subject, the pose that of the frame,
    the room that of the camera, so that images of a frame differ by the view alone.

    Args:
        split: The series of images.
        index: Number of the image in it.
        seed: Seed of the data set. The result depends on these three alone.
        bodies: Body model of each gender.

    Returns:
        The encoded image, and its record.
    """
    shot = split.shot(index)
    (body,) = bodies.values()
    subject = make_subject(seed, shot.subject, split.image_scale)
    frame = [seed, split.stream, shot.subject, shot.action, shot.subaction, shot.frame]
    action = ACTIONS[shot.action]
    pose, transl = sample_world_pose(subject, action.activities, body, np.random.default_rng(frame))
    vertices = body.skin(subject.betas, pose, transl)[0].astype(np.float64)
    camera = subject.cameras[shot.camera]
    person = ScenePerson(
        camera.to_camera(vertices).astype(np.float32), body, subject.appearance_seed
    )
    room = np.random.default_rng([seed, _STUDIO_STREAM, shot.subject, shot.camera])
    style = MESH_STYLES[split.domain]
    scene = render_scene([person], camera.intrinsics, style, room, camera.ground)
    content, record = encode_image(scene.image, split, index)
    joints_mm = 1000 * (regressor(body, 'h36m17') @ vertices)
    record |= dict(
        subject=shot.subject,
        action_name=action.name,
        action_idx=shot.action,
        subaction_idx=shot.subaction,
        cam_idx=shot.camera,
        frame_idx=shot.frame,
        bbox=list(mask_box(scene.person_ids == 0)),
        cameras={str(number): _calibration(own) for number, own in subject.cameras.items()},
        joint_3d=_numbers(joints_mm, 3),
        smpl_param=_smpl_param(subject.betas, pose, transl),
    )
    return content, record


def make_wild_image(
    split: Split, index: int, seed: int, bodies: Mapping[str, BodyModel]
) -> tuple[bytes, dict]:
    """Make an image with COCO's labels and a fit for everyone.

    Args:
        split: The series of images.
        index: Number of the image in it.
        seed: Seed of the data set. The result depends on these three alone.
        bodies: Body model of each gender.

    Returns:
        The encoded image, and its record; annotations have the fit under ``fit``.

    Raises:
        RuntimeError: If no scene with an annotated person is found.
    """
    for layout_rng, scene_rng, label_rng in _attempts(split, index, seed):
        layout = sample_layout(MESH_DOMAINS[split.domain], bodies, layout_rng, split.image_scale)
        fitted = give_own_cameras(layout.people, layout.camera, layout_rng)
        layout = Layout(layout.camera, layout.ground, tuple(fit.person for fit in fitted))
        scene = _render(layout, split.domain, scene_rng)
        observations = observe(layout.people, layout.camera, scene.person_ids, scene.depth)
        annotations = []
        for fit, observation in zip(fitted, observations, strict=True):
            annotation = observation and coco_annotation(observation, label_rng)
            if annotation is None:
                continue
            person = fit.person
            annotation['fit'] = dict(
                smpl_param=_smpl_param(person.betas, person.pose, person.transl),
                cam_param=_cam_param(fit.camera),
            )
            annotations.append(annotation)
        if any(annotation['num_keypoints'] > 0 for annotation in annotations):
            content, record = encode_image(scene.image, split, index)
            return content, record | dict(annotations=annotations)
    raise _no_person(split, index, seed)


def make_street_image(
    split: Split, index: int, seed: int, bodies: Mapping[str, BodyModel]
) -> tuple[bytes, dict]:
    """Make an image with 3DPW's labels.

    Args:
        split: The series of images.
        index: Number of the image in it.
        seed: Seed of the data set. The result depends on these three alone.
        bodies: Body model of each gender.

    Returns:
        The encoded image, and its record.

    Raises:
        RuntimeError: If no scene with an annotated person is found.
    """
    for layout_rng, scene_rng, label_rng in _attempts(split, index, seed):
        layout = sample_layout(MESH_DOMAINS[split.domain], bodies, layout_rng, split.image_scale)
        scene = _render(layout, split.domain, scene_rng)
        observations = observe(layout.people, layout.camera, scene.person_ids, scene.depth)
        masks = silhouettes(layout.people, layout.camera)
        areas = masks.sum((1, 2))
        annotations = []
        for number, (person, observation) in enumerate(zip(layout.people, observations)):
            if observation is None or not areas[number]:
                continue
            if observation.coco17.visible.sum() < _MIN_KEYPOINTS:
                continue
            share = hidden_share(masks[number], scene.person_ids, number)
            openpose = simulate_openpose(observations, areas, number, label_rng)
            annotations.append(
                dict(
                    person_id=number,
                    bbox=list(mask_box(masks[number])),
                    smpl_param=_smpl_param(person.betas, person.pose, person.transl)
                    | dict(gender=person.body.gender),
                    openpose_result=_numbers(openpose, 3),
                    hidden=round(share, 4),
                    subsets=['occluded'] if share >= OCCLUDED_SHARE else [],
                    **_joints(person, layout.camera),
                )
            )
        if annotations:
            content, record = encode_image(scene.image, split, index)
            return content, record | dict(
                cam_param=_cam_param(layout.camera), annotations=annotations
            )
    raise _no_person(split, index, seed)


def _attempts(split: Split, index: int, seed: int) -> Iterator[list[np.random.Generator]]:
    for attempt in range(_ATTEMPTS):
        source = np.random.SeedSequence([seed, split.stream, index, attempt])
        # Separate streams, so that a change of the painting does not move the people.
        yield [np.random.default_rng(stream) for stream in source.spawn(3)]


def _no_person(split: Split, index: int, seed: int) -> RuntimeError:
    return RuntimeError(
        f'split {split.name!r}, image {index}, seed {seed}: none of {_ATTEMPTS} scenes shows a '
        'person that can be annotated'
    )


def _render(layout: Layout, style: str, rng: np.random.Generator) -> SceneRender:
    people = [
        ScenePerson(person.vertices, person.body, person.appearance_seed)
        for person in layout.people
    ]
    return render_scene(people, layout.camera, MESH_STYLES[style], rng, layout.ground)


def _smpl_param(betas: np.ndarray, pose: np.ndarray, transl: np.ndarray) -> dict:
    return dict(pose=_numbers(pose.ravel(), 6), shape=_numbers(betas, 6), trans=_numbers(transl, 6))


def _cam_param(camera: PinholeCamera) -> dict:
    return dict(focal=[camera.fx, camera.fy], princpt=[camera.cx, camera.cy])


def _calibration(camera: StudioCamera) -> dict:
    lens = _cam_param(camera.intrinsics)
    return dict(
        R=camera.rotation.tolist(),
        t=camera.translation_mm.tolist(),
        f=lens['focal'],
        c=lens['princpt'],
    )


def _joints(person: PlacedPerson, camera: PinholeCamera) -> dict:
    """SMPL's joints in metres and in the image."""
    joints = joint_positions(person.pose, person.body.shape(person.betas)[1]) + person.transl
    return dict(joint_cam=_numbers(joints, 6), joint_img=_numbers(project(joints, camera), 3))


def _numbers(values: np.ndarray, decimals: int) -> list:
    return np.asarray(values, np.float64).round(decimals).tolist()
