"""What happens around training steps."""

from mmpose_ext.engine.hooks import (
    CheckWeightsHook,
    CurvesHook,
    EpochSeedHook,
    MeshVisualizationHook,
    ResumeValidationHook,
    SavePredictedMeshHook,
)

__all__ = [
    'CheckWeightsHook',
    'CurvesHook',
    'EpochSeedHook',
    'MeshVisualizationHook',
    'ResumeValidationHook',
    'SavePredictedMeshHook',
]
