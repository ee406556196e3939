import numpy as np
from mmcv.transforms import BaseTransform

from mmpose_ext.registry import TRANSFORMS
from mmpose_ext.rendering import (
    EDGE_VALUES,
    canny_edges,
    canny_magnitude,
    check_kernel_size,
    dilate,
    smooth_texture,
    sobel,
    to_gray,
)
from mmpose_ext.rendering.canny import HIGH

EDGE_KEYS = ('edge', 'teacher_edge')
METHODS = ('canny', 'sobel', 'rtv')


@TRANSFORMS.register_module()
class DetectEdges(BaseTransform):
    """Find the edges that an image itself shows.

    Used after the crop is cut, the map is that of the augmented crop.

    Required Keys:
        - img: (H, W, 3) uint8, BGR

    Added Keys:
        - edge, or what ``key`` says: (H, W) float32; 0 or 1 for ``'binary'``, not clipped for
          ``'magnitude'``

    Args:
        method: ``'canny'``; ``'sobel'``, the gradient that is not thinned out; or ``'rtv'``, Canny
            after texture has been smoothed away, which takes half a second for a crop.
        dilation: Side of the dilation kernel in pixels, odd; 0 for none.
        values: ``'binary'``, or ``'magnitude'`` for the length of the gradient, which SEFD's code
            feeds its student: 2.6 for a step of the whole range.
        swapped_gray: Weight red as if it were blue and the other way round, as SEFD's code does.
        key: ``'edge'``, or ``'teacher_edge'`` for a teacher's map beside the student's.

    Raises:
        ValueError: If an argument is unknown.
    """

    def __init__(
        self,
        method: str = 'canny',
        dilation: int = 5,
        values: str = 'binary',
        swapped_gray: bool = False,
        key: str = 'edge',
    ) -> None:
        for name, value, known in (('method', method, METHODS), ('values', values, EDGE_VALUES)):
            if value not in known:
                raise ValueError(f'{name} got {value!r}, expected one of {list(known)}')
        check_kernel_size(dilation)
        check_edge_key(key)
        self.method = method
        self.dilation = dilation
        self.values = values
        self.swapped_gray = swapped_gray
        self.key = key

    def transform(self, results: dict) -> dict:
        """Add the map."""
        edges = dilate(self._detect(results['img']), self.dilation)
        results[self.key] = edges.astype(np.float32, copy=False)
        return results

    def _detect(self, image: np.ndarray) -> np.ndarray:
        if self.values == 'magnitude':
            # An 8-bit grey would round away what the magnitude still shows.
            image = image.astype(np.float32) / 255
        gray = to_gray(image, self.swapped_gray)
        if self.method == 'rtv':
            gray = smooth_texture(gray)
        if self.method == 'sobel':
            gradient = sobel(gray)
            return (gradient > HIGH).astype(np.uint8) if self._binary else gradient
        return canny_edges(gray) if self._binary else canny_magnitude(gray)

    @property
    def _binary(self) -> bool:
        return self.values == 'binary'

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(method={self.method!r}, dilation={self.dilation}, '
            f'values={self.values!r}, swapped_gray={self.swapped_gray}, key={self.key!r})'
        )


def check_edge_key(key: str) -> None:
    """Raise ValueError if an edge map is to go where no later transform looks for one."""
    if key not in EDGE_KEYS:
        raise ValueError(f'key got {key!r}, expected one of {list(EDGE_KEYS)}')
