"""Hooks for MMEngine's runner."""

from mmpose_ext.engine.hooks.channels_last_hook import ChannelsLastHook
from mmpose_ext.engine.hooks.check_weights_hook import CheckWeightsHook
from mmpose_ext.engine.hooks.curves_hook import CurvesHook
from mmpose_ext.engine.hooks.epoch_seed_hook import EpochSeedHook
from mmpose_ext.engine.hooks.mesh_visualization_hook import MeshVisualizationHook
from mmpose_ext.engine.hooks.resume_validation_hook import ResumeValidationHook
from mmpose_ext.engine.hooks.save_predicted_clip_hook import SavePredictedClipHook
from mmpose_ext.engine.hooks.save_predicted_mesh_hook import SavePredictedMeshHook
from mmpose_ext.engine.hooks.video_mesh_visualization_hook import VideoMeshVisualizationHook

__all__ = [
    'ChannelsLastHook',
    'CheckWeightsHook',
    'CurvesHook',
    'EpochSeedHook',
    'MeshVisualizationHook',
    'ResumeValidationHook',
    'SavePredictedClipHook',
    'SavePredictedMeshHook',
    'VideoMeshVisualizationHook',
]
