import random

from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from mmpose_ext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class CoarseDropout(BaseTransform):
    """Black out one rectangle, as Albumentations' ``CoarseDropout`` with one hole does.

    The rectangle lies in the student's input, and its size is a fraction of that, also on a larger
    canvas: the student sees what it would see without a canvas, and teachers see the same
        occlusion.

    Args:
        height: Least and greatest height, as fractions of the input's.
        width: Least and greatest width, as fractions of the input's.
        prob: Probability.
    """

    def __init__(
        self,
        height: tuple[float, float] = (0.2, 0.4),
        width: tuple[float, float] = (0.2, 0.4),
        prob: float = 1.0,
    ) -> None:
        for name, (low, high) in dict(height=height, width=width).items():
            if not 0 < low <= high <= 1:
                raise ValueError(f'{name} got {(low, high)}, expected 0 < least <= greatest <= 1')
        self.height = tuple(height)
        self.width = tuple(width)
        self.prob = prob

    @cache_randomness
    def _choose(self) -> tuple[float, ...] | None:
        """Height, width, top and left, as fractions of what they can be at most."""
        if random.random() >= self.prob:
            return None
        return (
            random.uniform(*self.height),
            random.uniform(*self.width),
            random.random(),
            random.random(),
        )

    def transform(self, results: dict) -> dict:
        """Black out a part of ``img``, in place."""
        hole = self._choose()
        if hole is None:
            return results
        image = results['img']
        canvas_height, canvas_width = image.shape[:2]
        width, height = results.get('input_size', (canvas_width, canvas_height))
        rows, columns = int(height * hole[0]), int(width * hole[1])
        top = (canvas_height - height) // 2 + int((height - rows + 1) * hole[2])
        left = (canvas_width - width) // 2 + int((width - columns + 1) * hole[3])
        image[top : top + rows, left : left + columns] = 0
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(height={self.height}, width={self.width}, prob={self.prob})'
