"""Z-buffer rasterisation of triangle meshes on the CPU."""

from .interpolation import barycentrics, interpolate
from .rasterizer import RasterResult, rasterize
from .shading import shade_flat, shade_smooth, vertex_normals
from .visibility import amodal_masks, visible_points

__all__ = [
    'RasterResult',
    'amodal_masks',
    'barycentrics',
    'interpolate',
    'rasterize',
    'shade_flat',
    'shade_smooth',
    'vertex_normals',
    'visible_points',
]
