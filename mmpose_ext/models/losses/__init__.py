from mmpose_ext.models.losses.conditional_keypoint_loss import ConditionalKeypointLoss
from mmpose_ext.models.losses.cross_domain_metric_loss import CrossDomainMetricLoss
from mmpose_ext.models.losses.feature_losses import (
    AttentionTransferLoss,
    ChannelKLLoss,
    FeatureL1Loss,
    FSPLoss,
    LogSoftmaxL1Loss,
)
from mmpose_ext.models.losses.global_context_loss import GlobalContextLoss
from mmpose_ext.models.losses.heatmap_cross_entropy_loss import HeatmapCrossEntropyLoss
from mmpose_ext.models.losses.in_batch_triplet_metric_loss import InBatchTripletMetricLoss
from mmpose_ext.models.losses.lsgan_loss import LSGANLoss
from mmpose_ext.models.losses.masked_l1_loss import MaskedL1Loss
from mmpose_ext.models.losses.mesh_loss import MeshLoss
from mmpose_ext.models.losses.perceptual_loss import PerceptualLoss
from mmpose_ext.models.losses.simcc_distillation_loss import SimCCDistillationLoss
from mmpose_ext.models.losses.soft_iou_loss import SoftIoULoss
from mmpose_ext.models.losses.video_mesh_loss import VideoMeshLoss
from mmpose_ext.models.losses.weighted_keypoint_loss import WeightedKeypointLoss

__all__ = [
    'AttentionTransferLoss',
    'ChannelKLLoss',
    'ConditionalKeypointLoss',
    'CrossDomainMetricLoss',
    'FSPLoss',
    'FeatureL1Loss',
    'GlobalContextLoss',
    'HeatmapCrossEntropyLoss',
    'InBatchTripletMetricLoss',
    'LSGANLoss',
    'LogSoftmaxL1Loss',
    'MaskedL1Loss',
    'MeshLoss',
    'PerceptualLoss',
    'SimCCDistillationLoss',
    'SoftIoULoss',
    'VideoMeshLoss',
    'WeightedKeypointLoss',
]
