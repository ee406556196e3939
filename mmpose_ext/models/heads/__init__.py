from mmpose_ext.models.heads.graph_convolution import GraphConvolution, normalized_adjacency
from mmpose_ext.models.heads.graph_mesh_head import GraphMeshHead, MeshParameters
from mmpose_ext.models.heads.ocr_head import OCRHead, OCRLogits
from mmpose_ext.models.heads.smpl_iterative_head import SMPLIterativeHead, SMPLParameters
from mmpose_ext.models.heads.soft_argmax_3d_head import JointPositions, SoftArgmax3DHead

__all__ = [
    'GraphConvolution',
    'GraphMeshHead',
    'JointPositions',
    'MeshParameters',
    'OCRHead',
    'OCRLogits',
    'SMPLIterativeHead',
    'SMPLParameters',
    'SoftArgmax3DHead',
    'normalized_adjacency',
]
