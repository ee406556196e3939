from typing import Any

from mmpose_ext.registry import DATASETS

from .video_mesh_dataset import VideoMeshDataset


@DATASETS.register_module()
class PennActionVideo(VideoMeshDataset):
    """PennAction (Zhang et al., ICCV 2013): 2D keypoints only.

    Args:
        ann_file: Clip file that ``tools/dataset_converters/convert_video.py`` made.
        overlap: Default 0.75, a stride of 4 frames of 16, as VIBE trains.
        kwargs: Arguments of :class:`VideoMeshDataset`.
    """

    SOURCE = 'penn_action'

    def __init__(
        self, ann_file: str = 'clips/penn_action_train.npz', overlap: float = 0.75, **kwargs: Any
    ) -> None:
        super().__init__(ann_file=ann_file, overlap=overlap, **kwargs)
