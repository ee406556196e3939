from mmpose_ext.models.losses.conditional_keypoint_loss import ConditionalKeypointLoss
from mmpose_ext.models.losses.heatmap_cross_entropy_loss import HeatmapCrossEntropyLoss
from mmpose_ext.models.losses.simcc_distillation_loss import SimCCDistillationLoss

__all__ = ['ConditionalKeypointLoss', 'HeatmapCrossEntropyLoss', 'SimCCDistillationLoss']
