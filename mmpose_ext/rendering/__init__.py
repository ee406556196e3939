"""Z-buffer rasterisation of triangle meshes on the CPU, and edge maps of meshes and pictures."""

from .canny import canny_edges, canny_magnitude, check_kernel_size, dilate, sobel, to_gray
from .capsules import draw_capsule, keypoint_capsules
from .edges import (
    EDGE_MODES,
    EDGE_VALUES,
    EdgePerson,
    check_edge_settings,
    dilation_size,
    smpl_edge_map,
)
from .interpolation import barycentrics, interpolate
from .rasterizer import RasterResult, rasterize
from .shading import shade_flat, shade_smooth, vertex_normals
from .texture import smooth_texture
from .visibility import amodal_masks, visible_points

__all__ = [
    'EDGE_MODES',
    'EDGE_VALUES',
    'EdgePerson',
    'RasterResult',
    'amodal_masks',
    'barycentrics',
    'canny_edges',
    'canny_magnitude',
    'check_edge_settings',
    'check_kernel_size',
    'dilate',
    'dilation_size',
    'draw_capsule',
    'interpolate',
    'keypoint_capsules',
    'rasterize',
    'shade_flat',
    'shade_smooth',
    'smooth_texture',
    'smpl_edge_map',
    'sobel',
    'to_gray',
    'vertex_normals',
    'visible_points',
]
