import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import COCO17, OPENPOSE18, SUPERSET30

from .base_mesh_dataset import BaseMeshDataset
from .coco_file import CocoFile
from .coco_style_mesh import read_subsets
from .input_poses import read_input_poses, superset_poses
from .mesh_people import MeshPeople
from .neural_annot import read_cameras
from .posed_regressor import superset_joints
from .projection import project_joints
from .pw3d_subsets import SPLITS, SUBSETS
from .smpl_fits import SMPLFits

# Ids of later splits are shifted by this, so that they stay unique and recognisable.
_ID_STEP = 100_000_000


@DATASETS.register_module()
class PW3DMesh(BaseMeshDataset):
    """3DPW (von Marcard et al., ECCV 2018), whose SMPL bodies are ground truth, with their gender.

    Keypoints and joints are those of the bodies, read off by the superset's regressor and projected
    by the camera. 2D poses are the OpenPose results in the annotations; those of ``crowd`` are
    HigherHRNet's where there is one, as 3DCrowdNet tests.

    Args:
        subset: A name of :data:`SUBSETS`: ``'train'``, ``'validation'``, ``'test'``, ``'occ'``,
            ``'pc'``, ``'crowd'`` or ``'sefd_release'``.
        ann_dir: Folder of ``3DPW_latest_{train,validation,test}.json``, relative to ``data_root``.
        splits: Files that the subset is taken from; by default all it is defined on.
        crowd_pose_file: HigherHRNet's poses of ``crowd``, relative to ``data_root``.
        pose2d_threshold: Scores up to this are not trusted.
        bbox_source: ``'pose2d'``, as 3DCrowdNet tests, or ``'gt'``, as SEFD's published code does.
        missing_fit: As in :class:`BaseMeshDataset`.
        kwargs: Arguments of :class:`BaseMeshDataset`; ``data_prefix`` is ``imageFiles``.
    """

    SOURCE = 'pw3d'

    def __init__(
        self,
        subset: str = 'test',
        ann_dir: str = '',
        splits: Sequence[str] | None = None,
        crowd_pose_file: str = '3DPW_validation_crowd_hhrnet_result.json',
        pose2d_threshold: float = 0.05,
        data_prefix: Mapping[str, str] | None = None,
        bbox_source: str = 'pose2d',
        missing_fit: str = 'error',
        **kwargs: Any,
    ) -> None:
        if subset not in SUBSETS:
            raise ValueError(f'subset got {subset!r}, expected one of {sorted(SUBSETS)}')
        self.subset = subset
        self.splits = tuple(SUBSETS[subset].splits if splits is None else splits)
        unknown = sorted(set(self.splits) - set(SPLITS))
        if unknown or not self.splits:
            raise ValueError(f'splits got {splits!r}, expected some of {SPLITS}')
        self.ann_dir = ann_dir
        self.crowd_pose_file = crowd_pose_file
        self.pose2d_threshold = pose2d_threshold
        names = ','.join(self.splits)
        ann_file = f'{ann_dir.rstrip("/")}/' if ann_dir else ''
        super().__init__(
            ann_file=f'{ann_file}3DPW_latest_{{{names}}}.json',
            data_prefix=data_prefix or dict(img='imageFiles'),
            bbox_source=bbox_source,
            missing_fit=missing_fit,
            **kwargs,
        )

    @property
    def title(self) -> str:
        """The start of messages, with the subset."""
        return f'{super().title} subset {self.subset!r}'

    def read_people(self) -> MeshPeople:
        """Read all splits of the subset."""
        parts = [self._read_split(split) for split in self.splits]
        parts = [part for part in parts if len(part)] or parts[:1]
        people = MeshPeople.concatenate(parts)
        self._project(people)
        return people

    def _read_split(self, split: str) -> MeshPeople:
        path = self.ann_file.replace(f'{{{",".join(self.splits)}}}', split)
        file = self.open_coco_file(path)
        file.require_of_images('sequence', 'file_name')
        for image in file.images.values():
            image['path'] = f'{image["sequence"]}/{image["file_name"]}'
        subset = SUBSETS[self.subset]
        of_images = [file.image_of(annotation) for annotation in file.annotations]
        kept = [
            subset.contains(image['sequence'], _frame(image['file_name'], file.title))
            for image in of_images
        ]
        file.keep(kept)
        of_images = [image for image, keep in zip(of_images, kept) if keep]
        images, image_index = file.image_entries(self.data_prefix['img'], 'path')
        bodies = file.entries('smpl_param')
        cameras = [image.get('cam_param', {}) for image in of_images]
        number = len(file.annotations)
        shift = SPLITS.index(split) * _ID_STEP if len(self.splits) > 1 else 0
        return MeshPeople(
            images=[image._replace(id=image.id + shift) for image in images],
            image_index=image_index,
            ids=file.ids + shift,
            boxes=file.boxes(),
            skeleton=SUPERSET30,
            keypoints=np.zeros((number, SUPERSET30.num_keypoints, 2)),
            visible=np.ones((number, SUPERSET30.num_keypoints)),
            sampled=np.ones(number, bool),
            cameras=read_cameras(cameras, file.ids, file.title),
            fits=SMPLFits.parse(bodies, file.ids, file.title, self.body_of),
            fit_index=np.arange(number, dtype=np.int32),
            pose2d=self._poses(file),
            subsets=read_subsets(file),
        )

    def _poses(self, file: CocoFile) -> np.ndarray:
        shape = (OPENPOSE18.num_keypoints, 3)
        detected = file.column('openpose_result', shape)
        poses = superset_poses(detected, OPENPOSE18, self.pose2d_threshold)
        if self.subset == 'crowd':
            better, found = read_input_poses(
                self.full_path(self.crowd_pose_file),
                file.ids,
                COCO17,
                self.pose2d_threshold,
                self.title,
            )
            poses[found] = better[found]
        return poses

    def _project(self, people: MeshPeople) -> None:
        """Fill in keypoints and joints from the bodies."""
        joints = superset_joints(people.fits, self.body_of)
        keypoints, people.visible = project_joints(people.cameras, joints)
        people.keypoints = keypoints.astype(np.float32)
        people.joints = joints


def _frame(file_name: str, title: str) -> int:
    match = re.search(r'(\d+)\.\w+$', file_name)
    if match is None:
        raise ValueError(f'{title}: image {file_name!r} has no frame number, as in image_00012.jpg')
    return int(match[1])
