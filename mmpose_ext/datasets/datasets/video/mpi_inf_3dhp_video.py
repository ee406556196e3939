from typing import Any

from mmpose_ext.registry import DATASETS

from .video_mesh_dataset import VideoMeshDataset


@DATASETS.register_module()
class MPIInf3DHPVideo(VideoMeshDataset):
    """MPI-INF-3DHP (Mehta et al., 3DV 2017): 2D keypoints and 3D joints; no SMPL.

    Args:
        ann_file: Clip file that ``tools/dataset_converters/convert_video.py`` made.
        overlap: Default 0, as VIBE trains.
        kwargs: Arguments of :class:`VideoMeshDataset`.
    """

    SOURCE = 'mpi_inf_3dhp'

    def __init__(
        self, ann_file: str = 'clips/mpi_inf_3dhp_train.npz', overlap: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(ann_file=ann_file, overlap=overlap, **kwargs)
