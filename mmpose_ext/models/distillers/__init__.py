from mmpose_ext.models.distillers.frozen_teacher import FrozenTeacher
from mmpose_ext.models.distillers.keypoint_teacher import KeypointTeacher
from mmpose_ext.models.distillers.multi_teacher import MultiTeacherDistiller

__all__ = ['FrozenTeacher', 'KeypointTeacher', 'MultiTeacherDistiller']
