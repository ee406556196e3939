import cv2
import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.datasets.transforms import PackPoseInputs
from mmpose.structures import PoseDataSample

from mmpose_ext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackUnionInputs(PackPoseInputs):
    """Pack a top-down sample, with the source it comes from and the tiers of its labels.

    The same as MMPose's ``PackPoseInputs`` for one image without heatmaps, and in addition
    ``gt_instance_labels.label_tier`` (1, K) int8 and the meta key ``source``.

    Args:
        meta_keys: Keys that go into the meta information where present.
        pack_transformed: Also pack the transformed keypoints, for browsing.
    """

    def __init__(
        self,
        meta_keys: tuple[str, ...] = (
            'id',
            'img_id',
            'img_path',
            'category_id',
            'crowd_index',
            'ori_shape',
            'img_shape',
            'input_size',
            'input_center',
            'input_scale',
            'flip',
            'flip_direction',
            'flip_indices',
            'raw_ann_info',
            'dataset_name',
            'source',
        ),
        pack_transformed: bool = False,
    ) -> None:
        super().__init__(meta_keys, pack_transformed)

    def transform(self, results: dict) -> dict:
        """Pack.

        Returns:
            dict: ``inputs`` (3, H, W) uint8 tensor and ``data_samples``, a ``PoseDataSample``.
        """
        instances = InstanceData()
        for key, packed in self.instance_mapping_table.items():
            if key in results:
                instances.set_field(results[key], packed)
        if self.pack_transformed and 'transformed_keypoints' in results:
            instances.set_field(results['transformed_keypoints'], 'transformed_keypoints')
        labels = InstanceData()
        table = results.get('label_mapping_table', self.label_mapping_table)
        for key, packed in (table | {'label_tier': 'label_tier'}).items():
            if key in results:
                labels.set_field(torch.from_numpy(results[key]), packed)
        sample = PoseDataSample()
        # set_metainfo would copy every value deeply, and set_field checks one name at a time.
        metainfo = {key: results[key] for key in self.meta_keys if key in results}
        vars(sample).update(metainfo)
        sample._metainfo_fields.update(metainfo)
        sample.gt_instances = instances
        sample.gt_instance_labels = labels
        return dict(inputs=_image_to_tensor(results['img']), data_samples=sample)


def _image_to_tensor(image: np.ndarray) -> torch.Tensor:
    planes = np.empty((3, *image.shape[:2]), np.uint8)
    cv2.split(image, list(planes))
    return torch.from_numpy(planes)
