from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import (
    COCO17,
    CROWDPOSE14,
    HALPE26,
    SUPERSET30,
    KeypointMap,
    superset_map,
)

from .base_mesh_dataset import BaseMeshDataset
from .columns import assumed_cameras, check_finite, read_column
from .image_sizes import read_image_entries
from .input_poses import read_input_poses
from .mesh_people import MeshPeople
from .plain_npz import read_plain_npz

# Relative Human collects people of three sources, each with the keypoints of its own.
_HALPE = (
    *('head', 'nose', 'neck', 'left_eye', 'right_eye', 'left_shoulder', 'right_shoulder'),
    *('left_elbow', 'right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip'),
    *('left_knee', 'right_knee', 'left_ankle', 'right_ankle', 'left_big_toe', 'right_big_toe'),
)
_BABIES19 = HALPE26.subset(_HALPE, 'relative_human_babies19')
_OCHUMAN19 = SUPERSET30.subset(
    (
        *('right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder', 'left_elbow'),
        *('left_wrist', 'right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee'),
        *('left_ankle', 'head_top', 'neck', 'right_ear', 'left_ear', 'nose', 'right_eye'),
        'left_eye',
    ),
    'relative_human_ochuman19',
)


@DATASETS.register_module()
class RelHumanMesh(BaseMeshDataset):
    """Relative Human, RH (Sun et al., "Putting People in their Place", CVPR 2022), for testing.

    Args:
        ann_file: ``{train,val,test}_annots.npz``: people by image name, each with ``bbox`` (left,
            top, right, bottom of the visible parts), maybe ``bbox_wb`` of the whole body, and
            ``kp2d``, 14 or 19 keypoints. It is read without running what it may contain.
        pose2d_file: Detected 2D poses (COCO's keypoints), relative to ``data_root``; people are
            numbered from 1 in the file's order. By default the annotated keypoints are the input.
        pose2d_threshold: Scores up to this are not trusted.
        kwargs: Arguments of :class:`BaseMeshDataset`; ``data_prefix`` is ``images``.
    """

    SOURCE = 'relative_human'

    def __init__(
        self,
        ann_file: str = 'test_annots.npz',
        pose2d_file: str | None = None,
        pose2d_threshold: float = 0.1,
        data_prefix: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.pose2d_file = pose2d_file
        self.pose2d_threshold = pose2d_threshold
        super().__init__(ann_file=ann_file, data_prefix=data_prefix or dict(img='images'), **kwargs)

    def read_people(self) -> MeshPeople:
        """Read annotations, and the sizes of the images."""
        title = f'{self.title}: {self.ann_file!r}'
        content = read_plain_npz(self.ann_file, f'{self.title}: annotation file').get('annots')
        if not isinstance(content, Mapping):
            raise ValueError(f'{title} has no people by image name under {"annots"!r}')
        names = list(content)
        entries = [entry for name in names for entry in content[name]]
        index = np.repeat(np.arange(len(names)), [len(content[name]) for name in names])
        keypoints, visible = _keypoints(entries, [names[i] for i in index], title)
        self.count_skipped('without a labelled keypoint', ~visible.any(axis=1))
        ids = np.arange(1, len(entries) + 1)
        boxes = [dict(bbox=_box(entry)) for entry in entries]
        folder = self.data_prefix['img'].rstrip('/')
        images = read_image_entries(
            [f'{folder}/{name}' for name in names], range(1, len(names) + 1), self.title
        )
        people = MeshPeople(
            images=images,
            image_index=index,
            ids=ids,
            boxes=read_column(boxes, 'bbox', (4,), ids, title),
            skeleton=SUPERSET30,
            keypoints=keypoints,
            visible=visible,
            sampled=visible.any(axis=1),
            cameras=np.zeros((len(ids), 3, 3)),
        )
        people.cameras = assumed_cameras(*people.sizes.T)
        if self.pose2d_file is not None:
            people.pose2d, _ = read_input_poses(
                self.full_path(self.pose2d_file), ids, COCO17, self.pose2d_threshold, self.title
            )
        return people


def _box(entry: Mapping[str, Any]) -> Any:
    whole = entry.get('bbox_wb')
    return entry.get('bbox') if whole is None else whole


def _keypoints(
    entries: list[Mapping[str, Any]], names: list[str], title: str
) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints in the superset (N, 30, 2), and whether they are annotated (N, 30)."""
    number = SUPERSET30.num_keypoints
    keypoints, visible = np.zeros((len(entries), number, 2)), np.zeros((len(entries), number), bool)
    for n, (entry, name) in enumerate(zip(entries, names)):
        if entry.get('kp2d') is None:
            continue
        points = np.asarray(entry['kp2d'], np.float64).reshape(-1, 3)
        check_finite(points[None], 'kp2d', [f'{n + 1} ({name})'], title)
        mapping = _map_of(len(points), name)
        if mapping is None:
            raise ValueError(
                f'{title}: entry {n + 1} ({name}) has {len(points)} keypoints, expected 14 or 19'
            )
        keypoints[n], known = mapping.apply(points[:, :2], (points[:, 2] > 0).astype(np.float64))
        visible[n] = known > 0
    return keypoints, visible


def _map_of(count: int, name: str) -> KeypointMap | None:
    """The source of a person shows in the number of keypoints and the name of the image."""
    if count == 14:
        return _MAPS['crowdpose']
    if count == 19:
        return _MAPS['babies' if len(PurePosixPath(name).stem) == 7 else 'ochuman']
    return None


_MAPS = dict(
    crowdpose=superset_map(CROWDPOSE14),
    babies=superset_map(_BABIES19),
    ochuman=superset_map(_OCHUMAN19),
)
