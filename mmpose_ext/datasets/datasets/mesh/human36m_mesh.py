from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import H36M17

from .base_mesh_dataset import BaseMeshDataset
from .coco_file import CocoFile
from .coco_style_mesh import read_subsets
from .columns import check_finite, intrinsics, read_column, read_json
from .fit_error import fit_errors_mm
from .mesh_people import MeshPeople
from .projection import project_joints
from .smpl_fits import SMPLFits

_Frame = tuple[str, str, str]

#: Subjects, every how many frames, and cameras (None for all) of 3DCrowdNet's splits.
SPLITS = dict(
    train=dict(subjects=(1, 5, 6, 7, 8), sampling=5, cameras=None),
    test=dict(subjects=(9, 11), sampling=64, cameras=(4,)),
)


@DATASETS.register_module()
class Human36MMesh(BaseMeshDataset):
    """Human3.6M (Ionescu et al., TPAMI 2014) with motion capture and SMPLify-X's parameters.

    Reads the files that 3DCrowdNet's authors distribute: for each subject
    ``Human36M_subject{S}_{data,camera,joint_3d,smpl_param}.json``. Joints and parameters are those
    of the world; they are moved to the cameras exactly, root joint of the body included.

    Args:
        ann_dir: Folder of those files, relative to ``data_root``.
        split: ``'train'`` or ``'test'``, which sets the next three; test has the frontal camera
            only, as HMR and SPIN evaluate.
        subjects: Numbers of subjects.
        sampling: Every how many frames.
        cameras: Numbers of cameras.
        max_fit_error_mm: Fits up to this mean joint error are learnt from; None for all.
        kwargs: Arguments of :class:`BaseMeshDataset`.
    """

    SOURCE = 'h36m'

    def __init__(
        self,
        ann_dir: str = 'annotations',
        split: str = 'train',
        subjects: Sequence[int] | None = None,
        sampling: int | None = None,
        cameras: Sequence[int] | None = None,
        max_fit_error_mm: float | None = 25.0,
        **kwargs: Any,
    ) -> None:
        if split not in SPLITS:
            raise ValueError(f'split got {split!r}, expected one of {sorted(SPLITS)}')
        settings = SPLITS[split]
        self.subjects = tuple(settings['subjects'] if subjects is None else subjects)
        self.sampling = settings['sampling'] if sampling is None else sampling
        self.cameras = settings['cameras'] if cameras is None else tuple(cameras)
        if self.sampling < 1:
            raise ValueError(f'sampling got {sampling!r}, expected at least 1')
        self.max_fit_error_mm = max_fit_error_mm
        super().__init__(ann_file=ann_dir, **kwargs)

    def read_people(self) -> MeshPeople:
        """Read all subjects."""
        return MeshPeople.concatenate([self._read_subject(subject) for subject in self.subjects])

    def _read_subject(self, subject: int) -> MeshPeople:
        stem = f'{self.ann_file}/Human36M_subject{subject}'
        file = self.open_coco_file(f'{stem}_data.json')
        file.require_of_images('action_idx', 'subaction_idx', 'cam_idx', 'frame_idx')
        file.keep([self._is_sampled(file.image_of(entry)) for entry in file.annotations])
        images, image_index = file.image_entries(self.data_prefix['img'])
        frames = [_frame(file.image_of(entry)) for entry in file.annotations]
        unique = {frame: n for n, frame in enumerate(dict.fromkeys(frames))}
        index = np.array([unique[frame] for frame in frames], np.int64)
        rotation, translation, cameras = self._cameras(f'{stem}_camera.json', file)
        world = self._world_joints(f'{stem}_joint_3d.json', list(unique))
        fits, fit_of_frame = self._fits(f'{stem}_smpl_param.json', list(unique), world)

        joints = np.einsum('nab,nkb->nka', rotation, world[index]) + translation[:, None]
        keypoints, in_front = project_joints(cameras, joints)
        sampled = in_front.any(axis=1)
        self.count_skipped('wholly behind the camera', ~sampled)
        fit_index = fit_of_frame[index]
        with_fit = fit_index >= 0
        moved = fits.take(fit_index[with_fit]).to_camera(rotation[with_fit], translation[with_fit])
        return MeshPeople(
            images=images,
            image_index=image_index,
            ids=file.ids,
            boxes=file.boxes(),
            skeleton=H36M17,
            keypoints=keypoints,
            visible=in_front,
            sampled=sampled,
            cameras=cameras,
            fits=moved,
            fit_index=np.where(with_fit, np.cumsum(with_fit) - 1, -1).astype(np.int32),
            joints=joints,
            subsets=read_subsets(file),
        )

    def _is_sampled(self, image: Mapping[str, Any]) -> bool:
        return image['frame_idx'] % self.sampling == 0 and (
            self.cameras is None or int(image['cam_idx']) in self.cameras
        )

    def _cameras(self, path: str, file: CocoFile) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rotation (N, 3, 3), translation (N, 3) in metres and intrinsics (N, 3, 3)."""
        content = read_json(path, f'{self.title}: camera file')
        title = f'{self.title}: {path!r}'
        used = [str(file.image_of(entry)['cam_idx']) for entry in file.annotations]
        names = sorted(set(used))
        _check_known(names, content, title, 'camera')
        entries = [content[name] for name in names]
        index = np.array([names.index(name) for name in used], np.int64)
        rotation = read_column(entries, 'R', (3, 3), names, title)
        translation = read_column(entries, 't', (3,), names, title) / 1000
        focal, centre = (read_column(entries, key, (2,), names, title) for key in ('f', 'c'))
        matrices = intrinsics(focal, centre, names, title)
        return rotation[index], translation[index], matrices[index]

    def _world_joints(self, path: str, frames: list[_Frame]) -> np.ndarray:
        """Joints of frames in metres, (U, 17, 3)."""
        content = read_json(path, f'{self.title}: joint file')
        title = f'{self.title}: {path!r}'
        entries = [dict(joint_3d=_look_up(content, frame)) for frame in frames]
        for entry, frame in zip(entries, frames):
            if entry['joint_3d'] is None:
                raise ValueError(f'{title} has no joints of {_name(frame)}')
        names = [_name(frame) for frame in frames]
        return read_column(entries, 'joint_3d', (17, 3), names, title) / 1000

    def _fits(
        self, path: str, frames: list[_Frame], world: np.ndarray
    ) -> tuple[SMPLFits, np.ndarray]:
        content = read_json(path, f'{self.title}: SMPL parameter file')
        entries = [_look_up(content, frame) for frame in frames]
        found = np.array([entry is not None for entry in entries], bool)
        names = [_name(frame) for frame, there in zip(frames, found) if there]
        fits = SMPLFits.parse(
            [entry for entry in entries if entry is not None],
            names,
            f'{self.title}: {path!r}',
            self.body_of,
        )
        if self.max_fit_error_mm is not None and len(fits):
            errors = fit_errors_mm(fits, world[found], H36M17, self.body_of('neutral'))
            check_finite(errors, 'fit error', names, f'{self.title}: {path!r}')
            valid = errors <= self.max_fit_error_mm
            self.count_bad_fits(f'frames with an error above {self.max_fit_error_mm:g} mm', valid)
            fits = fits.with_valid(valid)
        return fits, np.where(found, np.cumsum(found) - 1, -1)


def _frame(image: Mapping[str, Any]) -> _Frame:
    return str(image['action_idx']), str(image['subaction_idx']), str(image['frame_idx'])


def _look_up(content: Mapping[str, Any], frame: _Frame) -> Any:
    for key in frame:
        content = content.get(key)
        if content is None:
            return None
    return content


def _name(frame: _Frame) -> str:
    return 'action {}, subaction {}, frame {}'.format(*frame)


def _check_known(names: list[str], content: Mapping[str, Any], title: str, what: str) -> None:
    for name in names:
        if name not in content:
            raise ValueError(f'{title} has no {what} {name!r}, it has {sorted(content)}')
