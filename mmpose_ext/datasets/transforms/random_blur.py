import random
from collections.abc import Sequence

import cv2
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmpose_ext.registry import TRANSFORMS

_METHODS = dict(mean=lambda image, size: cv2.blur(image, (size, size)), median=cv2.medianBlur)


@TRANSFORMS.register_module()
class RandomBlur(BaseTransform):
    """Blur the image now and then, as Albumentations' ``Blur`` and ``MedianBlur`` do.

    Args:
        method: ``'mean'`` or ``'median'``.
        prob: Probability.
        kernel_sizes: Odd sizes in pixels, of which one is drawn.
    """

    def __init__(
        self, method: str = 'mean', prob: float = 0.1, kernel_sizes: Sequence[int] = (3, 5, 7)
    ) -> None:
        if method not in _METHODS:
            raise ValueError(f'method got {method!r}, expected one of {sorted(_METHODS)}')
        if any(size < 1 or size % 2 == 0 for size in kernel_sizes):
            raise ValueError(f'kernel_sizes got {kernel_sizes!r}, expected odd numbers')
        self.method = method
        self.prob = prob
        self.kernel_sizes = tuple(kernel_sizes)

    @cache_randomness
    def _choose(self) -> int:
        """The kernel size, 0 for none."""
        if random.random() >= self.prob:
            return 0
        return random.choice(self.kernel_sizes)

    def transform(self, results: dict) -> dict:
        """Blur ``img``."""
        size = self._choose()
        if size:
            results['img'] = _METHODS[self.method](results['img'], size)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(method={self.method!r}, prob={self.prob}, '
            f'kernel_sizes={self.kernel_sizes})'
        )
