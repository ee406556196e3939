import zlib
from typing import Any

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import COCO17, LSP14

from .base_mesh_dataset import BaseMeshDataset
from .columns import assumed_cameras, check_file, check_finite
from .image_sizes import read_image_entries
from .input_poses import read_input_poses
from .mesh_people import MeshPeople
from .person_boxes import boxes_from_poses

_DAMAGES = (
    *(MatReadError, ValueError, TypeError, IndexError, NotImplementedError, OSError),
    zlib.error,
)

#: First and last image of a split.
SPLITS = dict(train=(1, 1000), test=(1001, 2000))


@DATASETS.register_module()
class LspMesh(BaseMeshDataset):
    """Leeds Sports Pose (Johnson and Everingham, BMVC 2010), for testing: 14 keypoints per image.

    The dataset has no boxes; a box is the tight one of its keypoints, grown by 1.2. All 14
    keypoints are annotated, also hidden ones.

    Args:
        ann_file: ``joints.mat``, 3 x 14 x 2000: x, y and a flag.
        split: ``'train'``, the first thousand images, or ``'test'``, the second; of a shorter file
            those that it has.
        pose2d_file: Detected 2D poses (COCO's keypoints) by image number, relative to
            ``data_root``; by default the annotated keypoints are the input.
        pose2d_threshold: Scores up to this are not trusted.
        kwargs: Arguments of :class:`BaseMeshDataset`; images are ``im0001.jpg`` in ``data_prefix``.
    """

    SOURCE = 'lsp'

    def __init__(
        self,
        ann_file: str = 'joints.mat',
        split: str = 'test',
        pose2d_file: str | None = None,
        pose2d_threshold: float = 0.1,
        **kwargs: Any,
    ) -> None:
        if split not in SPLITS:
            raise ValueError(f'split got {split!r}, expected one of {sorted(SPLITS)}')
        self.split = split
        self.pose2d_file = pose2d_file
        self.pose2d_threshold = pose2d_threshold
        super().__init__(ann_file=ann_file, **kwargs)

    def read_people(self) -> MeshPeople:
        """Read keypoints, and the sizes of the images."""
        points = self._keypoints()
        first, last = SPLITS[self.split]
        numbers = np.arange(first, min(last, len(points)) + 1)
        points = points[numbers - 1]
        folder = self.data_prefix['img'].rstrip('/')
        paths = [f'{folder}/im{number:04d}.jpg' for number in numbers.tolist()]
        images = read_image_entries(paths, numbers.tolist(), self.title)
        visible = np.ones(points.shape[:2])
        boxes, _ = boxes_from_poses(points, visible)
        people = MeshPeople(
            images=images,
            image_index=np.arange(len(numbers)),
            ids=numbers,
            boxes=boxes,
            skeleton=LSP14,
            keypoints=points,
            visible=visible,
            sampled=np.ones(len(numbers), bool),
            cameras=np.zeros((len(numbers), 3, 3)),
        )
        people.cameras = assumed_cameras(*people.sizes.T)
        if self.pose2d_file is not None:
            people.pose2d, _ = read_input_poses(
                self.full_path(self.pose2d_file),
                numbers,
                COCO17,
                self.pose2d_threshold,
                self.title,
            )
        return people

    def _keypoints(self) -> np.ndarray:
        """Keypoints of all images in pixels, (N, 14, 2)."""
        check_file(self.ann_file, f'{self.title}: annotation file')
        title = f'{self.title}: {self.ann_file!r}'
        try:
            joints = loadmat(self.ann_file, variable_names=['joints']).get('joints')
        except _DAMAGES as error:
            raise ValueError(f'{title} is not a readable Matlab file: {error}') from error
        count = LSP14.num_keypoints
        if joints is None or joints.ndim != 3 or joints.shape[:2] != (3, count):
            got = 'no joints' if joints is None else f'joints of shape {joints.shape}'
            raise ValueError(f'{title} has {got}, expected (3, {count}, number of images)')
        points = joints[:2].transpose(2, 1, 0).astype(np.float64)
        check_finite(points, 'joints', range(1, len(points) + 1), title)
        return points
