from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import Config

from mmpose_ext.models.edge_sources import MaskBoundarySource
from mmpose_ext.models.edge_sources.mask_boundary import read_segmentor_config

DEFAULT_DETECTORS = (
    'mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py',
    'mmdet::cascade_rcnn/cascade-mask-rcnn_r50_fpn_1x_coco.py',
)
"""Mask R-CNN and Cascade Mask R-CNN, the two that must agree on a pixel."""


class Detections(NamedTuple):
    """What an instance segmentor found in an image of N things.

    Args:
        masks: Certainty of every pixel in 0..1, (N, H, W) float32.
        scores: (N,) in 0..1.
        labels: Class numbers, (N,).
        boxes: Left, top, right, bottom in pixels, (N, 4).
    """

    masks: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray


class MMDetMaskAdapter:
    """An instance segmentor of MMDetection that answers with soft masks.

    Args:
        config: A config file, or ``mmdet::path`` of one that MMDetection ships.
        checkpoint: File, URL or object store address of its weights.
        device: Where to run it.

    Raises:
        FileNotFoundError: If the config or the checkpoint does not exist.
        ValueError: If there is no checkpoint, or it lacks weights of the config's model.
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path,
        device: str | torch.device = 'cpu',
    ) -> None:
        config = read_segmentor_config(config)
        stages = config.model.get('test_cfg') or {}
        if 'rcnn' in stages:
            # Below zero, masks come as 0..255 instead of being cut at a threshold.
            stages.rcnn.mask_thr_binary = -1
        self._source = MaskBoundarySource(config, checkpoint, device)

    def __call__(self, image: np.ndarray) -> Detections:
        """Find things.

        Args:
            image: Image (H, W, 3), blue, green, red, uint8.
        """
        found = self._source.detect(image)
        masks = torch.as_tensor(found.masks).cpu().numpy()
        scale = np.float32(1 / 255) if masks.dtype == np.uint8 else np.float32(1)
        scores, labels, boxes = (
            value.cpu().numpy() for value in (found.scores, found.labels, found.bboxes)
        )
        return Detections(masks * scale, scores, labels, boxes)

    def settings(self) -> dict[str, Any]:
        """All but the weights that the masks depend on, as plain data."""
        settings = self._source.settings()
        return dict(model=settings['model'], pipeline=settings['pipeline'])
