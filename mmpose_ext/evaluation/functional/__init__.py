from .coco_ground_truth import count_labels, load_ground_truth
from .evaluated_joints import EvaluatedJoints
from .table import format_table, summary

__all__ = ['EvaluatedJoints', 'count_labels', 'format_table', 'load_ground_truth', 'summary']
