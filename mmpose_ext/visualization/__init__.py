from mmpose_ext.visualization.animated_mesh import save_animated_mesh
from mmpose_ext.visualization.clip_files import save_clip_parameters
from mmpose_ext.visualization.clip_people import ClipFrame, read_clip
from mmpose_ext.visualization.clip_video import ClipPainter, save_clip_video
from mmpose_ext.visualization.contact_sheet import contact_sheet
from mmpose_ext.visualization.draw_keypoints import added_keypoints, draw_keypoints
from mmpose_ext.visualization.draw_mesh import overlay_meshes, person_colors, view_from
from mmpose_ext.visualization.edge_sheet import edge_sheet
from mmpose_ext.visualization.mesh_files import save_meshes, save_smpl_parameters
from mmpose_ext.visualization.mesh_people import MeshBodies, MeshPerson
from mmpose_ext.visualization.mesh_visualizer import MeshVisualizer
from mmpose_ext.visualization.motion_curves import motion_table, save_motion_curves
from mmpose_ext.visualization.training_sample import draw_training_sample
from mmpose_ext.visualization.union_visualizer import UnionVisualizer
from mmpose_ext.visualization.video_file import VideoFile

__all__ = [
    'ClipFrame',
    'ClipPainter',
    'MeshBodies',
    'MeshPerson',
    'MeshVisualizer',
    'UnionVisualizer',
    'VideoFile',
    'added_keypoints',
    'contact_sheet',
    'draw_keypoints',
    'draw_training_sample',
    'edge_sheet',
    'motion_table',
    'overlay_meshes',
    'person_colors',
    'read_clip',
    'save_animated_mesh',
    'save_clip_parameters',
    'save_clip_video',
    'save_meshes',
    'save_motion_curves',
    'save_smpl_parameters',
    'view_from',
]
