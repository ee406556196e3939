from typing import Any

from mmpose_ext.registry import DATASETS

from .video_mesh_dataset import VideoMeshDataset


@DATASETS.register_module()
class InstaVarietyVideo(VideoMeshDataset):
    """InstaVariety (Kanazawa et al., CVPR 2019): detected 2D keypoints and features, no images.

    Args:
        ann_file: Clip file that ``tools/dataset_converters/convert_video.py`` made.
        overlap: Default 0, as VIBE trains.
        kwargs: Arguments of :class:`VideoMeshDataset`.
    """

    SOURCE = 'insta_variety'

    def __init__(
        self, ann_file: str = 'clips/insta_variety_train.npz', overlap: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(ann_file=ann_file, overlap=overlap, **kwargs)
