import torch
from mmcv.transforms import BaseTransform
from mmpose.structures import PoseDataSample

from mmpose_ext.registry import TRANSFORMS

from .pack_video_mesh_inputs import add_metainfo


@TRANSFORMS.register_module()
class PackMotionInputs(BaseTransform):
    """Pack a clip of real motion for a motion discriminator.

    Returned are ``inputs``: ``motion`` (T, 69) float32, and ``data_samples``, a ``PoseDataSample``
    with meta information only.

    Required Keys:
        - motion

    Args:
        meta_keys: Keys that go into the meta information where present.
    """

    def __init__(
        self,
        meta_keys: tuple[str, ...] = ('id', 'source', 'domain', 'video_id', 'frame_ids', 'fps'),
    ) -> None:
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: dict) -> dict:
        """Pack."""
        sample = PoseDataSample()
        add_metainfo(sample, results, self.meta_keys)
        inputs = dict(motion=torch.from_numpy(results['motion']))
        return dict(inputs=inputs, data_samples=sample)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(meta_keys={self.meta_keys})'
