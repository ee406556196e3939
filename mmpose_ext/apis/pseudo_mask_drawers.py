"""What draws the foreground masks that are kept as files. Drawers are sent to worker processes."""

import functools
import json
import zlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mmpose_ext.apis.edge_images import fingerprint
from mmpose_ext.apis.mmdet_mask_adapter import MMDetMaskAdapter
from mmpose_ext.apis.pseudo_masks import PseudoMaskGenerator
from mmpose_ext.body_models import BodyModel, load_body_model
from mmpose_ext.datasets.datasets.video.clip_file import ClipFile
from mmpose_ext.datasets.transforms import LoadEncodedImage
from mmpose_ext.datasets.transforms.image_bytes import decode_image
from mmpose_ext.geometry import PinholeCamera
from mmpose_ext.models.weight_files import local_copy
from mmpose_ext.rendering import rasterize
from mmpose_ext.skeletons import get_skeleton


class MaskFrame(NamedTuple):
    """A person in a frame.

    Args:
        img_path: The image.
        values: What a drawer reads of the person, in its own order.
        gender: Of the SMPL body.
    """

    img_path: str
    values: tuple[np.ndarray, ...]
    gender: str = 'neutral'


class MaskDrawer(ABC):
    """Draws the foreground mask of a person.

    Attributes:
        columns: Names of the columns of a clip file that it needs.
        binary: Whether masks have no values but zero and one.
    """

    columns: tuple[str, ...]
    binary: bool

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """All but the images and people that the masks depend on, as plain data."""

    @abstractmethod
    def draw(self, frame: MaskFrame) -> np.ndarray:
        """Draw a mask.

        Returns:
            (H, W) float32 in 0..1, of the image's size.

        Raises:
            ValueError: If the image cannot be read.
        """

    def usable_rows(self, table: ClipFile) -> np.ndarray:
        """Which rows have what is needed, (N,) bool."""
        return np.ones(len(table), bool)


class PseudoMaskDrawer(MaskDrawer):
    """Masks of instance segmentors and keypoints, see :class:`PseudoMaskGenerator`.

    Args:
        skeleton: Name of the keypoints' convention.
        detectors: Config and checkpoint of each segmentor; without any, the keypoints alone.
        device: Where to run them. Only on the CPU are masks the same bit by bit wherever made.
        **options: Further arguments of :class:`PseudoMaskGenerator`.

    Raises:
        FileNotFoundError: If a config or checkpoint does not exist.
        ValueError: If an option is unknown, or a checkpoint does not fit.
    """

    columns = ('keypoints2d', 'bbox_xywh')

    def __init__(
        self,
        skeleton: str,
        detectors: Sequence[tuple[str, str]] = (),
        device: str = 'cpu',
        **options: Any,
    ) -> None:
        self.binary = not detectors
        self._skeleton = skeleton
        self._detectors = tuple((str(config), str(file)) for config, file in detectors)
        self._device = device
        self._options = tuple(sorted(options.items()))
        # Before any worker: what is wrong is told once.
        self._generator()

    def settings(self) -> dict[str, Any]:
        detectors = []
        for adapter, (_, checkpoint) in zip(self._generator().detectors, self._detectors):
            network = json.dumps(adapter.settings(), default=str)
            with local_copy('instance segmentor', checkpoint, '') as path:
                weights = zlib.crc32(path.read_bytes())
            detectors.append([fingerprint(network.encode()), weights])
        return dict(skeleton=self._skeleton, detectors=detectors, **dict(self._options))

    def draw(self, frame: MaskFrame) -> np.ndarray:
        sample = LoadEncodedImage()(dict(img_path=frame.img_path))
        keypoints, bbox = frame.values
        if not self._detectors:
            return self._generator()(None, keypoints, bbox, sample['img_shape'])
        image = sample.get('img')
        if image is None:
            image = decode_image(sample['img_bytes'])
        if image is None:
            raise ValueError(f'image {frame.img_path!r} cannot be decoded')
        return self._generator()(image, keypoints, bbox)

    def _generator(self) -> PseudoMaskGenerator:
        return _load_generator(self._skeleton, self._detectors, self._device, self._options)


class SilhouetteDrawer(MaskDrawer):
    """Silhouettes of annotated SMPL bodies, as if nothing stood before them.

    Args:
        body_model: SMPL file or folder, see :func:`load_body_model`.
    """

    columns = ('smpl_pose', 'smpl_betas', 'smpl_transl', 'camera')
    binary = True

    def __init__(self, body_model: str | Path | None = None) -> None:
        self._body_model = None if body_model is None else str(body_model)
        _load_body(self._body_model, 'neutral')

    def settings(self) -> dict[str, Any]:
        body = _load_body(self._body_model, 'neutral')
        content = b''.join(
            np.ascontiguousarray(array, '<f4').tobytes()
            for array in (body.v_template, body.shapedirs, body.weights, body.J_regressor)
        )
        return dict(body=fingerprint(content))

    def draw(self, frame: MaskFrame) -> np.ndarray:
        height, width = LoadEncodedImage()(dict(img_path=frame.img_path))['img_shape']
        pose, betas, transl, matrix = frame.values
        body = _load_body(self._body_model, frame.gender)
        vertices, _ = body.skin(betas, pose.reshape(-1, 3), transl)
        camera = PinholeCamera(
            *(float(matrix[row, column]) for row, column in ((0, 0), (1, 1), (0, 2), (1, 2))),
            width=width,
            height=height,
        )
        seen = rasterize([vertices], body.faces, camera).face_ids >= 0
        return seen.astype(np.float32)

    def usable_rows(self, table: ClipFile) -> np.ndarray:
        return table.has_smpl > 0


@functools.lru_cache(maxsize=1)
def _load_generator(
    skeleton: str, detectors: tuple[tuple[str, str], ...], device: str, options: tuple
) -> PseudoMaskGenerator:
    adapters = [MMDetMaskAdapter(config, checkpoint, device) for config, checkpoint in detectors]
    return PseudoMaskGenerator(get_skeleton(skeleton), adapters, **dict(options))


@functools.lru_cache(maxsize=3)
def _load_body(path: str | None, gender: str) -> BodyModel:
    return load_body_model(path, gender)
