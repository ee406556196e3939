from .coco_ground_truth import count_labels, load_ground_truth
from .evaluated_joints import EvaluatedJoints
from .gendered_bodies import GenderedBodies
from .joint_errors import AUC_THRESHOLDS, auc, joint_distances, mpjpe, mpvpe, pa_mpjpe, pck3d
from .mesh_protocol import PROTOCOLS, MeshProtocol
from .sparse_regressor import SparseRegressor
from .table import format_table, summary

__all__ = [
    'AUC_THRESHOLDS',
    'PROTOCOLS',
    'EvaluatedJoints',
    'GenderedBodies',
    'MeshProtocol',
    'SparseRegressor',
    'auc',
    'count_labels',
    'format_table',
    'joint_distances',
    'load_ground_truth',
    'mpjpe',
    'mpvpe',
    'pa_mpjpe',
    'pck3d',
    'summary',
]
