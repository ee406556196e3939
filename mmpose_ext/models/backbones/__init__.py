from mmpose_ext.models.backbones.mask_feature_encoder import MaskFeatureEncoder
from mmpose_ext.models.backbones.pooled_backbone import PooledBackbone
from mmpose_ext.models.backbones.pose_fusion import PoseFusion, render_heatmaps
from mmpose_ext.models.backbones.pose_guided_backbone import PoseGuidedBackbone
from mmpose_ext.models.backbones.pose_guided_resnet import PoseGuidedResNet
from mmpose_ext.models.backbones.widening import widen_on_load

__all__ = [
    'MaskFeatureEncoder',
    'PooledBackbone',
    'PoseFusion',
    'PoseGuidedBackbone',
    'PoseGuidedResNet',
    'render_heatmaps',
    'widen_on_load',
]
