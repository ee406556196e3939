import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_ext.registry import TRANSFORMS

_FIELDS = (
    *('keypoints', 'keypoints_visible', 'joints', 'joints_visible', 'joints_valid'),
    *('smpl_pose', 'smpl_betas', 'smpl_transl', 'smpl_valid', 'bboxes', 'scored'),
)


@TRANSFORMS.register_module()
class PackVideoMeshInputs(BaseTransform):
    """Pack a clip for a video mesh estimator.

    Returned are

    - ``inputs``: ``features`` (T, C) float32, ``img`` (T, 3, S, S) uint8 BGR and ``mask``
      (T, 1, S, S) float32 tensors, those that there are;
    - ``data_samples``: a ``PoseDataSample`` whose ``gt_instances`` hold arrays of T rows:
      ``keypoints`` (T, 49, 2) in [-1, 1] of the crop, ``keypoints_visible`` (T, 49), ``joints``
      (T, 49, 3) in metres in camera axes, ``joints_visible`` (T, 49), ``joints_valid`` (T,),
      ``smpl_pose`` (T, 24, 3), ``smpl_betas`` (T, 10), ``smpl_transl`` (T, 3), ``smpl_valid`` (T,),
      ``bboxes`` (T, 4) of the crops in the image, ``bbox_scores`` (T,), ``scored`` (T,).

    Required Keys:
        - what :class:`CropClip` leaves behind, and features or img

    Args:
        meta_keys: Keys that go into the meta information where present.
    """

    def __init__(
        self,
        meta_keys: tuple[str, ...] = (
            *('id', 'source', 'domain', 'video_id', 'frame_ids', 'fps', 'gender', 'crop_scale'),
            *('img_paths', 'mask_paths', 'ori_shape', 'input_size', 'camera'),
        ),
    ) -> None:
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: dict) -> dict:
        """Pack.

        Raises:
            ValueError: If the clip was not cropped, or there are neither features nor images.
        """
        name = f'clip {results.get("video_id")!r}, row {results.get("id")}'
        if 'bboxes' not in results:
            raise ValueError(f'{name}: got no bboxes, expected CropClip before PackVideoMeshInputs')
        inputs = {}
        if 'features' in results:
            inputs['features'] = torch.from_numpy(results['features'])
        if 'img' in results:
            planes = np.ascontiguousarray(results['img'].transpose(0, 3, 1, 2))
            inputs['img'] = torch.from_numpy(planes)
        if not inputs:
            raise ValueError(
                f'{name}: got neither features nor images, expected feature_file in the dataset '
                'or LoadClipImages in its pipeline'
            )
        if 'mask' in results:
            inputs['mask'] = torch.from_numpy(results['mask'][:, None])
        fields = {key: results[key].astype(np.float32) for key in _FIELDS}
        fields['bbox_scores'] = results['bbox_score'].astype(np.float32)
        sample = PoseDataSample()
        sample.gt_instances = InstanceData(**fields)
        add_metainfo(sample, results, self.meta_keys)
        return dict(inputs=inputs, data_samples=sample)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(meta_keys={self.meta_keys})'


def add_metainfo(sample: PoseDataSample, results: dict, keys: tuple[str, ...]) -> None:
    """Give a data sample the keys that there are; ``set_metainfo`` would copy values deeply."""
    for key in keys:
        if key in results:
            sample.set_field(results[key], key, field_type='metainfo')
