from mmpose_ext.models.losses.conditional_keypoint_loss import ConditionalKeypointLoss
from mmpose_ext.models.losses.simcc_distillation_loss import SimCCDistillationLoss

__all__ = ['ConditionalKeypointLoss', 'SimCCDistillationLoss']
