"""Evaluation of one model on several datasets, each by its own metric."""

from .evaluators import SourceRoutedEvaluator
from .metrics import (
    JointOffsetMetric,
    MeshMetric,
    PCK3DMetric,
    ProjectedOKSMetric,
    ProjectedPCKhMetric,
    UnionCocoMetric,
    UnionMpiiMetric,
)

__all__ = [
    'JointOffsetMetric',
    'MeshMetric',
    'PCK3DMetric',
    'ProjectedOKSMetric',
    'ProjectedPCKhMetric',
    'SourceRoutedEvaluator',
    'UnionCocoMetric',
    'UnionMpiiMetric',
]
