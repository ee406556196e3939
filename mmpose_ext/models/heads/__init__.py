from mmpose_ext.models.heads.graph_convolution import GraphConvolution, normalized_adjacency
from mmpose_ext.models.heads.graph_mesh_head import GraphMeshHead, MeshParameters
from mmpose_ext.models.heads.soft_argmax_3d_head import JointPositions, SoftArgmax3DHead

__all__ = [
    'GraphConvolution',
    'GraphMeshHead',
    'JointPositions',
    'MeshParameters',
    'SoftArgmax3DHead',
    'normalized_adjacency',
]
