"""Evaluation of one model on several datasets, each by its own metric."""

from .evaluators import SourceRoutedEvaluator
from .metrics import UnionCocoMetric, UnionMpiiMetric

__all__ = ['SourceRoutedEvaluator', 'UnionCocoMetric', 'UnionMpiiMetric']
