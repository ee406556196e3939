from mmpose_ext.models.data_preprocessors.batched_pose_data_preprocessor import (
    BatchedPoseDataPreprocessor,
)
from mmpose_ext.models.data_preprocessors.mesh_data_preprocessor import MeshDataPreprocessor
from mmpose_ext.models.data_preprocessors.video_mesh_data_preprocessor import (
    VideoMeshDataPreprocessor,
)

__all__ = [
    'BatchedPoseDataPreprocessor',
    'MeshDataPreprocessor',
    'VideoMeshDataPreprocessor',
]
