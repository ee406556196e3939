from .acceleration import acceleration, acceleration_error, consecutive_triples, whole_triples
from .coco_ground_truth import count_labels, load_ground_truth
from .evaluated_joints import EvaluatedJoints
from .gendered_bodies import GenderedBodies
from .joint_errors import AUC_THRESHOLDS, auc, joint_distances, mpjpe, mpvpe, pa_mpjpe, pck3d
from .mesh_comparison import MeshComparison
from .mesh_protocol import PROTOCOLS, MeshProtocol
from .sparse_regressor import SparseRegressor
from .table import format_table, summary

__all__ = [
    'AUC_THRESHOLDS',
    'PROTOCOLS',
    'EvaluatedJoints',
    'GenderedBodies',
    'MeshComparison',
    'MeshProtocol',
    'SparseRegressor',
    'acceleration',
    'acceleration_error',
    'auc',
    'consecutive_triples',
    'count_labels',
    'format_table',
    'joint_distances',
    'load_ground_truth',
    'mpjpe',
    'mpvpe',
    'pa_mpjpe',
    'pck3d',
    'summary',
    'whole_triples',
]
