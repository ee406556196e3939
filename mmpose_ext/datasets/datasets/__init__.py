from .body import UnionDataset
from .mesh import (
    BalancedMixedDataset,
    BaseMeshDataset,
    CocoMesh,
    CrowdPoseMesh,
    Human36MMesh,
    HumanDataMesh,
    LspMesh,
    MpiiMesh,
    MuCoMesh,
    MuPoTSMesh,
    OCHumanMesh,
    PW3DMesh,
    RelHumanMesh,
)

__all__ = [
    'BalancedMixedDataset',
    'BaseMeshDataset',
    'CocoMesh',
    'CrowdPoseMesh',
    'Human36MMesh',
    'HumanDataMesh',
    'LspMesh',
    'MpiiMesh',
    'MuCoMesh',
    'MuPoTSMesh',
    'OCHumanMesh',
    'PW3DMesh',
    'RelHumanMesh',
    'UnionDataset',
]
