import random

import numpy as np
from mmcv.transforms import BaseTransform

from mmpose_ext.registry import TRANSFORMS
from mmpose_ext.skeletons import COCO17, SUPERSET30

from .pose_corruption import corrupt_pose

_COCO = SUPERSET30.indices(COCO17.keypoints)
_PELVIS = SUPERSET30.index('pelvis')
_HIPS = SUPERSET30.indices(['left_hip', 'right_hip'])


@TRANSFORMS.register_module()
class CorruptPose2D(BaseTransform):
    """Make the input pose of a training sample from its annotated keypoints, with the errors of a
    2D pose estimator.

    COCO's 17 joints are moved, see :func:`~.pose_corruption.corrupt_pose`; others stay where they
    are annotated. The labels stay clean. Random numbers come from Python's ``random``, which data
    workers seed.

    Required Keys:
        - keypoints, keypoints_visible, neighbours, bbox, warp_mat, input_size

    Added Keys:
        - input_pose: (30, 3) float32, x and y in pixels of the crop, and 1 where the joint is
          annotated and its true position inside the crop
        - input_pose_errors: (30,) int8, what happened to each joint, -1 for nothing

    Args:
        pelvis: ``'hips'`` puts an annotated pelvis in the middle of the moved hips, which is what a
            tested network gets; ``'clean'`` leaves it, as 3DCrowdNet's code does.

    Raises:
        ValueError: If ``pelvis`` is none of its options.
    """

    def __init__(self, pelvis: str = 'hips') -> None:
        if pelvis not in ('hips', 'clean'):
            raise ValueError(f"pelvis got {pelvis!r}, expected 'hips' or 'clean'")
        self.pelvis = pelvis

    def transform(self, results: dict) -> dict:
        """Add the input pose."""
        points = results['keypoints'][0]
        visible = results['keypoints_visible'][0] > 0
        inside = ((points >= 0) & (points < results['input_size'])).all(axis=1)
        pose = np.empty((len(points), 3), np.float32)
        pose[:, :2] = points
        errors = np.full(len(points), -1, np.int8)
        rng = np.random.default_rng(random.getrandbits(64))
        pose[_COCO, :2], errors[_COCO] = corrupt_pose(
            points[_COCO], visible[_COCO], results['neighbours'][:, _COCO], _area(results), rng
        )
        given = visible & inside
        # Where not even a good position keeps off the others, an estimator finds nothing.
        given[_COCO] &= errors[_COCO] >= 0
        if self.pelvis == 'hips' and given[_HIPS].all():
            pose[_PELVIS, :2] = pose[_HIPS, :2].mean(axis=0)
        pose[:, 2] = given
        results['input_pose'] = pose
        results['input_pose_errors'] = errors
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(pelvis={self.pelvis!r})'


def _area(results: dict) -> float:
    """Area of the person's tight box in square pixels of the crop."""
    width, height = results['bbox'][0, 2:] - results['bbox'][0, :2]
    return float(max(width * height, 1) * abs(np.linalg.det(results['warp_mat'][:, :2])))
