from .joint_offset_metric import JointOffsetMetric
from .mask_iou import MaskIoU
from .mesh_metric import MeshMetric
from .pck3d_metric import PCK3DMetric
from .projected_oks_metric import ProjectedOKSMetric
from .projected_pckh_metric import ProjectedPCKhMetric
from .union_coco_metric import UnionCocoMetric
from .union_mpii_metric import UnionMpiiMetric
from .video_mesh_metric import VideoMeshMetric

__all__ = [
    'JointOffsetMetric',
    'MaskIoU',
    'MeshMetric',
    'PCK3DMetric',
    'ProjectedOKSMetric',
    'ProjectedPCKhMetric',
    'UnionCocoMetric',
    'UnionMpiiMetric',
    'VideoMeshMetric',
]
