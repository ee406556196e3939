import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_ext.registry import TRANSFORMS

_NO_SMPL = dict(pose=(24, 3), betas=(10,), transl=(3,))


@TRANSFORMS.register_module()
class PackMeshInputs(BaseTransform):
    """Pack a cropped person for a mesh estimator.

    The input pose is ``input_pose`` (:class:`CorruptPose2D`) where there is one, else ``pose2d``,
    else the annotated keypoints. A joint counts if it is annotated or trusted, and inside the crop.

    Returned are

    - ``inputs``: ``img`` (3, h, w) uint8 tensor, BGR; ``joints`` (30, 2) float32 in pixels of the
      crop; ``joints_mask`` (30, 1) float32; ``edge`` and ``teacher_edge`` (1, h, w) float32 where
      the pipeline made them;
    - ``data_samples``: a ``PoseDataSample`` whose ``gt_instances`` hold arrays of one instance:
      ``keypoints`` (1, 30, 2) in pixels of the crop, ``keypoints_visible`` (1, 30) annotated and
      inside the crop, ``joints_cam`` (1, 30, 3) in metres relative to the pelvis,
      ``joints_cam_valid`` (1, 30), ``smpl_pose`` (1, 24, 3), ``smpl_betas`` (1, 10),
      ``smpl_transl`` (1, 3), zeros without a fit, ``smpl_valid`` (1,), ``camera`` (1, 3, 3) from
      camera space to the crop, ``bboxes`` (1, 4) the padded box of the crop in the image,
      ``bbox_scores`` (1,).

    Required Keys:
        - what :class:`MeshTopdownAffine` leaves behind

    Args:
        meta_keys: Keys that go into the meta information where present; ``gender`` and
            ``image_camera`` are always added.
    """

    def __init__(
        self,
        meta_keys: tuple[str, ...] = (
            'id',
            'img_id',
            'img_path',
            'source',
            'subsets',
            'ori_shape',
            'input_size',
            'warp_mat',
            'warp_flip',
            'warp_rotation_deg',
            'bbox_source',
            'flip_indices',
        ),
    ) -> None:
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: dict) -> dict:
        """Pack.

        Raises:
            ValueError: If the sample was not cropped.
        """
        if 'camera_crop' not in results:
            raise ValueError(
                f'{results.get("img_path")}: got no camera_crop, expected MeshTopdownAffine before '
                'PackMeshInputs'
            )
        size = np.array(results['input_size'])
        pose = _input_pose(results)
        trusted = (pose[:, 2] > 0) & _inside(pose[:, :2], size)
        inputs = dict(
            img=_image_to_tensor(results['img']),
            joints=torch.from_numpy(pose[:, :2].astype(np.float32)),
            joints_mask=torch.from_numpy(trusted.astype(np.float32)[:, None]),
        )
        for key in ('edge', 'teacher_edge'):
            if key in results:
                inputs[key] = torch.from_numpy(np.ascontiguousarray(results[key][None], np.float32))
        return dict(inputs=inputs, data_samples=self._sample(results, size))

    def _sample(self, results: dict, size: np.ndarray) -> PoseDataSample:
        inside = _inside(results['keypoints'], size)
        smpl = results.get('smpl')
        fields = {
            'keypoints': results['keypoints'].astype(np.float32),
            'keypoints_visible': ((results['keypoints_visible'] > 0) & inside).astype(np.float32),
            'joints_cam': results['joints_cam'].astype(np.float32),
            'joints_cam_valid': results['joints_cam_valid'].astype(np.float32),
            'smpl_valid': np.array([results['smpl_valid'] if smpl else 0], np.float32),
            'camera': results['camera_crop'][None].astype(np.float32),
            'bboxes': results['crop_box'],
            'bbox_scores': results['bbox_score'],
        }
        for key, shape in _NO_SMPL.items():
            value = smpl[key] if smpl else np.zeros(shape)
            fields[f'smpl_{key}'] = value[None].astype(np.float32)
        sample = PoseDataSample()
        # set_metainfo would copy every value deeply.
        for key in self.meta_keys:
            if key in results:
                sample.set_field(results[key], key, field_type='metainfo')
        gender = smpl['gender'] if smpl else 'neutral'
        sample.set_field(gender, 'gender', field_type='metainfo')
        sample.set_field(results['camera'], 'image_camera', field_type='metainfo')
        sample.gt_instances = InstanceData(**fields)
        return sample

    def __repr__(self) -> str:
        return f'{type(self).__name__}(meta_keys={self.meta_keys})'


def _input_pose(results: dict) -> np.ndarray:
    """x, y in pixels of the crop and whether a joint is given, (30, 3)."""
    for key in ('input_pose', 'pose2d'):
        if results.get(key) is not None:
            return results[key]
    return np.concatenate(
        [results['keypoints'][0], results['keypoints_visible'][0][:, None]], axis=1
    )


def _inside(points: np.ndarray, size: np.ndarray) -> np.ndarray:
    return ((points >= 0) & (points < size)).all(axis=-1)


def _image_to_tensor(image: np.ndarray) -> torch.Tensor:
    planes = np.empty((3, *image.shape[:2]), np.uint8)
    cv2.split(image, list(planes))
    return torch.from_numpy(planes)
