"""Bodies in SMPL's format: the user's own SMPL files, or a licence-free stand-in."""

from .body_model import BodyModel
from .joints import JOINTS, PARENTS
from .keypoint_sets import KEYPOINT_SETS, mirror_name
from .loading import load_body_model
from .mesh_joints import superset_regressor
from .regressors import body_parts, regressor
from .smpl_file import read_smpl_file, write_smpl_file
from .smpl_layer import SMPLLayer, SMPLOutput
from .spin_joints import spin_chain, spin_regressor
from .standin import STANDIN, load_standin, standin_vertex_ids, write_standin

__all__ = [
    'JOINTS',
    'KEYPOINT_SETS',
    'PARENTS',
    'STANDIN',
    'BodyModel',
    'SMPLLayer',
    'SMPLOutput',
    'body_parts',
    'load_body_model',
    'load_standin',
    'mirror_name',
    'read_smpl_file',
    'regressor',
    'spin_chain',
    'spin_regressor',
    'standin_vertex_ids',
    'superset_regressor',
    'write_smpl_file',
    'write_standin',
]
