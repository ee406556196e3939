from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.logging import MMLogger, print_log
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.evaluation.metrics import CocoMetric

from mmpose_ext.evaluation.functional import EvaluatedJoints, count_labels, load_ground_truth
from mmpose_ext.evaluation.functional.evaluated_joints import Absent, Joints
from mmpose_ext.registry import METRICS
from mmpose_ext.skeletons import Skeleton, get_skeleton


@METRICS.register_module()
class UnionCocoMetric(CocoMetric):
    """COCO's average precision, of any model skeleton on any COCO-style annotation file.

    Differs from :class:`CocoMetric` in what it does not do: it never converts its ground truth
    twice, never changes the metainfo that it is given, never takes an annotation file from the
    message hub, and never reads predictions of another skeleton. Scores and suppression use the
    evaluated joints only.

    Args:
        ann_file: COCO-style annotation file.
        skeleton: What the model predicts: a library name, a skeleton or a metainfo.
        target: The joints to evaluate, in the same forms.
        annotated: Skeleton of the annotation file; the target unless given. Halpe's file has 136
            keypoints (``'halpe136'``), evaluated as ``target='union21'``.
        joints: Joints of the target to score: names, ``'shared12'`` or ``'new'``. Default: all.
        sigmas: A named sigma set. Default: the target's own.
        absent: ``'zero'`` charges the model for joints it does not predict, ``'drop'`` leaves them
            out of the evaluation.
        protocol: What else the numbers depend on, such as the box file and flip testing. Printed
            with the result.
        **options: Arguments of :class:`CocoMetric`, without its converters.

    Raises:
        FileNotFoundError: If there is no annotation file.
        ValueError: If the annotations do not fit their skeleton, or the model predicts no joint.
    """

    def __init__(
        self,
        ann_file: str,
        skeleton: str | Skeleton | Mapping[str, Any],
        target: str | Skeleton | Mapping[str, Any] = 'coco17',
        annotated: str | Skeleton | Mapping[str, Any] | None = None,
        joints: Joints = None,
        sigmas: str | None = None,
        absent: Absent = 'zero',
        protocol: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        forbidden = {'pred_converter', 'gt_converter'} & options.keys()
        if forbidden:
            raise ValueError(f'got {sorted(forbidden)}, expected skeleton and target to say it')
        super().__init__(**options)
        target = get_skeleton(target)
        self.joints = EvaluatedJoints.choose(get_skeleton(skeleton), target, joints, absent)
        evaluated = self.joints.skeleton
        self.ann_file = ann_file
        self.coco = load_ground_truth(ann_file, get_skeleton(annotated or target), evaluated)
        if self.iou_type == 'keypoints_crowd':
            # CrowdPose counts only the joints that are not hidden.
            for annotation in self.coco.anns.values():
                annotation['num_keypoints'] = sum(v == 2 for v in annotation['keypoints'][2::3])
        self.labels = count_labels(self.coco, evaluated)
        self.sigma_set = sigmas or f'of {target.name}'
        self.protocol = dict(protocol or {})
        self._own_meta = parse_pose_metainfo(evaluated.metainfo(sigmas))
        self._labels_printed = False

    @property
    def dataset_meta(self) -> dict:
        """Metainfo of the evaluated joints. That of the dataset is ignored."""
        return self._own_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict | None) -> None:
        self._dataset_meta = dataset_meta

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Store the evaluated joints of a batch of predictions."""
        super().process(data_batch, [self.joints.of(sample) for sample in data_samples])

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute AP and AR, as fractions; NaN where the file labels nothing."""
        # A logger made below would write into the redirected output.
        MMLogger.get_current_instance()
        # xtcocotools prints a page per evaluation; the evaluator prints one table for all.
        with contextlib.redirect_stdout(io.StringIO()):
            metrics = super().compute_metrics(results)
        print_log(f'{self.prefix}: {self._describe(results)}', 'current')
        if not self._labels_printed:
            print_log(f'{self.prefix}: {self._describe_labels()}', 'current')
            self._labels_printed = True
        return {key: math.nan if value == -1 else float(value) for key, value in metrics.items()}

    def _describe_labels(self) -> str:
        counts = ', '.join(f'{name} {count}' for name, count in self.labels.items() if count)
        never = ' '.join(name for name, count in self.labels.items() if not count)
        return f'persons with the joint labelled: {counts}; not measured: {never or "none"}'

    def _describe(self, results: list) -> str:
        names = self.joints.skeleton.keypoints
        boxes = (
            'ground-truth' if all((p['bbox_scores'] == 1).all() for p, _ in results) else 'scored'
        )
        parts = {
            'annotations': self.ann_file,
            'boxes': f'{boxes} ({len(results)})',
            'joints': f'{len(names)}' if len(names) > 5 else ' '.join(names),
            'not predicted': ' '.join(self.joints.absent) or 'none',
            'sigmas': self.sigma_set,
            'score': self.score_mode,
            'suppression': self.nms_mode,
            **self.protocol,
        }
        return ', '.join(f'{key}: {value}' for key, value in parts.items())
