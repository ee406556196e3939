from mmpose_ext.models.pose_estimators.few_shot_video_mesh_estimator import (
    FewShotVideoMeshEstimator,
)
from mmpose_ext.models.pose_estimators.mesh_estimator import MeshEstimator
from mmpose_ext.models.pose_estimators.video_mesh_estimator import VideoMeshEstimator

__all__ = [
    'FewShotVideoMeshEstimator',
    'MeshEstimator',
    'VideoMeshEstimator',
]
