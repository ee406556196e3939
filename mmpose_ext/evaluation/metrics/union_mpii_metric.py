from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.logging import print_log
from mmpose.evaluation.functional import keypoint_pck_accuracy
from mmpose.evaluation.metrics import MpiiPCKAccuracy

from mmpose_ext.evaluation.functional import EvaluatedJoints
from mmpose_ext.evaluation.functional.evaluated_joints import Absent, Joints
from mmpose_ext.registry import METRICS
from mmpose_ext.skeletons import MPII16, Skeleton, get_skeleton

PARTS = {
    'Head': ('head_top',),
    **{
        part.capitalize(): (f'left_{part}', f'right_{part}')
        for part in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
    },
    'Upper neck': ('upper_neck',),
    'Thorax': ('thorax',),
    'Pelvis': ('pelvis',),
}
# MPII's own evaluation leaves these two out of its mean.
NOT_IN_MEAN = ('pelvis', 'thorax')


@METRICS.register_module()
class UnionMpiiMetric(MpiiPCKAccuracy):
    """MPII's PCKh of any model skeleton: overall and per part, at the threshold and at 0.1.

    A joint is right if it lies closer than ``thr`` × head size, where the head size is 0.6 × the
    diagonal of the head box (``head_size`` of the samples, which ``MpiiDataset`` reads from
    ``mpii_gt_val.mat``). Like :class:`MpiiPCKAccuracy` this asks for strictly less, where MPII's
    Matlab code takes less or equal; with coordinates in pixels the two hardly ever differ. The
    mean weighs joints by how often they are labelled and leaves out pelvis and thorax.

    Args:
        skeleton: What the model predicts: a library name, a skeleton or a metainfo.
        joints: Joints of the mean: names, ``'shared12'`` or ``'new'``. Default: MPII's own 14.
        absent: ``'zero'`` counts joints that the model does not predict as wrong, ``'drop'`` leaves
            them out of the mean, and their part is NaN.
        one_based: Whether the labels in the samples count pixels from 1, as MPII's files do.
        thr: Threshold of the main result, as a share of the head size.
        protocol: What else the numbers depend on, such as flip testing. Printed with the result.
        collect_device: Where results of several processes are gathered, ``'cpu'`` or ``'gpu'``.
        prefix: Prefix of the result keys.
    """

    default_prefix = 'mpii'

    def __init__(
        self,
        skeleton: str | Skeleton | Mapping[str, Any],
        joints: Joints = None,
        absent: Absent = 'zero',
        one_based: bool = True,
        thr: float = 0.5,
        protocol: Mapping[str, Any] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(thr=thr, norm_item='head', collect_device=collect_device, prefix=prefix)
        model = get_skeleton(skeleton)
        in_mean = [name for name in MPII16.keypoints if name not in NOT_IN_MEAN]
        chosen = EvaluatedJoints.choose(
            model, MPII16, in_mean if joints is None else joints, absent
        )
        self.mean_joints = chosen.skeleton.keypoints
        self.absent = chosen.absent
        self.drops_absent = absent == 'drop'
        self.joints = EvaluatedJoints.choose(model, MPII16)
        self.parts = {
            part: names
            for part, names in PARTS.items()
            if joints is None or set(names) <= set(self.mean_joints)
        }
        self.one_based = one_based
        self.protocol = dict(protocol or {})

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Store predictions and labels of a batch, in MPII's order."""
        for sample in data_samples:
            predicted = self.joints.of(sample)['pred_instances']['keypoints']
            labels = sample['gt_instances']
            keypoints = np.asarray(labels['keypoints'])
            if keypoints.shape != predicted.shape:
                raise ValueError(
                    f'sample {sample.get("id")!r}: got labels of shape {keypoints.shape}, expected '
                    f"{predicted.shape}: MPII's own {MPII16.num_keypoints} joints of one person"
                )
            if 'head_size' not in labels:
                raise ValueError(
                    f'sample {sample.get("id")!r} has no head_size: '
                    'give the MPII dataset its headbox_file (mpii_gt_val.mat)'
                )
            visible = np.asarray(labels['keypoints_visible'])
            visible = visible[..., 0] if visible.ndim == 3 else visible
            self.results.append(
                dict(
                    id=sample['id'],
                    predicted=predicted[0],
                    labelled=keypoints[0],
                    mask=visible[0] > 0,
                    head_size=float(np.squeeze(labels['head_size'])),
                )
            )

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute PCKh in percent; NaN where nothing is labelled or, if dropped, predicted."""
        # A distributed sampler pads its shards with repeated samples.
        results = list({result['id']: result for result in results}.values())
        predicted = np.stack([result['predicted'] for result in results]).astype(np.float64)
        labelled = np.stack([result['labelled'] for result in results])
        mask = np.stack([result['mask'] for result in results])
        head_size = np.array([[result['head_size']] * 2 for result in results])
        if self.one_based:
            predicted = predicted + 1
        mapped = self.joints.mapping.mapped
        # No distance to NaN is below a threshold: a joint that is not predicted is wrong.
        predicted[:, ~mapped] = np.nan
        if self.drops_absent:
            mask = mask & mapped

        right = {
            thr: self._right(predicted, labelled, mask, head_size, thr) for thr in (self.thr, 0.1)
        }
        counts = mask[head_size[:, 0] > 0].sum(axis=0)
        metrics: dict[str, float] = {}
        for suffix, per_joint in (('', right[self.thr]), ('@0.1', right[0.1])):
            for part, names in self.parts.items():
                metrics[f'{part} PCK{suffix}'] = _mean(per_joint[MPII16.indices(names)])
            members = MPII16.indices(self.mean_joints)
            metrics[f'PCK{suffix}'] = _mean(per_joint[members], counts[members])
        print_log(f'{self.prefix}: {self._describe(len(results))}', 'current')
        return metrics

    def _right(
        self,
        predicted: np.ndarray,
        labelled: np.ndarray,
        mask: np.ndarray,
        size: np.ndarray,
        thr: float,
    ) -> np.ndarray:
        accuracy, _, _ = keypoint_pck_accuracy(predicted, labelled, mask, thr, size.copy())
        return np.where(accuracy < 0, np.nan, 100 * accuracy)

    def _describe(self, count: int) -> str:
        parts = {
            'boxes': f'ground-truth ({count})',
            'joints in the mean': len(self.mean_joints),
            'not predicted': ' '.join(self.absent) or 'none',
            'labels count from': int(self.one_based),
            **self.protocol,
        }
        return ', '.join(f'{key}: {value}' for key, value in parts.items())


def _mean(values: np.ndarray, weights: np.ndarray | None = None) -> float:
    weights = np.ones(len(values)) if weights is None else weights
    known = ~np.isnan(values) & (weights > 0)
    return float(np.average(values[known], weights=weights[known])) if known.any() else math.nan
