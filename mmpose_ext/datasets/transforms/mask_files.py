"""Foreground masks as files: a PNG per frame, or run lengths of a whole track in a COCO file."""

import functools
import json
from typing import Any

import cv2
import numpy as np

from .crop_clip import read_image_bytes


def mask_entry(file: str, image: int) -> str:
    """How a clip file names a mask in a COCO file: the file, ``#`` and the image's id."""
    return f'{file}#{image}'


def mask_file(path: str) -> str:
    """The file that a mask lies in."""
    file, _, _ = path.rpartition('#')
    return file if file.endswith('.json') else path


def read_mask(path: str, backend_args: dict | None = None) -> np.ndarray:
    """Read a mask.

    Args:
        path: A grayscale image, or ``file.json#id`` of an image in a COCO file.
        backend_args: Arguments of MMEngine's file backend.

    Returns:
        Certainty of the foreground in 0..255, (H, W) uint8.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged, or has no such entry.
    """
    if not path or path.endswith('/'):
        raise ValueError(
            f'mask got {path!r}, expected a file: the frame has none. make_pseudo_masks.py makes '
            'one of every frame without --every'
        )
    file = mask_file(path)
    if file != path:
        return _decode_entry(file, path.rpartition('#')[2], _freeze(backend_args))
    data = read_image_bytes(path, backend_args, 'mask')
    content = np.frombuffer(data, np.uint8)
    mask = cv2.imdecode(content, cv2.IMREAD_GRAYSCALE) if content.size else None
    if mask is None:
        raise ValueError(f'mask {path!r} cannot be decoded ({len(data)} bytes)')
    return mask


def _decode_entry(file: str, image: str, backend_args: tuple) -> np.ndarray:
    from pycocotools import mask as coco_mask

    segments = _read_coco(file, backend_args)
    if image not in segments:
        raise ValueError(f'mask file {file!r} has no image {image!r}, only {len(segments)} others')
    return coco_mask.decode(segments[image]) * np.uint8(255)


# A worker reads the frames of a few tracks at a time.
@functools.lru_cache(maxsize=32)
def _read_coco(file: str, backend_args: tuple) -> dict[str, dict[str, Any]]:
    data = read_image_bytes(file, dict(backend_args) or None, 'mask file')
    try:
        content = json.loads(data)
        return {str(entry['image_id']): entry['segmentation'] for entry in content['annotations']}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f'mask file {file!r} is no COCO file with masks: {error}') from error


def _freeze(backend_args: dict | None) -> tuple:
    return tuple(sorted((backend_args or {}).items()))
