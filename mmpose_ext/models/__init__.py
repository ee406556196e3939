"""Models: what configs build, beyond what MMPose has."""

from mmpose_ext.models.distillers import FrozenTeacher, KeypointTeacher, MultiTeacherDistiller
from mmpose_ext.models.losses import ConditionalKeypointLoss, SimCCDistillationLoss
from mmpose_ext.models.necks import FinestLevelNeck
from mmpose_ext.models.pretrained_keypoints import PretrainedKeypoints

__all__ = [
    'ConditionalKeypointLoss',
    'FinestLevelNeck',
    'FrozenTeacher',
    'KeypointTeacher',
    'MultiTeacherDistiller',
    'PretrainedKeypoints',
    'SimCCDistillationLoss',
]
