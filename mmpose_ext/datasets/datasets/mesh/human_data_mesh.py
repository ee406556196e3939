from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import SUPERSET30

from .base_mesh_dataset import BaseMeshDataset
from .columns import assumed_cameras, check_finite, intrinsics
from .image_sizes import read_image_entries
from .mesh_people import MeshPeople
from .person_boxes import boxes_from_xywh
from .place_bodies import place_bodies
from .plain_npz import read_plain_npz
from .posed_regressor import superset_joints
from .smpl_fits import SMPLFits

_NUM_COLUMNS = 190
# Columns of HumanData's 190 keypoints by our names; of several, the first that a file has.
_FALLBACKS = dict(
    **dict(pelvis=(161, 148), left_hip=(165, 145), right_hip=(162, 144), neck=(154, 146)),
    **dict(left_knee=(166,), right_knee=(163,), left_ankle=(167,), right_ankle=(164,)),
    **dict(left_foot=(183,), right_foot=(184,), left_shoulder=(158,), right_shoulder=(155,)),
    **dict(left_elbow=(159,), right_elbow=(156,), left_wrist=(160,), right_wrist=(157,)),
)
#: Columns of the 190 keypoints that joints of :data:`SUPERSET30` are taken from, best first.
HUMAN_DATA_COLUMNS = {
    # Columns 0 to 21 are SMPL's first 22 joints in its order.
    **{name: (i, *_FALLBACKS.get(name, ())) for i, name in enumerate(SUPERSET30.keypoints[:22])},
    **dict(left_hand=(188, 181), right_hand=(189, 182), nose=(55, 153), head_top=(147, 186)),
    **dict(left_eye=(57, 169), right_eye=(56, 168), left_ear=(59, 171), right_ear=(58, 170)),
}


@DATASETS.register_module()
class HumanDataMesh(BaseMeshDataset):
    """People in MMHuman3D's HumanData format, one ``.npz`` file.

    Read are ``image_path``, ``bbox_xywh``, ``keypoints2d`` and ``keypoints3d`` with their masks,
    compressed or not, ``smpl`` (``global_orient``, ``body_pose`` of 23 joints, ``betas`` and maybe
    ``transl``) and ``meta['gender']``. Where the file has ``cam_param`` (``focal`` and ``princpt``,
    one pair each or one per person) and ``transl``, bodies are where it says. HumanData in general
    has no camera; then the image's diagonal is taken as focal length, and each body is put over its
    2D keypoints. The file is read without running what it may contain.

    Args:
        ann_file: The file.
        keypoints2d: Name of the 2D keypoints; some files have several.
        keypoints3d: Name of the 3D keypoints in camera axes in metres; None if the file's are
            something else.
        kwargs: Arguments of :class:`BaseMeshDataset`.
    """

    SOURCE = 'human_data'

    def __init__(
        self,
        ann_file: str,
        keypoints2d: str = 'keypoints2d',
        keypoints3d: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.keypoints2d = keypoints2d
        self.keypoints3d = keypoints3d
        super().__init__(ann_file=ann_file, **kwargs)

    def read_people(self) -> MeshPeople:
        """Read the file, and the sizes of the images."""
        self._file_title = f'{self.title}: {self.ann_file!r}'
        content = read_plain_npz(self.ann_file, f'{self.title}: annotation file')
        paths = [str(path) for path in self._need(content, 'image_path')]
        boxes = self._rows(content, 'bbox_xywh', len(paths))[:, :4]
        keypoints, visible = self._keypoints(content, self.keypoints2d, len(paths))
        unique = {path: n for n, path in enumerate(dict.fromkeys(paths))}
        order = np.argsort([unique[path] for path in paths], kind='stable')
        folder = self.data_prefix['img'].rstrip('/')
        images = read_image_entries(
            [f'{folder}/{path}' if folder else path for path in unique],
            range(1, len(unique) + 1),
            self.title,
        )
        people = MeshPeople(
            images=images,
            image_index=np.array([unique[paths[n]] for n in order], np.int64),
            ids=order + 1,
            boxes=boxes_from_xywh(boxes)[order],
            skeleton=SUPERSET30,
            keypoints=keypoints[order],
            visible=visible[order],
            sampled=np.ones(len(order), bool),
            cameras=np.zeros((len(order), 3, 3)),
        )
        people.cameras = assumed_cameras(*people.sizes.T)
        if self.keypoints3d is not None:
            joints, known = self._keypoints(content, self.keypoints3d, len(paths))
            people.joints, people.joints_valid = joints[order], known[order]
        if content.get('smpl') is not None:
            self._add_fits(people, content, order)
        return people

    def _add_fits(self, people: MeshPeople, content: Mapping[str, Any], order: np.ndarray) -> None:
        smpl, number = content['smpl'], len(order)
        names = (order + 1).tolist()
        pose = np.concatenate(
            [
                self._smpl(smpl, 'global_orient', (number, 1, 3)),
                self._smpl(smpl, 'body_pose', (number, 23, 3)),
            ],
            axis=1,
        )[order]
        betas = self._smpl(smpl, 'betas', (number, 10))[order]
        placed = 'transl' in smpl and content.get('cam_param') is not None
        transl = self._smpl(smpl, 'transl', (number, 3)) if placed else np.zeros((number, 3))
        genders = (content.get('meta') or {}).get('gender', ['neutral'] * number)
        if len(genders) != number:
            raise ValueError(
                f"{self._file_title}: 'meta' 'gender' has {len(genders)} rows for {number}"
            )
        entries = [
            dict(pose=p, shape=b, trans=t, gender=str(genders[n]))
            for p, b, t, n in zip(pose, betas, transl[order], order)
        ]
        people.fits = SMPLFits.parse(entries, names, self._file_title, self.body_of)
        people.fit_index = np.arange(number, dtype=np.int32)
        if placed:
            people.cameras = self._cameras(content['cam_param'], order)
            return
        found = self._place(people)
        if not found.all():
            self.bad_fits['left out, without enough 2D keypoints'] += int((~found).sum())
            people.fit_index[~found] = -1

    def _place(self, people: MeshPeople) -> np.ndarray:
        """Put all bodies over their 2D keypoints; returns of which ones (N,) that worked."""
        joints = superset_joints(people.fits, self.body_of)
        transl, found = place_bodies(joints, people.keypoints, people.visible, people.cameras)
        people.fits = replace(people.fits, transl=transl.astype(np.float32))
        return found

    def _cameras(self, parameters: Mapping[str, Any], order: np.ndarray) -> np.ndarray:
        focal, centre = (
            np.broadcast_to(np.asarray(parameters[key], np.float64), (len(order), 2))[order]
            for key in ('focal', 'princpt')
        )
        return intrinsics(focal, centre, order + 1, self._file_title)

    def _keypoints(
        self, content: Mapping[str, Any], key: str, number: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates (N, 30, D) and whether they are annotated (N, 30)."""
        values = self._rows(content, key, number)
        mask = np.asarray(self._need(content, f'{key}_mask')) > 0
        if mask.shape != (_NUM_COLUMNS,) or values.shape[1] not in (_NUM_COLUMNS, mask.sum()):
            raise ValueError(
                f'{self._file_title}: {key!r} has {values.shape[1]} keypoints with a mask of '
                f'{int(mask.sum())} of {mask.size}, expected a mask of {_NUM_COLUMNS}'
            )
        compressed = values.shape[1] != _NUM_COLUMNS
        places = np.cumsum(mask) - 1 if compressed else np.arange(_NUM_COLUMNS)
        result = np.zeros((number, SUPERSET30.num_keypoints, values.shape[2] - 1))
        known = np.zeros((number, SUPERSET30.num_keypoints), bool)
        for k, name in enumerate(SUPERSET30.keypoints):
            column = next((places[c] for c in HUMAN_DATA_COLUMNS[name] if mask[c]), None)
            if column is not None:
                result[:, k] = values[:, column, :-1]
                known[:, k] = values[:, column, -1] > 0
        return result, known

    def _need(self, content: Mapping[str, Any], key: str) -> Sequence:
        if content.get(key) is None:
            raise ValueError(f'{self._file_title} has no {key!r}, it has {sorted(content)}')
        return content[key]

    def _rows(self, content: Mapping[str, Any], key: str, number: int) -> np.ndarray:
        values = np.asarray(self._need(content, key), np.float64)
        if len(values) != number:
            raise ValueError(f'{self._file_title}: {key!r} has {len(values)} rows for {number}')
        check_finite(values, key, range(1, number + 1), self._file_title)
        return values

    def _smpl(self, smpl: Mapping[str, Any], key: str, shape: tuple[int, ...]) -> np.ndarray:
        values = np.asarray(smpl.get(key, ()), np.float64)
        if values.size != np.prod(shape):
            raise ValueError(
                f"{self._file_title}: 'smpl' {key!r} has shape {values.shape}, expected {shape}"
            )
        return values.reshape(shape)
