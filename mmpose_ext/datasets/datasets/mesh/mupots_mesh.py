from collections.abc import Mapping
from typing import Any

import numpy as np

from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import COCO17, MUPOTS17, OPENPOSE18

from .base_mesh_dataset import BaseMeshDataset
from .coco_style_mesh import read_subsets
from .columns import intrinsics, read_column
from .input_poses import read_input_poses
from .mesh_people import MeshPeople

#: File, joints and least score of the detectors whose poses 3DCrowdNet's authors distribute.
DETECTORS = dict(
    openpose=('MuPoTs_test_openpose_result.json', OPENPOSE18, 0.05),
    hhrnet=('MuPoTs_test_hhrnet_result.json', COCO17, 0.1),
)


@DATASETS.register_module()
class MuPoTSMesh(BaseMeshDataset):
    """MuPoTS-3D (Mehta et al., 3DV 2018), for testing: joints of several people, no SMPL.

    Args:
        ann_file: Annotations as 3DCrowdNet's authors distribute them.
        detector: Whose 2D poses are the input: ``'openpose'`` or ``'hhrnet'`` (HigherHRNet).
        pose2d_file: The file of poses, relative to ``data_root``; by default that of the detector.
        pose2d_threshold: Scores up to this are not trusted; by default that of the detector.
        bbox_source: As in :class:`BaseMeshDataset`.
        kwargs: Arguments of :class:`BaseMeshDataset`; ``data_prefix`` is ``MultiPersonTestSet``.
    """

    SOURCE = 'mupots'

    def __init__(
        self,
        ann_file: str = 'MuPoTS-3D.json',
        detector: str = 'openpose',
        pose2d_file: str | None = None,
        pose2d_threshold: float | None = None,
        data_prefix: Mapping[str, str] | None = None,
        bbox_source: str = 'pose2d',
        **kwargs: Any,
    ) -> None:
        if detector not in DETECTORS:
            raise ValueError(f'detector got {detector!r}, expected one of {sorted(DETECTORS)}')
        file, self.pose2d_skeleton, threshold = DETECTORS[detector]
        self.pose2d_file = pose2d_file or file
        self.pose2d_threshold = threshold if pose2d_threshold is None else pose2d_threshold
        super().__init__(
            ann_file=ann_file,
            data_prefix=data_prefix or dict(img='MultiPersonTestSet'),
            bbox_source=bbox_source,
            **kwargs,
        )

    def read_people(self) -> MeshPeople:
        """Read annotations and detected poses."""
        file = self.open_coco_file(self.ann_file)
        valid = np.array([bool(entry.get('is_valid', 1)) for entry in file.annotations], bool)
        self.count_skipped('not valid, says the file', ~valid)
        file.keep(valid)
        images, image_index = file.image_entries(self.data_prefix['img'])
        of_images = [file.image_of(annotation) for annotation in file.annotations]
        lenses = read_column(of_images, 'intrinsic', (4,), file.ids, file.title)
        count = MUPOTS17.num_keypoints
        joints = file.column('keypoints_cam', (count, 3)) / 1000
        in_front = joints[..., 2] > 0
        self.count_skipped('wholly behind the camera', ~in_front.any(axis=1))
        poses, _ = read_input_poses(
            self.full_path(self.pose2d_file),
            file.ids,
            self.pose2d_skeleton,
            self.pose2d_threshold,
            self.title,
        )
        return MeshPeople(
            images=images,
            image_index=image_index,
            ids=file.ids,
            boxes=file.boxes(),
            skeleton=MUPOTS17,
            keypoints=file.column('keypoints_img', (count, 2)),
            visible=in_front,
            sampled=in_front.any(axis=1),
            cameras=intrinsics(lenses[:, :2], lenses[:, 2:], file.ids, file.title),
            joints=joints,
            pose2d=poses,
            subsets=read_subsets(file),
        )
