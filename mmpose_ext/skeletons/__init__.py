"""What a keypoint is: skeletons, maps between them, and the library of known ones."""

from .keypoint_map import KeypointMap
from .library import (
    AIC14,
    COCO17,
    CROWDPOSE14,
    HALPE26,
    HALPE136,
    MPII16,
    POSETRACK18,
    SHARED12,
    UNION21,
    get_skeleton,
)
from .mesh_library import (
    GRAPH15,
    H36M17,
    LSP14,
    MUCO21,
    MUPOTS17,
    OPENPOSE18,
    SUPERSET30,
    superset_map,
)
from .sigmas import SIGMA_SETS, sigmas_of
from .skeleton import Skeleton
from .union import union

__all__ = [
    'AIC14',
    'COCO17',
    'CROWDPOSE14',
    'GRAPH15',
    'H36M17',
    'HALPE26',
    'HALPE136',
    'LSP14',
    'MPII16',
    'MUCO21',
    'MUPOTS17',
    'OPENPOSE18',
    'POSETRACK18',
    'SHARED12',
    'SIGMA_SETS',
    'SUPERSET30',
    'UNION21',
    'KeypointMap',
    'Skeleton',
    'get_skeleton',
    'sigmas_of',
    'superset_map',
    'union',
]
