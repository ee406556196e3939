import random

import cv2
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpose.structures.bbox import flip_bbox
from mmpose.structures.keypoint import flip_keypoints

from mmpose_ext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomMirror(BaseTransform):
    """Mirror a person left to right, without touching pixels that are not decoded yet.

    The same as MMPose's ``RandomFlip``, except that an image read by :class:`LoadEncodedImage` is
    mirrored by the warp of :class:`TopdownAffineCanvas`.

    Required Keys:
        - img_shape
        - flip_indices
        - bbox, bbox_center, keypoints, keypoints_visible (optional)

    Modified Keys:
        - img, bbox, bbox_center, keypoints, keypoints_visible (those present)

    Added Keys:
        - flip
        - flip_direction
        - pending_flip (if the pixels are still to be mirrored)

    Args:
        prob: Probability.
    """

    def __init__(self, prob: float = 0.5) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob got {prob!r}, expected a number from 0 to 1')
        self.prob = prob

    @cache_randomness
    def _choose(self) -> bool:
        return random.random() < self.prob

    def transform(self, results: dict) -> dict:
        """Mirror box, keypoints, and the image or its mark."""
        results['flip'] = self._choose()
        results['flip_direction'] = 'horizontal' if results['flip'] else None
        if not results['flip']:
            return results
        height, width = results['img_shape']
        size = (width, height)
        if 'img' in results:
            results['img'] = cv2.flip(results['img'], 1)
        else:
            results['pending_flip'] = True
        for key, form in (('bbox', 'xyxy'), ('bbox_center', 'center')):
            if results.get(key) is not None:
                results[key] = flip_bbox(results[key], image_size=size, bbox_format=form)
        if results.get('keypoints') is not None:
            results['keypoints'], results['keypoints_visible'] = flip_keypoints(
                results['keypoints'],
                results['keypoints_visible'],
                image_size=size,
                flip_indices=results['flip_indices'],
            )
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob})'
