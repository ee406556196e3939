from mmpose_ext.visualization.contact_sheet import contact_sheet
from mmpose_ext.visualization.draw_keypoints import added_keypoints, draw_keypoints
from mmpose_ext.visualization.draw_mesh import overlay_meshes, person_colors, view_from
from mmpose_ext.visualization.edge_sheet import edge_sheet
from mmpose_ext.visualization.mesh_files import save_meshes, save_smpl_parameters
from mmpose_ext.visualization.mesh_people import MeshBodies, MeshPerson
from mmpose_ext.visualization.mesh_visualizer import MeshVisualizer
from mmpose_ext.visualization.training_sample import draw_training_sample
from mmpose_ext.visualization.union_visualizer import UnionVisualizer

__all__ = [
    'MeshBodies',
    'MeshPerson',
    'MeshVisualizer',
    'UnionVisualizer',
    'added_keypoints',
    'contact_sheet',
    'draw_keypoints',
    'draw_training_sample',
    'edge_sheet',
    'overlay_meshes',
    'person_colors',
    'save_meshes',
    'save_smpl_parameters',
    'view_from',
]
