"""Evaluation of one model on several datasets, each by its own metric."""

from .evaluators import SourceRoutedEvaluator
from .metrics import JointOffsetMetric, UnionCocoMetric, UnionMpiiMetric

__all__ = ['JointOffsetMetric', 'SourceRoutedEvaluator', 'UnionCocoMetric', 'UnionMpiiMetric']
