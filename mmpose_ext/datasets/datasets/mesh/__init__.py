from .balanced_mixed_dataset import BalancedMixedDataset
from .base_mesh_dataset import BaseMeshDataset
from .coco_mesh import CocoMesh
from .coco_style_mesh import CocoStyleMesh
from .crowdpose_mesh import CrowdPoseMesh
from .human36m_mesh import Human36MMesh
from .human_data_mesh import HumanDataMesh
from .lsp_mesh import LspMesh
from .mesh_people import ImageEntry, MeshPeople
from .mpii_mesh import MpiiMesh
from .muco_mesh import MuCoMesh
from .mupots_mesh import MuPoTSMesh
from .ochuman_mesh import OCHumanMesh
from .pw3d_mesh import PW3DMesh
from .rel_human_mesh import RelHumanMesh
from .smpl_fits import SMPLFits

__all__ = [
    'BalancedMixedDataset',
    'BaseMeshDataset',
    'CocoMesh',
    'CocoStyleMesh',
    'CrowdPoseMesh',
    'Human36MMesh',
    'HumanDataMesh',
    'ImageEntry',
    'LspMesh',
    'MeshPeople',
    'MpiiMesh',
    'MuCoMesh',
    'MuPoTSMesh',
    'OCHumanMesh',
    'PW3DMesh',
    'RelHumanMesh',
    'SMPLFits',
]
