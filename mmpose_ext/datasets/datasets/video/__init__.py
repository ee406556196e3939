from .amass_motion import AMASSMotion
from .base_clip_dataset import BaseClipDataset
from .clip_file import ClipFile, read_clip_file, write_clip_file
from .cut_clips import Clips, cut_clips
from .feature_manifest import FeatureManifest, rows_crc32
from .few_shot_subset import FewShotSubset
from .insta_variety_video import InstaVarietyVideo
from .mpi_inf_3dhp_video import MPIInf3DHPVideo
from .penn_action_video import PennActionVideo
from .pseudo_mask_dataset import PseudoMaskDataset
from .pw3d_video import PW3DVideo
from .shot_manifest import ShotManifest, check_disjoint
from .video_mesh_dataset import VideoMeshDataset

__all__ = [
    'AMASSMotion',
    'BaseClipDataset',
    'ClipFile',
    'Clips',
    'FeatureManifest',
    'FewShotSubset',
    'InstaVarietyVideo',
    'MPIInf3DHPVideo',
    'PW3DVideo',
    'PennActionVideo',
    'PseudoMaskDataset',
    'ShotManifest',
    'VideoMeshDataset',
    'check_disjoint',
    'cut_clips',
    'read_clip_file',
    'rows_crc32',
    'write_clip_file',
]
