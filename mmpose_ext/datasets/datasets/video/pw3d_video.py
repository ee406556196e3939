from typing import Any

from mmpose_ext.registry import DATASETS

from .video_mesh_dataset import VideoMeshDataset


@DATASETS.register_module()
class PW3DVideo(VideoMeshDataset):
    """3DPW (von Marcard et al., ECCV 2018): SMPL bodies with their gender, OpenPose's 2D keypoints.

    Args:
        ann_file: Clip file that ``tools/dataset_converters/convert_video.py`` made.
        overlap: Default 0.
        kwargs: Arguments of :class:`VideoMeshDataset`.
    """

    SOURCE = '3dpw'

    def __init__(
        self, ann_file: str = 'clips/3dpw_test.npz', overlap: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(ann_file=ann_file, overlap=overlap, **kwargs)
