"""Models: what configs build, beyond what MMPose has."""

from mmpose_ext.models.backbones import PoseGuidedBackbone, PoseGuidedResNet
from mmpose_ext.models.data_preprocessors import MeshDataPreprocessor
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
from mmpose_ext.models.heads import GraphMeshHead, SoftArgmax3DHead
from mmpose_ext.models.losses import ConditionalKeypointLoss, MeshLoss, SimCCDistillationLoss
from mmpose_ext.models.necks import FinestLevelNeck
from mmpose_ext.models.pose_estimators import MeshEstimator
from mmpose_ext.models.pose_priors import Rot6DPrior, VPoserDecoder
from mmpose_ext.models.pretrained_keypoints import PretrainedKeypoints

__all__ = [
    'ConditionalKeypointLoss',
    'FeatureDistiller',
    'FinestLevelNeck',
    'FrozenTeacher',
    'GraphMeshHead',
    'HEDEdge',
    'KeypointTeacher',
    'MeshDataPreprocessor',
    'MeshEstimator',
    'MeshLoss',
    'MultiTeacherDistiller',
    'PiDiNetEdge',
    'PoseGuidedBackbone',
    'PoseGuidedResNet',
    'PretrainedKeypoints',
    'RCFEdge',
    'Rot6DPrior',
    'SMPLEdgeEstimator',
    'SimCCDistillationLoss',
    'SoftArgmax3DHead',
    'UNetEdge',
    'VPoserDecoder',
]
