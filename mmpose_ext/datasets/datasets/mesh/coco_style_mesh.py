from collections.abc import Mapping
from typing import Any

import numpy as np

from mmpose_ext.skeletons import COCO17, Skeleton, get_skeleton

from .base_mesh_dataset import BaseMeshDataset
from .coco_file import CocoFile
from .columns import assumed_cameras
from .input_poses import read_input_poses
from .mesh_people import MeshPeople
from .neural_annot import read_neural_annot
from .smpl_fits import SMPLFits


class CocoStyleMesh(BaseMeshDataset):
    """Base of datasets with an annotation file like COCO's and maybe NeuralAnnot's SMPL file.

    Args:
        ann_file: Annotation file, relative to ``data_root``.
        smpl_file: SMPL parameters by annotation id, relative to ``data_root``; None if the dataset
            has none.
        pose2d_file: Detected 2D poses by annotation id, relative to ``data_root``, for testing; by
            default the annotated keypoints are the input.
        pose2d_skeleton: What the detected joints are.
        pose2d_threshold: Scores up to this are not trusted.
        kwargs: Arguments of :class:`BaseMeshDataset`.
    """

    SKELETON: Skeleton

    def __init__(
        self,
        ann_file: str,
        smpl_file: str | None = None,
        pose2d_file: str | None = None,
        pose2d_skeleton: str | Skeleton | Mapping[str, Any] = COCO17,
        pose2d_threshold: float = 0.1,
        **kwargs: Any,
    ) -> None:
        self.smpl_file = smpl_file
        self.pose2d_file = pose2d_file
        self.pose2d_skeleton = get_skeleton(pose2d_skeleton)
        self.pose2d_threshold = pose2d_threshold
        super().__init__(ann_file=ann_file, **kwargs)

    def read_people(self) -> MeshPeople:
        """Read annotations, parameters and poses."""
        file = self.open_coco_file(self.ann_file)
        crowds = [bool(annotation.get('iscrowd')) for annotation in file.annotations]
        self.count_skipped('crowd regions', crowds)
        file.keep(~np.array(crowds, bool))
        images, image_index = file.image_entries(self.data_prefix['img'])
        keypoints, visible = file.keypoints(self.SKELETON)
        labelled = visible.any(axis=1)
        self.count_skipped('without a labelled keypoint', ~labelled)
        people = MeshPeople(
            images=images,
            image_index=image_index,
            ids=file.ids,
            boxes=file.boxes(),
            skeleton=self.SKELETON,
            keypoints=keypoints,
            visible=visible,
            sampled=labelled,
            cameras=np.zeros((len(labelled), 3, 3)),
            subsets=read_subsets(file),
        )
        self._adjust(people)
        people.cameras = assumed_cameras(*people.sizes.T)
        if self.smpl_file is not None:
            fits, index, cameras, entries = read_neural_annot(
                self.full_path(self.smpl_file), people.ids, self.title, self.body_of
            )
            people.fits, people.fit_index = (
                self._judge(fits, entries, people.ids[index >= 0]),
                index,
            )
            people.cameras[index >= 0] = cameras[index[index >= 0]]
        if self.pose2d_file is not None:
            people.pose2d = read_input_poses(
                self.full_path(self.pose2d_file),
                people.ids,
                self.pose2d_skeleton,
                self.pose2d_threshold,
                self.title,
            )[0]
        return people

    def _adjust(self, people: MeshPeople) -> None:
        """Repair what a dataset's files are known to have wrong."""

    def _judge(self, fits: SMPLFits, entries: list[Mapping[str, Any]], ids: np.ndarray) -> SMPLFits:
        """Mark the fits that are good enough; by default all are."""
        return fits


def read_subsets(file: CocoFile) -> dict[int, tuple[str, ...]]:
    """The ``subsets`` that annotations name themselves part of, by row."""
    return {
        row: tuple(annotation['subsets'])
        for row, annotation in enumerate(file.annotations)
        if annotation.get('subsets')
    }
