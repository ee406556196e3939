"""What happens around training steps."""

from mmpose_ext.engine.hooks import CurvesHook, EpochSeedHook, ResumeValidationHook

__all__ = ['CurvesHook', 'EpochSeedHook', 'ResumeValidationHook']
