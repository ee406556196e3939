import copy
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.logging import print_log
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData

from mmpose_ext.models.weight_files import read_weights
from mmpose_ext.registry import MODELS

DEFAULT_SEGMENTOR = 'mmdet::mask2former/mask2former_r50_8xb2-lsj-50e_coco.py'
"""Mask2Former with ResNet-50, the segmentor of Table 2 of SEFD."""

_HOMEPAGE = 'https://github.com/open-mmlab/mmdetection/tree/main/configs/mask2former'


def mask_boundaries(masks: np.ndarray, thickness: int = 1) -> np.ndarray:
    """Draw the boundaries of masks in one edge map.

    A pixel of a mask is on its boundary if one of its eight neighbours is outside of the mask. The
    border of the image bounds nothing. Where people overlap, both boundaries stay.

    Args:
        masks: Masks ``(N, H, W)``, zero or false outside.
        thickness: Width of the lines in pixels, odd; lines wider than one are drawn on both sides.

    Returns:
        Edge map ``(H, W)`` float32, zero or one.

    Raises:
        ValueError: If the masks are no stack, or the thickness is no odd positive number.
    """
    if masks.ndim != 3:
        raise ValueError(f'masks got shape {masks.shape}, expected (N, H, W)')
    check_thickness(thickness)
    edges = np.zeros(masks.shape[1:], np.uint8)
    neighbours = np.ones((3, 3), np.uint8)
    for mask in np.asarray(masks, bool).view(np.uint8):
        left, top, width, height = cv2.boundingRect(mask)
        # One pixel around the mask, so that only the image's border cuts it off.
        window = (
            slice(max(top - 1, 0), top + height + 1),
            slice(max(left - 1, 0), left + width + 1),
        )
        inner = cv2.erode(mask[window], neighbours)
        edges[window] |= mask[window] ^ inner
    if thickness > 1:
        edges = cv2.dilate(edges, np.ones((thickness, thickness), np.uint8))
    return edges.astype(np.float32)


def check_thickness(thickness: int) -> None:
    """Check a width of lines.

    Raises:
        ValueError: If it is no odd positive number.
    """
    if thickness < 1 or thickness % 2 == 0:
        raise ValueError(f'thickness got {thickness!r}, expected an odd positive number')


class MaskBoundarySource:
    """Boundaries of the people that an instance segmentor of MMDetection finds in whole images.

    Segmentation is too slow for the training loop: edge maps of this kind are made once, as files.

    Args:
        config: A config file, or ``mmdet::path`` of one that MMDetection ships; Mask2Former with
            ResNet-50 by default, as in Table 2 of `SEFD
            <https://github.com/YangChangHee/ICCV2023_SEFD_RELEASE>`_.
        checkpoint: File, URL or object store address of its weights.
        device: Where to run it.
        score_threshold: People found with a lower score are left out.
        thickness: Width of the lines in pixels, odd.
        person_label: The segmentor's number of the class of people, 0 in COCO.

    Raises:
        FileNotFoundError: If the config or the checkpoint does not exist.
        ValueError: If there is no checkpoint, it lacks weights of the config's model, or the
            thickness is no odd positive number.
    """

    def __init__(
        self,
        config: str | Path | Config = DEFAULT_SEGMENTOR,
        checkpoint: str | Path | None = None,
        device: str | torch.device = 'cpu',
        score_threshold: float = 0.5,
        thickness: int = 1,
        person_label: int = 0,
    ) -> None:
        if checkpoint is None:
            raise ValueError(
                'mask segmentor: checkpoint got None, expected the file with the weights of its '
                f'config; those of Mask2Former are listed at {_HOMEPAGE}'
            )
        check_thickness(thickness)
        self.score_threshold = score_threshold
        self.thickness = thickness
        self.person_label = person_label
        config = read_segmentor_config(config)
        # The types in its configs carry no scope.
        with DefaultScope.overwrite_default_scope('mmdet'):
            self.model = _build_segmentor(config, checkpoint).to(device)
            self._steps = _image_steps(config)
            self.pipeline = Compose(self._steps)
        self._network = config.model

    @torch.no_grad()
    def detect(self, image: np.ndarray) -> InstanceData:
        """Find things of all classes.

        Args:
            image: Image ``(H, W, 3)``, blue, green, red, uint8.

        Returns:
            N things: ``masks`` ``(N, H, W)``, ``labels``, ``scores`` and ``bboxes``.
        """
        with DefaultScope.overwrite_default_scope('mmdet'):
            packed = self.pipeline(dict(img=image, img_id=0))
            batch = dict(inputs=[packed['inputs']], data_samples=[packed['data_samples']])
            (result,) = self.model.test_step(batch)
        return result.pred_instances

    def person_masks(self, image: np.ndarray) -> np.ndarray:
        """Find people.

        Args:
            image: Image ``(H, W, 3)``, blue, green, red, uint8.

        Returns:
            Masks ``(N, H, W)``, bool.
        """
        found = self.detect(image)
        chosen = (found.labels == self.person_label) & (found.scores >= self.score_threshold)
        return torch.as_tensor(found.masks)[chosen].cpu().numpy().astype(bool)

    def mask_edge_map(self, image: np.ndarray) -> np.ndarray:
        """Draw the boundaries of the people in an image.

        Args:
            image: Image ``(H, W, 3)``, blue, green, red, uint8.

        Returns:
            Edge map ``(H, W)`` float32, zero or one.
        """
        return mask_boundaries(self.person_masks(image), self.thickness)

    def settings(self) -> dict[str, Any]:
        """All but the weights that the maps depend on: plain data, ``model`` and ``pipeline`` as
        in the config.
        """
        return dict(
            model=self._network.to_dict(),
            pipeline=self._steps,
            score_threshold=self.score_threshold,
            thickness=self.thickness,
            person_label=self.person_label,
        )


def read_segmentor_config(config: str | Path | Config) -> Config:
    """Read the config of an instance segmentor.

    Args:
        config: A config file, ``mmdet::path`` of one that MMDetection ships, or a config, which is
            copied.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the config has no model.
    """
    if isinstance(config, Config):
        return copy.deepcopy(config)
    found = get_config(config) if '::' in str(config) else Config.fromfile(config)
    if 'model' not in found:
        raise ValueError(
            f"mask segmentor: config {str(config)!r} got no 'model', expected one of MMDetection"
        )
    return found


def _build_segmentor(config: Config, checkpoint: str | Path) -> torch.nn.Module:
    import mmdet.models  # noqa: F401  registers what the config names

    weights = read_weights('mask segmentor', checkpoint, f'Weights are listed at {_HOMEPAGE}')
    model = revert_sync_batchnorm(MODELS.build(config.model))
    try:
        missing, unexpected = model.load_state_dict(weights, strict=False)
    except RuntimeError as error:
        raise ValueError(
            f'mask segmentor: checkpoint {str(checkpoint)!r} got weights of another model than its '
            f'config. {error}'
        ) from error
    if missing:
        raise ValueError(
            f'mask segmentor: checkpoint {str(checkpoint)!r} got no {missing}, expected all '
            'weights of its config'
        )
    if unexpected:
        print_log(f'mask segmentor: not used from {checkpoint}: {unexpected}', logger='current')
    return model.requires_grad_(False).eval()


def _image_steps(config: Config) -> list[dict]:
    from mmdet.utils import get_test_pipeline_cfg

    _, *steps = get_test_pipeline_cfg(config.copy())
    # There are no annotations to load.
    steps = [step for step in steps if 'Annotations' not in step['type']]
    return [dict(type='LoadImageFromNDArray'), *(dict(step) for step in steps)]
