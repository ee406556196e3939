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
from .video_library import (
    MPI_INF_3DHP17,
    MPI_INF_3DHP28,
    OPENPOSE25,
    PENN13,
    PENN14,
    SPIN24,
    SPIN49,
    spin49_map,
)

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
    'MPI_INF_3DHP17',
    'MPI_INF_3DHP28',
    'MUCO21',
    'MUPOTS17',
    'OPENPOSE18',
    'OPENPOSE25',
    'PENN13',
    'PENN14',
    'POSETRACK18',
    'SHARED12',
    'SIGMA_SETS',
    'SPIN24',
    'SPIN49',
    'SUPERSET30',
    'UNION21',
    'KeypointMap',
    'Skeleton',
    'get_skeleton',
    'sigmas_of',
    'spin49_map',
    'superset_map',
    'union',
]
