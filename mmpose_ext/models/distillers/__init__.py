from mmpose_ext.models.distillers.feature_distiller import FeatureDistiller
from mmpose_ext.models.distillers.frozen_teacher import FrozenTeacher
from mmpose_ext.models.distillers.keypoint_teacher import KeypointTeacher
from mmpose_ext.models.distillers.multi_teacher import MultiTeacherDistiller

__all__ = ['FeatureDistiller', 'FrozenTeacher', 'KeypointTeacher', 'MultiTeacherDistiller']
