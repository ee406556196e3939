"""Models: what configs build, beyond what MMPose has."""

from mmpose_ext.models.distillers import FrozenTeacher, KeypointTeacher, MultiTeacherDistiller
from mmpose_ext.models.losses import ConditionalKeypointLoss, SimCCDistillationLoss

__all__ = [
    'ConditionalKeypointLoss',
    'FrozenTeacher',
    'KeypointTeacher',
    'MultiTeacherDistiller',
    'SimCCDistillationLoss',
]
