import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import PixelData
from mmpose.structures import PoseDataSample

from mmpose_ext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackForegroundInputs(BaseTransform):
    """Pack a crop for a foreground segmentor.

    Returned are ``inputs``, a dict of ``img`` (3, S, S) uint8, BGR, and ``data_samples`` with the
    label ``gt_fields.foreground`` (1, S, S) uint8: 1 on the person, 0 elsewhere, 255 where nothing
    is known.

    Required Keys:
        - img, foreground (:class:`CropForeground`)

    Args:
        meta_keys: Keys that go into the meta information where present.
    """

    def __init__(
        self,
        meta_keys: tuple[str, ...] = (
            *('id', 'source', 'video_id', 'frame_id', 'img_path', 'mask_path'),
            *('ori_shape', 'img_shape', 'input_size', 'crop', 'flip'),
        ),
    ) -> None:
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: dict) -> dict:
        """Pack.

        Raises:
            ValueError: If the sample was not cropped.
        """
        if 'foreground' not in results:
            raise ValueError(
                f'{results.get("img_path")}: got no foreground, expected CropForeground before '
                'PackForegroundInputs'
            )
        sample = PoseDataSample(
            metainfo={key: results[key] for key in self.meta_keys if key in results}
        )
        sample.gt_fields = PixelData(foreground=torch.from_numpy(results['foreground'])[None])
        image = np.ascontiguousarray(results['img'].transpose(2, 0, 1))
        return dict(inputs=dict(img=torch.from_numpy(image)), data_samples=sample)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(meta_keys={self.meta_keys})'
