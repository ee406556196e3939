"""Bodies of data samples, with the camera that shows them in the full image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from mmpose.structures import PoseDataSample

from mmpose_ext.body_models import BodyModel, load_body_model
from mmpose_ext.geometry import PinholeCamera, image_camera, unify_cameras


@dataclass(frozen=True)
class MeshPerson:
    """A posed body and its camera.

    Args:
        vertices: (V, 3) in metres, in the frame of the camera.
        camera: The camera, of the size of the image.
        pose: Rotation vectors in radians, (24, 3).
        betas: Shape parameters, (10,).
        transl: SMPL's translation in metres, (3,): ``vertices`` are the body skinned with pose and
            betas, plus this.
    """

    vertices: np.ndarray
    camera: PinholeCamera
    pose: np.ndarray
    betas: np.ndarray
    transl: np.ndarray


def arrange(people: Sequence[MeshPerson], camera: PinholeCamera | None = None) -> list[MeshPerson]:
    """Move people into one camera as rigid bodies.

    :func:`unify_cameras` keeps every pixel and for that distorts bodies: from a virtual camera of
    5000 px to one of 1000 px they become a fifth as deep. Here the middle of each body goes where
    that function puts it, and the body keeps its shape, so that people stand beside each other in
    natural sizes and distances. Pixels away from the middle are kept nearly.

    Args:
        people: People in one image.
        camera: The camera to move them to. By default that of the people if they share one,
            otherwise :func:`diagonal_camera`.

    Returns:
        The people in that camera.
    """
    if not people:
        return []
    first = people[0].camera
    if camera is None:
        shared = all(person.camera == first for person in people)
        camera = first if shared else diagonal_camera(first.width, first.height)
    moved = []
    for person in people:
        middle = np.asarray(person.vertices, np.float64).mean(0)
        shift = unify_cameras([middle, middle], [camera, person.camera])[1] - middle
        moved.append(
            replace(
                person,
                vertices=person.vertices + shift,
                camera=camera,
                transl=person.transl + shift,
            )
        )
    return moved


def diagonal_camera(width: int, height: int) -> PinholeCamera:
    """The camera of an image whose camera is unknown: its diagonal is the focal length."""
    focal = float(np.hypot(width, height))
    return PinholeCamera(focal, focal, (width - 1) / 2, (height - 1) / 2, width, height)


class MeshBodies:
    """The body models that predictions and labels of a data set are made with.

    Args:
        path: As of :func:`load_body_model`.
        gender: Gender of predicted bodies.
    """

    def __init__(self, path: str | Path | None = None, gender: str = 'neutral') -> None:
        self.path = path
        self.gender = gender
        self._bodies: dict[str, BodyModel] = {}

    def body(self, gender: str | None = None) -> BodyModel:
        """The body of a gender, of the predictions' one by default; read once."""
        gender = gender or self.gender
        if gender not in self._bodies:
            self._bodies[gender] = load_body_model(self.path, gender)
        return self._bodies[gender]

    def predicted(self, sample: PoseDataSample) -> MeshPerson:
        """The predicted body of a person.

        Args:
            sample: With ``pred_instances`` of one person and ``ori_shape``.

        Returns:
            The body in the virtual camera of the full image, see :func:`image_camera`.

        Raises:
            ValueError: If the prediction has another number of vertices than the body model.
        """
        body, instances = self.body(), sample.pred_instances
        # A virtual camera is so far away that sums in float32 would be off by centimetres.
        relative = as_array(instances.vertices)[0].astype(np.float64)
        if len(relative) != body.num_vertices:
            raise ValueError(
                f'a predicted mesh has {len(relative)} vertices, expected {body.num_vertices} of '
                f'the body model {body.name!r}: name the body model of the estimator here too'
            )
        left, top, right, bottom = as_array(instances.bboxes)[0, :4].tolist()
        height, width = sample.ori_shape[:2]
        box = (left, top, right - left, bottom - top)
        camera = image_camera(box, int(width), int(height))
        pose, betas = as_array(instances.smpl_pose)[0], as_array(instances.smpl_betas)[0]
        vertices = relative + as_array(instances.transl)[0]
        # The network's root is a regressed joint, not the point about which SMPL turns the body.
        transl = (vertices - body.skin(betas, pose)[0]).mean(0)
        return MeshPerson(vertices, camera, pose, betas, transl)

    def labelled(self, sample: PoseDataSample) -> MeshPerson | None:
        """The annotated body of a person, in the camera of the annotation.

        Args:
            sample: With ``gt_instances`` of one person, ``image_camera``, ``gender`` and
                ``ori_shape``; from a pipeline that neither rotates nor mirrors.

        Returns:
            The body, or None for a person without a valid SMPL fit.
        """
        instances = sample.get('gt_instances')
        if instances is None or 'smpl_pose' not in instances or 'image_camera' not in sample:
            return None
        if 'smpl_valid' in instances and not float(as_array(instances.smpl_valid)[0]) > 0:
            return None
        pose, betas, transl = (
            as_array(instances[key])[0] for key in ('smpl_pose', 'smpl_betas', 'smpl_transl')
        )
        matrix = as_array(sample.image_camera).astype(float)
        height, width = sample.ori_shape[:2]
        camera = PinholeCamera(
            *(matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]), int(width), int(height)
        )
        vertices, _ = self.body(sample.get('gender')).skin(betas, pose, transl)
        return MeshPerson(vertices, camera, pose, betas, transl)


def as_array(value: Any) -> np.ndarray:
    """A numpy array of a tensor on any device, or of an array."""
    if hasattr(value, 'detach'):
        value = value.detach().cpu().numpy()
    return np.asarray(value)
