from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmpose_ext.evaluation.functional import EvaluatedJoints, format_table
from mmpose_ext.evaluation.functional.evaluated_joints import Absent, Joints
from mmpose_ext.registry import METRICS
from mmpose_ext.skeletons import Skeleton, get_skeleton


@METRICS.register_module()
class JointOffsetMetric(BaseMetric):
    """Where each joint of a model lies relative to the labels of a dataset, on average.

    Two datasets may call different places by one name. A model that learnt a joint from one of
    them then misses the labels of the other by the same offset on every person, which the mean
    shows and a percentage of correct keypoints does not. Left and right joints are measured apart.

    Lengths are shares of the size of a person, the longer side of the box of the sample, as in
    MMPose's ``PCKAccuracy``: compare only sources of one box policy. Offsets are prediction minus
    label in the image, x to the right and y down, over all labelled persons, the grossly missed
    ones too. Their standard error takes persons for independent, which those of neighbouring video
    frames are not.

    The results are, for each joint, under its name in the dataset,

    - ``PCK@0.1 <joint>``: labels with the prediction closer than 0.1 of the size, in percent;
    - ``dx <joint>``, ``dy <joint>``: mean offset, as a fraction of the size;
    - ``dx_error <joint>``, ``dy_error <joint>``: standard errors of these;
    - ``labelled <joint>``: number of labels,

    and ``PCK@0.1``, the mean over the joints that are labelled. What nobody labelled is NaN.

    Args:
        skeleton: What the model predicts: a library name, a skeleton or a metainfo.
        target: Skeleton of the labels in the samples, in the same forms.
        joints: Joints to measure: names of the target, ``'shared12'`` or ``'new'``. Default: all.
        absent: ``'zero'`` counts joints that the model does not predict as wrong, ``'drop'`` leaves
            them out. Neither gives them an offset.
        aliases: Further pairs joint of the target -> joint of the model to compare it with:
            ``dict(neck='upper_neck')`` asks how far AIC's neck is from MPII's.
        one_based: Whether the labels in the samples count pixels from 1, as MPII's files do.
        thr: Threshold of the percentage, as a share of the size.
        protocol: What else the numbers depend on, such as flip testing. Printed with the result.
        collect_device: Where results of several processes are gathered, ``'cpu'`` or ``'gpu'``.
        prefix: Prefix of the result keys.

    Raises:
        ValueError: If a name is unknown, or no joint is left to measure.
    """

    default_prefix = 'offset'

    def __init__(
        self,
        skeleton: str | Skeleton | Mapping[str, Any],
        target: str | Skeleton | Mapping[str, Any],
        joints: Joints = None,
        absent: Absent = 'zero',
        aliases: Mapping[str, str] | None = None,
        one_based: bool = False,
        thr: float = 0.1,
        protocol: Mapping[str, Any] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        model = get_skeleton(skeleton)
        self.target = _with_aliases(get_skeleton(target), model, aliases or {})
        self.joints = EvaluatedJoints.choose(model, self.target, joints, absent)
        self.names = self.joints.skeleton.keypoints
        self.one_based = one_based
        self.thr = thr
        self.protocol = dict(protocol or {})

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Store the offset of each joint of a batch from its label, as a share of the size."""
        for sample in data_samples:
            predicted = self.joints.of(sample)['pred_instances']['keypoints'][0].astype(np.float64)
            # No distance to NaN is below a threshold: a joint that is not predicted is wrong.
            predicted[~self.joints.mapping.mapped] = np.nan
            keypoints, labelled = self._labels(sample)
            box = np.asarray(sample['gt_instances']['bboxes'], np.float64)[0]
            size = np.max(box[2:] - box[:2])
            if size <= 0:
                raise ValueError(f'sample {sample["id"]!r} has the empty box {box.tolist()}')
            self.results.append(
                dict(
                    # Samples of two sources may have the same id.
                    id=(sample.get('source'), sample['id']),
                    offset=(predicted + float(self.one_based) - keypoints) / size,
                    labelled=labelled,
                )
            )

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute percentages, mean offsets and their standard errors; print them as a table."""
        # A distributed sampler pads its shards with repeated samples.
        results = list({result['id']: result for result in results}.values())
        offsets = np.stack([result['offset'] for result in results])
        labelled = np.stack([result['labelled'] for result in results])
        rows = [self._measure(offsets[labelled[:, i], i]) for i in range(len(self.names))]
        pck = f'PCK@{self.thr:g}'
        known = [row['PCK'] for row in rows if row['labelled']]
        metrics = {pck: float(np.mean(known)) if known else np.nan}
        for name, row in zip(self.names, rows):
            for key, value in row.items():
                metrics[f'{pck if key == "PCK" else key} {name}'] = value
        print_log(f'{self.prefix}: {self._describe(len(results))}\n{self._table(rows)}', 'current')
        return metrics

    def _labels(self, sample: dict) -> tuple[np.ndarray, np.ndarray]:
        labels = sample['gt_instances']
        keypoints = np.asarray(labels['keypoints'], np.float64)
        expected = (1, self.target.num_keypoints, 2)
        if keypoints.shape != expected:
            raise ValueError(
                f'sample {sample.get("id")!r}: got labels of shape {keypoints.shape}, expected '
                f'{expected}: one person with skeleton {self.target.name!r}'
            )
        visible = np.asarray(labels['keypoints_visible'])
        visible = visible[..., 0] if visible.ndim == 3 else visible
        if visible.any() and not keypoints.any():
            # MMPose labels detected boxes so.
            raise ValueError(
                f'sample {sample.get("id")!r}: got labels that are all at (0, 0), expected those '
                'of an annotation: a dataset with a bbox_file has none'
            )
        columns = self.target.indices(self.names)
        return keypoints[0, columns], visible[0, columns] > 0

    def _measure(self, offsets: np.ndarray) -> dict[str, float]:
        """Results of one joint from its offsets (N, 2), NaN where it was not predicted."""
        count = len(offsets)
        right = np.hypot(*offsets.T) < self.thr
        mean = offsets.mean(axis=0) if count else np.full(2, np.nan)
        # Of a single offset the spread is unknown.
        error = offsets.std(axis=0, ddof=1) / np.sqrt(count) if count > 1 else np.full(2, np.nan)
        return {
            'PCK': 100 * float(right.mean()) if count else np.nan,
            'dx': float(mean[0]),
            'dy': float(mean[1]),
            'dx_error': float(error[0]),
            'dy_error': float(error[1]),
            'labelled': count,
        }

    def _table(self, rows: Sequence[Mapping[str, float]]) -> str:
        header = ('', 'labelled', f'PCK@{self.thr:g}', 'dx %', '± %', 'dy %', '± %')
        lengths = ('dx', 'dx_error', 'dy', 'dy_error')
        return format_table(
            header,
            [
                (name, row['labelled'], row['PCK'], *(100 * row[key] for key in lengths))
                for name, row in zip(self.names, rows)
            ],
        )

    def _describe(self, count: int) -> str:
        parts = {
            'offsets from labels of': f'{self.target.name} ({count} persons)',
            'in percent of': "the box's longer side",
            'not predicted': ' '.join(self.joints.absent) or 'none',
            'labels count from': int(self.one_based),
            **self.protocol,
        }
        return ', '.join(f'{key}: {value}' for key, value in parts.items())


def _with_aliases(target: Skeleton, model: Skeleton, aliases: Mapping[str, str]) -> Skeleton:
    model.indices(aliases.values())
    joined = {own: model.canonical(other) for own, other in aliases.items()}
    return replace(target, aliases=tuple((dict(target.aliases) | joined).items()))
