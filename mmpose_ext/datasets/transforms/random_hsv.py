import cv2
import numpy as np
from mmpose.datasets.transforms import YOLOXHSVRandomAug

from mmpose_ext.registry import TRANSFORMS

_LEVELS = np.arange(256)


@TRANSFORMS.register_module()
class RandomHSV(YOLOXHSVRandomAug):
    """YOLOX's random change of hue, saturation and value, by a look-up table.

    Gives the same pixels as MMPose's and MMDetection's ``YOLOXHSVRandomAug``. Where all three gains
    are drawn as 0 the image stays as it is; those convert it to HSV and back, which rounds.
    """

    def transform(self, results: dict) -> dict:
        """Change ``img``."""
        hue, saturation, value = (int(gain) for gain in self._get_hsv_gains())
        if not (hue or saturation or value):
            return results
        table = np.empty((1, 256, 3), np.uint8)
        table[0, :, 0] = (_LEVELS + hue) % 180
        table[0, :, 1] = np.clip(_LEVELS + saturation, 0, 255)
        table[0, :, 2] = np.clip(_LEVELS + value, 0, 255)
        image = cv2.cvtColor(results['img'], cv2.COLOR_BGR2HSV)
        cv2.LUT(image, table, dst=image)
        results['img'] = cv2.cvtColor(image, cv2.COLOR_HSV2BGR, dst=image)
        return results
