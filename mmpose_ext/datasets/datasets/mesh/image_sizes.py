"""Sizes of images whose annotations do not say them."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.fileio import get

from mmpose_ext.datasets.transforms.image_bytes import decode_image, image_shape

from .mesh_people import ImageEntry

_HEADER_BYTES = 1 << 16


def read_image_entries(paths: Sequence[str], ids: Sequence[int], title: str) -> list[ImageEntry]:
    """Look up the sizes of images in the files.

    Of a local JPEG only the header is read.

    Args:
        paths: Paths of the images.
        ids: Their ids.
        title: The dataset, the start of messages.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If one is no image.
    """
    entries = []
    for path, image_id in zip(paths, ids):
        shape = _shape(path, title)
        entries.append(ImageEntry(path, image_id, width=shape[1], height=shape[0]))
    return entries


def _shape(path: str, title: str) -> tuple[int, int]:
    if '://' not in path:
        if not Path(path).is_file():
            raise FileNotFoundError(f'{title}: image {path!r} is missing')
        with Path(path).open('rb') as stream:
            shape = image_shape(stream.read(_HEADER_BYTES))
        if shape is not None:
            return shape
    image = decode_image(get(path))
    if image is None:
        raise ValueError(f'{title}: image {path!r} cannot be decoded')
    return image.shape[:2]
