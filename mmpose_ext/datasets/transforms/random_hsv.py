import cv2
import numpy as np
from mmpose.datasets.transforms import YOLOXHSVRandomAug

from mmpose_ext.registry import TRANSFORMS

_LEVELS = np.arange(256)


@TRANSFORMS.register_module()
class RandomHSV(YOLOXHSVRandomAug):
    """YOLOX's random change of hue, saturation and value, in few passes.

    Gives the same pixels as MMPose's and MMDetection's ``YOLOXHSVRandomAug``. Where all three gains
    are drawn as 0 the image stays as it is; those convert it to HSV and back, which rounds.
    """

    def transform(self, results: dict) -> dict:
        """Change ``img``."""
        hue, saturation, value = (int(gain) for gain in self._get_hsv_gains())
        if not (hue or saturation or value):
            return results
        image = cv2.cvtColor(results['img'], cv2.COLOR_BGR2HSV)
        # Saturates. Faster than one table for all three channels.
        cv2.add(image, (0, saturation, value, 0), dst=image)
        if hue:
            hues = cv2.extractChannel(image, 0)
            cv2.LUT(hues, ((_LEVELS + hue) % 180).astype(np.uint8), dst=hues)
            cv2.insertChannel(hues, image, 0)
        results['img'] = cv2.cvtColor(image, cv2.COLOR_HSV2BGR, dst=image)
        return results
