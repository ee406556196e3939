"""Edge maps of fitted bodies."""

import zlib
from collections.abc import Collection
from typing import Any

import numpy as np

from mmpose_ext.apis.edge_drawer import EdgeDrawer
from mmpose_ext.body_models import BodyModel
from mmpose_ext.datasets.transforms import RenderSMPLEdge


class SMPLEdgeDrawer(EdgeDrawer):
    """Edges of everybody's fitted body.

    Args:
        renderer: How they are drawn; in image space.

    Raises:
        ValueError: If the renderer draws crops.
    """

    needs_people = True

    def __init__(self, renderer: RenderSMPLEdge) -> None:
        if renderer.space != 'image':
            raise ValueError(f"renderer got space {renderer.space!r}, expected 'image'")
        self.renderer = renderer
        self.binary = renderer.values == 'binary'

    def settings(self, genders: Collection[str]) -> dict[str, Any]:
        renderer = self.renderer
        return dict(
            kind='smpl_edge_maps',
            mode=renderer.mode,
            values=renderer.values,
            dilation=renderer.dilation,
            bodies={gender: _body_checksum(renderer.body(gender)) for gender in sorted(genders)},
        )

    def draw(self, sample: dict[str, Any]) -> np.ndarray:
        return self.renderer(sample)[self.renderer.key]


def _body_checksum(body: BodyModel) -> int:
    checksum = 0
    for array in (body.v_template, body.shapedirs, body.J_regressor, body.weights, body.faces):
        checksum = zlib.crc32(np.ascontiguousarray(array), checksum)
    if body.posedirs is not None:
        checksum = zlib.crc32(np.ascontiguousarray(body.posedirs), checksum)
    return checksum
