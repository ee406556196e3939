import functools
from collections.abc import Mapping

import numpy as np
from mmcv.transforms import BaseTransform

from mmpose_ext.body_models import BodyModel, load_body_model
from mmpose_ext.geometry import fold_affine
from mmpose_ext.registry import TRANSFORMS
from mmpose_ext.rendering import EdgePerson, check_edge_settings, smpl_edge_map

from .detect_edges import check_edge_key

SPACES = ('image', 'crop')
_SHAPES = dict(pose=(24, 3), betas=(10,), transl=(3,), camera=(3, 3), bbox_area=())


@TRANSFORMS.register_module()
class RenderSMPLEdge(BaseTransform):
    """Draw the edges of the fitted bodies of everybody in the image.

    In ``'image'`` space the map has the size of the image and is warped with it later, as SEFD's
    stored maps are; use it before the crop is cut. In ``'crop'`` space the bodies are rendered
    with the camera of the crop, after the crop is cut: sharper, and cheaper for large images. A
    person's dilation then follows the area of the box in the crop.

    Required Keys:
        - persons: list of dict with ``pose`` (24, 3), ``betas`` (10,), ``transl`` (3,),
          ``gender``, ``camera`` (3, 3), ``bbox_area``; in crop space also ``camera_crop`` (3, 3)
        - img_shape (image space)
        - input_size (crop space)

    Added Keys:
        - edge, or what ``key`` says: (H, W) float32 in [0, 1]

    Args:
        space: ``'image'`` or ``'crop'``.
        dilation: ``'paper'``, ``'release'`` or a size, see
            :func:`~mmpose_ext.rendering.dilation_size`.
        values: ``'binary'`` or ``'magnitude'``.
        mode: ``'overlap'``, ``'all'`` or ``'hidden'``, see
            :func:`~mmpose_ext.rendering.smpl_edge_map`.
        body_model: File or folder of SMPL files, see
            :func:`~mmpose_ext.body_models.load_body_model`.
        key: ``'edge'``, or ``'teacher_edge'`` for a teacher's map beside the student's.

    Raises:
        ValueError: If an argument is unknown.
    """

    def __init__(
        self,
        space: str = 'image',
        dilation: str | int = 'paper',
        values: str = 'binary',
        mode: str = 'overlap',
        body_model: str | None = None,
        key: str = 'edge',
    ) -> None:
        if space not in SPACES:
            raise ValueError(f'space got {space!r}, expected one of {list(SPACES)}')
        check_edge_settings(mode, values, dilation)
        check_edge_key(key)
        self.space = space
        self.dilation = dilation
        self.values = values
        self.mode = mode
        self.body_model = body_model
        self.key = key

    def transform(self, results: dict) -> dict:
        """Add the map.

        Raises:
            ValueError: If parameters of a person are missing, not finite or of another shape, or a
                focal length is not positive.
        """
        width, height = self._size(results)
        results[self.key] = smpl_edge_map(
            self.people(results), width, height, self.mode, self.values, self.dilation
        )
        return results

    def people(self, results: dict) -> list[EdgePerson]:
        """The bodies and cameras that are drawn.

        Args:
            results: What :meth:`transform` takes.

        Returns:
            One per fitted person, in their order.

        Raises:
            ValueError: See :meth:`transform`.
        """
        if 'persons' not in results:
            raise ValueError(
                f'{results.get("img_path")}: got no persons, expected a list of fitted bodies '
                '(empty where an image has none)'
            )
        size = self._size(results)
        people = []
        for index, person in enumerate(results['persons']):
            where = f'{results.get("img_path")}: person {index}'
            check_edge_person(person, where)
            people.append(self._place(person, where, *size))
        return people

    def body(self, gender: str) -> BodyModel:
        """The body model of a gender, read once per process."""
        return _load_body(self.body_model, gender)

    def _size(self, results: dict) -> tuple[int, int]:
        if self.space == 'image':
            height, width = results['img_shape'][:2]
        else:
            width, height = results['input_size']
        return int(width), int(height)

    def _place(self, person: Mapping, where: str, width: int, height: int) -> EdgePerson:
        body = self.body(person['gender'])
        vertices, _ = body.skin(person['betas'], person['pose'], person['transl'])
        camera, area = person['camera'], float(person['bbox_area'])
        if self.space == 'crop':
            if 'camera_crop' not in person:
                raise ValueError(
                    f"{where}: got no camera_crop, expected RenderSMPLEdge(space='crop') after "
                    'the transform that cuts the crop'
                )
            scale = np.linalg.det(person['camera_crop']) / np.linalg.det(camera)
            camera, area = person['camera_crop'], area * abs(scale)
        points, pinhole, mirrored = fold_affine(vertices.astype(np.float64), camera, width, height)
        faces = body.faces[:, ::-1] if mirrored else body.faces
        return EdgePerson(points, faces, pinhole, area)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(space={self.space!r}, dilation={self.dilation!r}, '
            f'values={self.values!r}, mode={self.mode!r}, body_model={self.body_model!r}, '
            f'key={self.key!r})'
        )


def check_edge_person(person: Mapping, where: str) -> None:
    """Check what :class:`RenderSMPLEdge` needs to know of a person.

    Args:
        person: The entry of ``persons``.
        where: Start of the message.

    Raises:
        ValueError: If a parameter is missing, not finite or of another shape, or a focal length is
            not positive.
    """
    missing = sorted({*_SHAPES, 'gender'} - person.keys())
    if missing:
        raise ValueError(f'{where}: got no {missing}, expected the parameters of a fitted body')
    for key, shape in _SHAPES.items():
        value = np.asarray(person[key])
        if value.shape != shape:
            raise ValueError(f'{where}: {key} got shape {value.shape}, expected {shape}')
        if not np.isfinite(value).all():
            raise ValueError(f'{where}: {key} got NaN or infinite values, expected finite numbers')
    focal = np.diag(person['camera'])[:2]
    if not (focal > 0).all():
        raise ValueError(
            f'{where}: focal length got {focal.tolist()}, expected positive numbers of pixels'
        )


@functools.cache
def _load_body(path: str | None, gender: str) -> BodyModel:
    return load_body_model(path, gender)
