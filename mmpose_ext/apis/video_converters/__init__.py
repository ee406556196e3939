"""Converters of video datasets to clip files."""

from .amass import AMASSConverter
from .conversion import Converted, VideoConverter, convert_videos
from .insta_variety import convert_insta_variety
from .mpi_inf_3dhp import MPIInf3DHPConverter
from .mpi_inf_3dhp_test import MPIInf3DHPTestConverter
from .penn_action import PennActionConverter
from .pw3d import PW3DConverter
from .vibe_db import convert_vibe_db

__all__ = [
    'AMASSConverter',
    'Converted',
    'MPIInf3DHPConverter',
    'MPIInf3DHPTestConverter',
    'PW3DConverter',
    'PennActionConverter',
    'VideoConverter',
    'convert_insta_variety',
    'convert_vibe_db',
    'convert_videos',
]
