import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.fileio import get

from mmpose_ext.registry import TRANSFORMS

from .image_bytes import decode_image, image_shape, is_truncated


@TRANSFORMS.register_module()
class LoadEncodedImage(BaseTransform):
    """Read an image file, but leave decoding to :class:`TopdownAffineCanvas`, which knows how much
    is needed.

    Formats whose size cannot be read without decoding are decoded at once. Augmentations of boxes
    may come between the two, augmentations of pixels only after :class:`TopdownAffineCanvas`.

    Required Keys:
        - img_path, or img

    Added Keys:
        - img_bytes (if not decoded)
        - img (if decoded)
        - img_shape
        - ori_shape

    Args:
        backend_args: Arguments of MMEngine's file backend.
    """

    def __init__(self, backend_args: dict | None = None) -> None:
        self.backend_args = backend_args

    def transform(self, results: dict) -> dict:
        """Read the file.

        Raises:
            ValueError: If the file is no image, or its end is missing.
        """
        if 'img' not in results:
            self._load(results)
        image = results.get('img')
        if image is not None:
            results.setdefault('img_path', None)
            results['img_shape'] = image.shape[:2]
        results['ori_shape'] = results['img_shape']
        return results

    def _load(self, results: dict) -> None:
        path = results['img_path']
        data: bytes = get(path, self.backend_args)
        if is_truncated(data):
            raise ValueError(
                f'image {path!r} is truncated: its end is missing after {len(data)} bytes'
            )
        shape = image_shape(data)
        if shape is not None:
            results['img_bytes'], results['img_shape'] = data, shape
            return
        image: np.ndarray | None = decode_image(data)
        if image is None:
            raise ValueError(f'image {path!r} cannot be decoded ({len(data)} bytes)')
        results['img'] = image

    def __repr__(self) -> str:
        return f'{type(self).__name__}(backend_args={self.backend_args})'
