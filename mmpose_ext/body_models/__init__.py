"""Bodies in SMPL's format: the user's own SMPL files, or a licence-free stand-in."""

from .body_model import BodyModel
from .joints import JOINTS, PARENTS
from .keypoint_sets import KEYPOINT_SETS, mirror_name
from .loading import load_body_model
from .regressors import body_parts, regressor
from .standin import STANDIN, load_standin, standin_vertex_ids, write_standin

__all__ = [
    'JOINTS',
    'KEYPOINT_SETS',
    'PARENTS',
    'STANDIN',
    'BodyModel',
    'body_parts',
    'load_body_model',
    'load_standin',
    'mirror_name',
    'regressor',
    'standin_vertex_ids',
    'write_standin',
]
