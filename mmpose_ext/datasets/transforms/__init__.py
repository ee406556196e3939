from .coarse_dropout import CoarseDropout
from .corrupt_pose2d import CorruptPose2D
from .crop_clip import CropClip
from .crop_foreground import CropForeground
from .detect_edges import DetectEdges
from .generate_simcc_target import GenerateSimCCTarget
from .load_clip_images import LoadClipImages
from .load_clip_masks import LoadClipMasks
from .load_edge_map import LoadEdgeMap
from .load_encoded_image import LoadEncodedImage
from .mesh_topdown_affine import MeshTopdownAffine
from .pack_foreground_inputs import PackForegroundInputs
from .pack_mesh_inputs import PackMeshInputs
from .pack_motion_inputs import PackMotionInputs
from .pack_union_inputs import PackUnionInputs
from .pack_video_mesh_inputs import PackVideoMeshInputs
from .random_blur import RandomBlur
from .random_box_transform import RandomBoxTransform
from .random_hsv import RandomHSV
from .random_mirror import RandomMirror
from .render_smpl_edge import RenderSMPLEdge
from .topdown_affine_canvas import TopdownAffineCanvas

__all__ = [
    'CoarseDropout',
    'CorruptPose2D',
    'CropClip',
    'CropForeground',
    'DetectEdges',
    'GenerateSimCCTarget',
    'LoadClipImages',
    'LoadClipMasks',
    'LoadEdgeMap',
    'LoadEncodedImage',
    'MeshTopdownAffine',
    'PackForegroundInputs',
    'PackMeshInputs',
    'PackMotionInputs',
    'PackUnionInputs',
    'PackVideoMeshInputs',
    'RandomBlur',
    'RandomBoxTransform',
    'RandomHSV',
    'RandomMirror',
    'RenderSMPLEdge',
    'TopdownAffineCanvas',
]
