"""Edge maps of segmented people."""

import functools
import json
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_ext.apis.edge_drawer import EdgeDrawer
from mmpose_ext.apis.edge_images import fingerprint
from mmpose_ext.datasets.transforms.image_bytes import decode_image
from mmpose_ext.models.edge_sources.mask_boundary import DEFAULT_SEGMENTOR, MaskBoundarySource
from mmpose_ext.models.weight_files import local_copy


class MaskEdgeDrawer(EdgeDrawer):
    """Boundaries of the people that an instance segmentor finds.

    Args:
        checkpoint: Its weights: file, URL or object store address.
        segmentor: Its config file, or ``mmdet::path`` of one that MMDetection ships.
        device: Where to run it. Only on the CPU are maps the same bit by bit wherever made.
        score_threshold: People found with a lower score are left out.
        thickness: Width of the lines in pixels, odd.
        person_label: The segmentor's number of the class of people.

    Raises:
        FileNotFoundError: If the config or the checkpoint does not exist.
        ValueError: If the checkpoint does not fit the config, or the thickness is not odd.
    """

    needs_people = False
    binary = True

    def __init__(
        self,
        checkpoint: str | Path,
        segmentor: str | Path = DEFAULT_SEGMENTOR,
        device: str = 'cpu',
        score_threshold: float = 0.5,
        thickness: int = 1,
        person_label: int = 0,
    ) -> None:
        self._arguments = (
            *(str(segmentor), str(checkpoint), device),
            *(score_threshold, thickness, person_label),
        )
        # Before any worker: what is wrong is told once.
        _load_segmentor(*self._arguments)

    def settings(self, genders: Collection[str]) -> dict[str, Any]:
        settings = _load_segmentor(*self._arguments).settings()
        network = json.dumps([settings.pop('model'), settings.pop('pipeline')], default=str)
        with local_copy('mask segmentor', self._arguments[1], '') as path:
            weights = zlib.crc32(path.read_bytes())
        return dict(
            kind='mask_edge_maps',
            segmentor=fingerprint(network.encode()),
            weights=weights,
            **settings,
        )

    def draw(self, sample: dict[str, Any]) -> np.ndarray:
        image = sample.get('img')
        if image is None:
            image = decode_image(sample['img_bytes'])
        if image is None:
            raise ValueError(f'image {sample["img_path"]!r} cannot be decoded')
        return _load_segmentor(*self._arguments).mask_edge_map(image)


@functools.lru_cache(maxsize=1)
def _load_segmentor(
    config: str,
    checkpoint: str,
    device: str,
    score_threshold: float,
    thickness: int,
    person_label: int,
) -> MaskBoundarySource:
    return MaskBoundarySource(config, checkpoint, device, score_threshold, thickness, person_label)
