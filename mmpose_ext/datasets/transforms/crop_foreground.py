import random
from typing import NamedTuple

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmpose_ext.registry import TRANSFORMS

from .crop_clip import crop_matrices, read_image_bytes, square_crops, warp_crop
from .image_bytes import image_shape
from .mask_files import read_mask

IGNORED = 255
"""Label of pixels of which nothing is known."""


class SquareChange(NamedTuple):
    """How a crop differs from the plain square."""

    scale: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    flip: bool = False


@TRANSFORMS.register_module()
class CropForeground(BaseTransform):
    """Read an image and the mask of its person, and cut the same square out of both.

    Required Keys:
        - img_path, mask_path
        - bbox_xywh: (4,)

    Added Keys:
        - img: (S, S, 3) uint8, BGR, black outside of the image
        - foreground: (S, S) uint8: 1 on the person, 0 elsewhere, ``outside`` out of the image
        - crop: centre and side in pixels of the image, (3,)
        - flip, ori_shape, input_size, img_shape

    Args:
        input_size: Side S of the crop in pixels.
        scale: Side of the square in sides of the box's larger side.
        scale_jitter: The side is multiplied by up to 1 plus or minus this.
        shift_jitter: The square is moved by up to this share of its side in x and in y.
        flip_prob: Probability of mirroring.
        threshold: Certainty from which a pixel of a soft mask is foreground.
        outside: Label of pixels that do not lie in the image: 255, which is ignored, or 0. Masks
            that are read for clips are 0 there, and only what was learned keeps a segmentor from
            seeing people there.
        backend_args: Arguments of MMEngine's file backend.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        input_size: int = 520,
        scale: float = 1.2,
        scale_jitter: float = 0.0,
        shift_jitter: float = 0.0,
        flip_prob: float = 0.0,
        threshold: float = 0.2,
        outside: int = IGNORED,
        backend_args: dict | None = None,
    ) -> None:
        if input_size < 1:
            raise ValueError(f'input_size got {input_size!r}, expected at least 1')
        if not scale > 0:
            raise ValueError(f'scale got {scale!r}, expected a positive number')
        for name, value in (('scale_jitter', scale_jitter), ('shift_jitter', shift_jitter)):
            if not 0 <= value < 1:
                raise ValueError(f'{name} got {value!r}, expected a number from 0 to below 1')
        for name, value in (('flip_prob', flip_prob), ('threshold', threshold)):
            if not 0 <= value <= 1:
                raise ValueError(f'{name} got {value!r}, expected a number from 0 to 1')
        if outside not in (0, IGNORED):
            raise ValueError(f'outside got {outside!r}, expected 0 or {IGNORED}')
        self.input_size = input_size
        self.scale = scale
        self.scale_jitter = scale_jitter
        self.shift_jitter = shift_jitter
        self.flip_prob = flip_prob
        self.threshold = threshold
        self.outside = outside
        self.backend_args = backend_args

    @cache_randomness
    def _choose(self) -> SquareChange:
        return SquareChange(
            1 + self.scale_jitter * random.uniform(-1, 1),
            self.shift_jitter * random.uniform(-1, 1),
            self.shift_jitter * random.uniform(-1, 1),
            random.random() < self.flip_prob,
        )

    def transform(self, results: dict) -> dict:
        """Read and cut.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If a file is damaged, or image and mask have different sizes.
        """
        change = self._choose()
        crop = square_crops(np.asarray(results['bbox_xywh'])[None], self.scale)[0]
        crop[:2] += crop[2] * np.array([change.shift_x, change.shift_y])
        crop[2] *= change.scale
        data = read_image_bytes(results['img_path'], self.backend_args)
        mask = read_mask(results['mask_path'], self.backend_args)
        shape = image_shape(data)
        if shape is None:
            decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            shape = None if decoded is None else decoded.shape[:2]
        image = warp_crop(data, results['img_path'], crop, self.input_size)
        if mask.shape != shape:
            raise ValueError(
                f'mask {results["mask_path"]!r} got height and width {mask.shape}, expected '
                f'{shape} as {results["img_path"]!r} has: it was made for another image'
            )
        foreground = self._warp_mask(mask, crop)
        if change.flip:
            image, foreground = image[:, ::-1], foreground[:, ::-1]
        size = (self.input_size, self.input_size)
        results.update(
            img=np.ascontiguousarray(image),
            foreground=np.ascontiguousarray(foreground),
            crop=crop,
            flip=change.flip,
            ori_shape=shape,
            img_shape=size,
            input_size=size,
        )
        return results

    def _warp_mask(self, mask: np.ndarray, crop: np.ndarray) -> np.ndarray:
        size = (self.input_size, self.input_size)
        matrix = crop_matrices(crop[None], self.input_size)[0]
        # Cut first: interpolating a soft mask would move the outline.
        inside = np.uint8(255) * (mask >= 255 * self.threshold)
        foreground = (cv2.warpAffine(inside, matrix, size) >= 128).astype(np.uint8)
        position = np.arange(self.input_size)
        for axis, length in enumerate(mask.shape):
            # Rows first; the map's first line is that of x.
            line = matrix[1 - axis]
            source = (position - line[2]) / line[1 - axis]
            outside = (source < -0.5) | (source > length - 0.5)
            foreground[outside if axis == 0 else np.s_[:, outside]] = self.outside
        return foreground

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.input_size}, scale={self.scale}, '
            f'scale_jitter={self.scale_jitter}, shift_jitter={self.shift_jitter}, '
            f'flip_prob={self.flip_prob}, threshold={self.threshold}, '
            f'outside={self.outside}, backend_args={self.backend_args})'
        )
