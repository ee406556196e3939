"""What happens around training steps."""

from mmpose_ext.engine.hooks import (
    CheckWeightsHook,
    CurvesHook,
    EpochSeedHook,
    MeshVisualizationHook,
    ResumeValidationHook,
    SavePredictedClipHook,
    SavePredictedMeshHook,
    VideoMeshVisualizationHook,
)
from mmpose_ext.engine.loops import MultiSourceIterTrainLoop
from mmpose_ext.engine.optim_wrappers import GANOptimWrapperConstructor

__all__ = [
    'CheckWeightsHook',
    'CurvesHook',
    'EpochSeedHook',
    'GANOptimWrapperConstructor',
    'MeshVisualizationHook',
    'MultiSourceIterTrainLoop',
    'ResumeValidationHook',
    'SavePredictedClipHook',
    'SavePredictedMeshHook',
    'VideoMeshVisualizationHook',
]
