"""Models: what configs build, beyond what MMPose has."""

from mmpose_ext.models.backbones import MaskFeatureEncoder, PoseGuidedBackbone, PoseGuidedResNet
from mmpose_ext.models.data_preprocessors import (
    BatchedPoseDataPreprocessor,
    MeshDataPreprocessor,
    VideoMeshDataPreprocessor,
)
from mmpose_ext.models.discriminators import MotionDiscriminator
from mmpose_ext.models.distillers import (
    FeatureDistiller,
    FrozenTeacher,
    KeypointTeacher,
    MultiTeacherDistiller,
)
from mmpose_ext.models.edge_sources import (
    HEDEdge,
    PiDiNetEdge,
    RCFEdge,
    SMPLEdgeEstimator,
    UNetEdge,
)
from mmpose_ext.models.heads import GraphMeshHead, OCRHead, SMPLIterativeHead, SoftArgmax3DHead
from mmpose_ext.models.losses import (
    ConditionalKeypointLoss,
    LSGANLoss,
    MeshLoss,
    SimCCDistillationLoss,
    SoftIoULoss,
    VideoMeshLoss,
    WeightedKeypointLoss,
)
from mmpose_ext.models.necks import FinestLevelNeck, TCMREncoder, TemporalGRUEncoder
from mmpose_ext.models.pose_estimators import (
    FewShotVideoMeshEstimator,
    MeshEstimator,
    VideoMeshEstimator,
)
from mmpose_ext.models.pose_priors import Rot6DPrior, VPoserDecoder
from mmpose_ext.models.pretrained_keypoints import PretrainedKeypoints
from mmpose_ext.models.segmentors import ForegroundSegmentor, FrozenSegmentor

__all__ = [
    'BatchedPoseDataPreprocessor',
    'ConditionalKeypointLoss',
    'FeatureDistiller',
    'FewShotVideoMeshEstimator',
    'FinestLevelNeck',
    'ForegroundSegmentor',
    'FrozenSegmentor',
    'FrozenTeacher',
    'GraphMeshHead',
    'HEDEdge',
    'KeypointTeacher',
    'LSGANLoss',
    'MaskFeatureEncoder',
    'MeshDataPreprocessor',
    'MeshEstimator',
    'MeshLoss',
    'MotionDiscriminator',
    'MultiTeacherDistiller',
    'OCRHead',
    'PiDiNetEdge',
    'PoseGuidedBackbone',
    'PoseGuidedResNet',
    'PretrainedKeypoints',
    'RCFEdge',
    'Rot6DPrior',
    'SMPLEdgeEstimator',
    'SMPLIterativeHead',
    'SimCCDistillationLoss',
    'SoftArgmax3DHead',
    'SoftIoULoss',
    'TCMREncoder',
    'TemporalGRUEncoder',
    'UNetEdge',
    'VPoserDecoder',
    'VideoMeshDataPreprocessor',
    'VideoMeshEstimator',
    'VideoMeshLoss',
    'WeightedKeypointLoss',
]
