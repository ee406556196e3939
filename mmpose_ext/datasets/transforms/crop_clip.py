"""Square crops around people, the same for images, features and targets."""

import random

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.fileio import get

from mmpose_ext.registry import TRANSFORMS

from .image_bytes import decode_image, image_shape, is_truncated


def square_crops(bbox_xywh: np.ndarray, scale: float = 1.2) -> np.ndarray:
    """Squares around boxes.

    Args:
        bbox_xywh: Left, top, width and height of tight boxes in pixels, (N, 4 or more).
        scale: Side of a square in sides of its box's larger side.

    Returns:
        Centre and side in pixels, (N, 3) float64.
    """
    boxes = np.asarray(bbox_xywh, np.float64)
    centre = boxes[:, :2] + boxes[:, 2:4] / 2
    return np.concatenate([centre, scale * boxes[:, 2:4].max(axis=1, keepdims=True)], axis=1)


def crop_matrices(crops: np.ndarray, input_size: int) -> np.ndarray:
    """Affine maps from pixels of images to pixels of their crops.

    As in MMPose, the centre goes to ``input_size / 2``; -1 and 1 of normalised targets are the
    pixels 0 and ``input_size``.

    Args:
        crops: Centre and side, (N, 3), see :func:`square_crops`.
        input_size: Side of the crop in its own pixels.

    Returns:
        (N, 2, 3) float64, as OpenCV's ``warpAffine`` takes them.
    """
    crops = np.asarray(crops, np.float64)
    matrices = np.zeros((len(crops), 2, 3))
    factor = input_size / crops[:, 2]
    matrices[:, 0, 0] = matrices[:, 1, 1] = factor
    matrices[:, :, 2] = input_size / 2 - factor[:, None] * crops[:, :2]
    return matrices


def normalize_points(points: np.ndarray, crops: np.ndarray) -> np.ndarray:
    """Pixels of images to [-1, 1] of their crops.

    Args:
        points: (N, K, 2) in pixels.
        crops: Centre and side, (N, 3).
    """
    crops = np.asarray(crops, np.float64)
    return 2 * (points - crops[:, None, :2]) / crops[:, None, 2:]


def read_crop(
    path: str, crop: np.ndarray, input_size: int, backend_args: dict | None = None
) -> np.ndarray:
    """Read an image and cut a square out of it in one warp.

    A JPEG is decoded at 1/2, 1/4 or 1/8 of its size where the crop shrinks it at least as much.

    Args:
        path: Path, or an address that MMEngine's file backends know.
        crop: Centre and side in pixels of the image, (3,).
        input_size: Side of the result.
        backend_args: Arguments of MMEngine's file backend.

    Returns:
        (input_size, input_size, 3) uint8, BGR, black outside of the image.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no image, or its end is missing.
    """
    return warp_crop(read_image_bytes(path, backend_args), path, crop, input_size)


def read_image_bytes(path: str, backend_args: dict | None = None, what: str = 'image') -> bytes:
    """Read an encoded image, and check that all of it is there."""
    try:
        data: bytes = get(path, backend_args)
    except FileNotFoundError as error:
        raise FileNotFoundError(f'{what} {path!r} does not exist') from error
    if is_truncated(data):
        raise ValueError(
            f'{what} {path!r} is truncated: its end is missing after {len(data)} bytes'
        )
    return data


def warp_crop(data: bytes, path: str, crop: np.ndarray, input_size: int) -> np.ndarray:
    """Cut a square out of an encoded image, see :func:`read_crop`."""
    reduction = 1
    if image_shape(data) is not None:
        shrink = max(crop[2] / input_size, 1)
        reduction = next(factor for factor in (8, 4, 2, 1) if factor <= shrink)
    image = decode_image(data, reduction)
    if image is None:
        raise ValueError(f'image {path!r} cannot be decoded ({len(data)} bytes)')
    matrix = crop_matrices(np.asarray(crop)[None], input_size)[0]
    # Pixel x of a reduced image has its centre at reduction * (x + 1/2) - 1/2 of the full one.
    matrix[:, 2] += matrix[:, :2].sum(axis=1) * (reduction - 1) / 2
    matrix[:, :2] *= reduction
    return cv2.warpAffine(image, matrix, (input_size, input_size), flags=cv2.INTER_LINEAR)


@TRANSFORMS.register_module()
class CropClip(BaseTransform):
    """Choose the square crop of every frame, and normalise the 2D targets with it.

    Images and masks are cut by the transforms that load them, after this one. The scale is that of
    the dataset, which is that of its features.

    Required Keys:
        - bbox_xywh, crop_scale, keypoints

    Modified Keys:
        - keypoints: (T, 49, 2) in [-1, 1] of the crop; 0 where nothing is known

    Added Keys:
        - crops: centre and side, (T, 3) float64
        - bboxes: left, top, right and bottom of the crops in pixels of the image, (T, 4) float32

    Args:
        scale_jitter: The crop's side is multiplied by up to 1 plus or minus this, once per clip.
            Off by default; precomputed features cannot follow.
        shift_jitter: The crop is moved by up to this share of its side in x and in y, once per
            clip.

    Raises:
        ValueError: If a jitter is not in [0, 1).
    """

    def __init__(self, scale_jitter: float = 0.0, shift_jitter: float = 0.0) -> None:
        for name, value in (('scale_jitter', scale_jitter), ('shift_jitter', shift_jitter)):
            if not 0 <= value < 1:
                raise ValueError(f'{name} got {value!r}, expected a number from 0 to below 1')
        self.scale_jitter = scale_jitter
        self.shift_jitter = shift_jitter

    def transform(self, results: dict) -> dict:
        """Crop.

        Raises:
            ValueError: If crops are to be jittered, but features are precomputed.
        """
        crops = square_crops(results['bbox_xywh'], results['crop_scale'])
        if self.scale_jitter or self.shift_jitter:
            if 'features' in results:
                raise ValueError(
                    f'{results.get("video_id")}: got features and a jittered crop, but features '
                    'are of the crop they were made with'
                )
            move = np.array([random.uniform(-1, 1) for _ in range(3)])
            crops[:, :2] += self.shift_jitter * move[:2] * crops[:, 2:]
            crops[:, 2] *= 1 + self.scale_jitter * move[2]
        half = crops[:, 2:] / 2
        known = results['keypoints_visible'][..., None] > 0
        points = np.where(known, normalize_points(results['keypoints'], crops), 0)
        results['keypoints'] = points.astype(np.float32)
        results['crops'] = crops
        results['bboxes'] = np.concatenate(
            [crops[:, :2] - half, crops[:, :2] + half], axis=1
        ).astype(np.float32)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(scale_jitter={self.scale_jitter}, '
            f'shift_jitter={self.shift_jitter})'
        )
