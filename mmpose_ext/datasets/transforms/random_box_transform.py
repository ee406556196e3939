import numpy as np
from mmpose.datasets.transforms import RandomBBoxTransform
from scipy.special import ndtr, ndtri

from mmpose_ext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomBoxTransform(RandomBBoxTransform):
    """MMPose's ``RandomBBoxTransform`` with a faster truncated normal distribution.

    ``scipy.stats.truncnorm`` takes about 0.25 ms per call, more than mirroring, half-body selection
    and packing.
    """

    @staticmethod
    def _truncnorm(low: float = -1.0, high: float = 1.0, size: tuple = ()) -> np.ndarray:
        """Invert the distribution function of a normal distribution cut to [low, high]."""
        return ndtri(np.random.uniform(ndtr(low), ndtr(high), size)).astype(np.float32)  # noqa: NPY002
