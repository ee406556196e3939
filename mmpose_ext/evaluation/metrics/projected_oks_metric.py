from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmpose_ext.evaluation.functional.person_fields import box_source, read_field, tally
from mmpose_ext.evaluation.functional.projected_joints import PROJECTED30, ProjectedJoints
from mmpose_ext.registry import METRICS
from mmpose_ext.skeletons import Skeleton

from .union_coco_metric import UnionCocoMetric


@METRICS.register_module()
class ProjectedOKSMetric(UnionCocoMetric):
    """COCO's average precision of the joints of predicted bodies, projected to the image.

    For COCO and OCHuman (``target='coco17'``) and for CrowdPose (``target='crowdpose14'``,
    ``iou_type='keypoints_crowd'``, ``use_area=False``). Publications leave open which joints they
    project, how predictions are ranked and whose boxes they use; here all are arguments and printed
    with the result. By default joints are COCO's by COCO's regressor, the neck is SMPL's and the
    head top the vertex regressor's; predictions rank by the mean of their keypoint scores, without
    that of the box, and similar ones of an image suppress each other as in MMPose's
    :class:`CocoMetric`.

    Args:
        ann_file: COCO-style annotation file.
        target: Skeleton of the joints to evaluate.
        regressor: ``'coco17'``, or None for the model's own keypoints, see
            :class:`ProjectedJoints`.
        body_model: Where the regressor is, see :func:`mmpose_ext.body_models.load_body_model`.
        score_mode: ``'keypoint'`` mean of the keypoint scores, ``'bbox'`` score of the box,
            ``'bbox_keypoint'`` the product.
        **options: Arguments of :class:`UnionCocoMetric`.

    Raises:
        FileNotFoundError: If there is no annotation file or body model.
        ValueError: If the annotations do not fit their skeleton, or the body has no such regressor.
    """

    def __init__(
        self,
        ann_file: str,
        target: str | Skeleton | Mapping[str, Any] = 'coco17',
        regressor: str | None = 'coco17',
        body_model: str | None = None,
        score_mode: str = 'keypoint',
        **options: Any,
    ) -> None:
        super().__init__(
            ann_file, skeleton=PROJECTED30, target=target, score_mode=score_mode, **options
        )
        self.projected = ProjectedJoints(regressor, body_model)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Project a batch of predictions and store the evaluated joints.

        Raises:
            ValueError: If a prediction is missing, of another shape or not finite; names the image
                and the person.
        """
        first = len(self.results)
        super().process(None, [self._project(sample) for sample in data_samples])
        for (prediction, _), sample in zip(self.results[first:], data_samples):
            prediction['box_source'] = box_source(sample)

    def _project(self, sample: dict) -> dict:
        fields = {
            'keypoints': self.projected(sample),
            'keypoint_scores': read_field(
                sample, 'pred_instances', 'keypoint_scores', (PROJECTED30.num_keypoints,)
            ),
            'bboxes': read_field(sample, 'pred_instances', 'bboxes', (4,)),
            'bbox_scores': read_field(sample, 'pred_instances', 'bbox_scores', ()),
        }
        instances = {name: np.asarray(array)[None] for name, array in fields.items()}
        # Suppression measures similarity relative to this size.
        scales = instances['bboxes'][:, 2:] - instances['bboxes'][:, :2]
        return {
            **sample,
            'pred_instances': instances,
            'gt_instances': {'bbox_scales': scales},
        }

    def _describe(self, results: list) -> str:
        parts = {
            'annotations': self.ann_file,
            'boxes': tally(prediction['box_source'] for prediction, _ in results),
            'joints': f'{len(self.joints.skeleton.keypoints)}, {self.projected.description}',
            'not predicted': ' '.join(self.joints.absent) or 'none',
            'sigmas': self.sigma_set,
            'score': self.score_mode,
            'suppression': self.nms_mode,
            **self.protocol,
        }
        return ', '.join(f'{key}: {value}' for key, value in parts.items())
