from mmpose_ext.visualization.contact_sheet import contact_sheet
from mmpose_ext.visualization.draw_keypoints import added_keypoints, draw_keypoints
from mmpose_ext.visualization.training_sample import draw_training_sample
from mmpose_ext.visualization.union_visualizer import UnionVisualizer

__all__ = [
    'UnionVisualizer',
    'added_keypoints',
    'contact_sheet',
    'draw_keypoints',
    'draw_training_sample',
]
