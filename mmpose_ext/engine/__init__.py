"""What happens around training steps."""

from mmpose_ext.engine.hooks import (
    CurvesHook,
    EpochSeedHook,
    MeshVisualizationHook,
    ResumeValidationHook,
    SavePredictedMeshHook,
)

__all__ = [
    'CurvesHook',
    'EpochSeedHook',
    'MeshVisualizationHook',
    'ResumeValidationHook',
    'SavePredictedMeshHook',
]
