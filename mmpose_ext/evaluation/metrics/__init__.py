from .joint_offset_metric import JointOffsetMetric
from .union_coco_metric import UnionCocoMetric
from .union_mpii_metric import UnionMpiiMetric

__all__ = ['JointOffsetMetric', 'UnionCocoMetric', 'UnionMpiiMetric']
