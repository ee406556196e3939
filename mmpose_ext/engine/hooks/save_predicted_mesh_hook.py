"""Predicted meshes as files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.structures import PoseDataSample

from mmpose_ext.registry import HOOKS
from mmpose_ext.visualization.mesh_files import (
    MESH_FORMATS,
    check_formats,
    save_meshes,
    save_smpl_parameters,
)
from mmpose_ext.visualization.mesh_people import (
    MeshBodies,
    MeshPerson,
    arrange,
    diagonal_camera,
)

_FORMATS = (*MESH_FORMATS, 'npz')
_PER = ('person', 'image')


@HOOKS.register_module()
class SavePredictedMeshHook(Hook):
    """Write the predicted bodies of a test as meshes and as SMPL parameters.

    Files are named after the image and the id of the person, or the id of the image. Meshes are in
    metres, y up, seen from the camera at the origin (see :func:`save_meshes`). Parameters and
    their camera are in camera axes (see :func:`save_smpl_parameters`).

    Args:
        out_dir: Folder for the files, relative to the work directory.
        formats: Any of ``'obj'``, ``'glb'``, ``'ply'`` and ``'npz'``.
        per: ``'person'`` writes each person's files, in the person's own virtual camera.
            ``'image'`` writes files of everybody in an image, who are moved as rigid bodies into
            one camera whose focal length is the image's diagonal (see :func:`arrange`); people of
            an image must follow each other in the dataset, and the test must run in one process.
        interval: Write every n-th person or image.
        body_model: Arguments of :class:`MeshBodies`: ``path`` and ``gender`` of the body model that
            the estimator has.

    Raises:
        ValueError: If there is no format, or a format, ``per`` or ``interval`` is none of these.
    """

    def __init__(
        self,
        out_dir: str = 'meshes',
        formats: Sequence[str] = ('obj', 'glb', 'npz'),
        per: str = 'person',
        interval: int = 1,
        body_model: Mapping[str, Any] | None = None,
    ) -> None:
        if isinstance(formats, str) or not formats:
            raise ValueError(f'formats got {formats!r}, expected some of {list(_FORMATS)}')
        check_formats(formats, _FORMATS)
        if per not in _PER:
            raise ValueError(f'per got {per!r}, expected one of {list(_PER)}')
        if interval < 1:
            raise ValueError(f'interval got {interval!r}, expected at least 1')
        self.out_dir = out_dir
        self.formats = tuple(formats)
        self.per = per
        self.interval = interval
        self.bodies = MeshBodies(**(body_model or {}))

    def before_test_epoch(self, runner: Runner) -> None:
        """Start with the first person."""
        if self.per == 'image' and get_world_size() > 1:
            raise ValueError(
                f"per='image' got {get_world_size()} processes, expected one: the people of an "
                "image are spread over them. Use per='person'"
            )
        self._folder = Path(runner.work_dir, self.out_dir)
        self._samples: list[PoseDataSample] = []
        self._key: Any = None
        self._count = 0

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[PoseDataSample] | None = None,
    ) -> None:
        """Take in a batch, and write what is complete."""
        for sample in outputs or ():
            key = sample.img_path if self.per == 'image' else (sample.img_path, sample.id)
            if key != self._key:
                self._save()
                self._key = key
                self._count += 1
            if (self._count - 1) % self.interval == 0:
                self._samples.append(sample)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Write the last one."""
        self._save()

    def _save(self) -> None:
        samples, self._samples = self._samples, []
        if not samples:
            return
        people = [self.bodies.predicted(sample) for sample in samples]
        if self.per == 'image':
            camera = people[0].camera
            people = arrange(people, diagonal_camera(camera.width, camera.height))
        first = samples[0]
        number = first.img_id if self.per == 'image' else first.id
        stem = f'{Path(first.img_path).stem}_{number}'
        self._write(stem, people, [sample.id for sample in samples])

    def _write(self, stem: str, people: Sequence[MeshPerson], ids: Sequence[int]) -> None:
        cameras = [person.camera for person in people]
        for kind in self.formats:
            path = self._folder / f'{stem}.{kind}'
            if kind == 'npz':
                save_smpl_parameters(
                    path,
                    np.stack([person.pose for person in people]),
                    np.stack([person.betas for person in people]),
                    np.stack([person.transl for person in people]),
                    cameras,
                    ids,
                )
            else:
                save_meshes(
                    path,
                    [person.vertices for person in people],
                    self.bodies.body().faces,
                    names=[f'person_{number}' for number in ids],
                )
