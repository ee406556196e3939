from .source_routed_evaluator import SourceRoutedEvaluator

__all__ = ['SourceRoutedEvaluator']
