"""Evaluation of one model on several datasets, each by its own metric."""

from .evaluators import SourceRoutedEvaluator
from .metrics import (
    JointOffsetMetric,
    MaskIoU,
    MeshMetric,
    PCK3DMetric,
    ProjectedOKSMetric,
    ProjectedPCKhMetric,
    UnionCocoMetric,
    UnionMpiiMetric,
    VideoMeshMetric,
)

__all__ = [
    'JointOffsetMetric',
    'MaskIoU',
    'MeshMetric',
    'PCK3DMetric',
    'ProjectedOKSMetric',
    'ProjectedPCKhMetric',
    'SourceRoutedEvaluator',
    'UnionCocoMetric',
    'UnionMpiiMetric',
    'VideoMeshMetric',
]
