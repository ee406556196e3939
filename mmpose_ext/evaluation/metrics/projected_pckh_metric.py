from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmpose_ext.evaluation.functional import format_table
from mmpose_ext.evaluation.functional.person_fields import (
    box_source,
    person_key,
    person_of,
    read_field,
    tally,
)
from mmpose_ext.evaluation.functional.projected_joints import ProjectedJoints
from mmpose_ext.registry import METRICS
from mmpose_ext.skeletons import SUPERSET30

_HEAD = SUPERSET30.indices(('head_top', 'neck'))


@dataclass(frozen=True, slots=True)
class _Person:
    key: tuple[Any, Any]
    boxes: str
    skipped: str
    # Distance of each joint in head sizes, NaN where it is not labelled.
    distances: np.ndarray


@METRICS.register_module()
class ProjectedPCKhMetric(BaseMetric):
    """mPCKh of the joints of predicted bodies, projected to the image. For LSP and Relative Human.

    Publications report mPCKh@0.6 without a definition that could be computed; this is ours. A
    labelled joint is right if its prediction is closer than 0.6 head sizes. The head size of a
    person is the annotated distance from neck to head top; or, with ``head='annotated'``, the
    ``head_size`` of the sample, as MPII's is 0.6 of the diagonal of the head box. ``mPCKh`` is the
    share of right ones among all labelled joints of all persons, ``joint mPCKh`` the mean over
    joints of each joint's share, both in percent. Persons without a head size are skipped, counted
    and printed. Labels outside the crop do not count: the samples do not have them.

    Args:
        joints: Names of the superset's joints to measure; default: all that are labelled.
        regressor: ``'coco17'``, or None for the model's own keypoints, see
            :class:`ProjectedJoints`.
        body_model: Where the regressor is, see :func:`mmpose_ext.body_models.load_body_model`.
        head: ``'segment'`` or ``'annotated'``.
        thr: Threshold as a share of the head size.
        protocol: What else the numbers depend on. Printed with the result.
        collect_device: Where results of several processes are gathered, ``'cpu'`` or ``'gpu'``.
        prefix: Prefix of the result keys.

    Raises:
        FileNotFoundError: If there is no such body model.
        ValueError: If an argument is unknown.
    """

    default_prefix = 'projected'

    def __init__(
        self,
        joints: Sequence[str] | None = None,
        regressor: str | None = None,
        body_model: str | None = None,
        head: Literal['segment', 'annotated'] = 'segment',
        thr: float = 0.6,
        protocol: Mapping[str, Any] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if head not in ('segment', 'annotated'):
            raise ValueError(f"head got {head!r}, expected 'segment' or 'annotated'")
        self.names = tuple(SUPERSET30.keypoints if joints is None else joints)
        self.columns = SUPERSET30.indices(self.names)
        self.projected = ProjectedJoints(regressor, body_model)
        self.head = head
        self.thr = thr
        self.protocol = dict(protocol or {})

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Store how far the joints of a batch are from their labels, in head sizes.

        Raises:
            ValueError: If a prediction or label is missing, of another shape or not finite; names
                the image and the person.
        """
        for sample in data_samples:
            predicted = self.projected(sample)
            labels, visible = _labels(sample)
            size, reason = self._head_size(sample, labels, visible)
            distances = np.linalg.norm(predicted - labels, axis=-1)
            distances = np.where(visible, distances, np.nan)[self.columns]
            self.results.append(
                _Person(
                    key=person_key(sample),
                    boxes=box_source(sample),
                    skipped=reason,
                    distances=(distances / size).astype(np.float32),
                )
            )

    def compute_metrics(self, results: list[_Person]) -> dict[str, float]:
        """Compute the percentages and print them per joint; NaN where nothing is labelled."""
        # A distributed sampler pads its shards with repeated samples.
        people = list({person.key: person for person in results}.values())
        measured = [person.distances for person in people if not person.skipped]
        distances = np.array(measured).reshape(-1, len(self.names))
        labelled = np.isfinite(distances).sum(axis=0)
        right = (distances < self.thr).sum(axis=0)
        shares = 100 * right[labelled > 0] / labelled[labelled > 0]
        known = bool(labelled.any())
        metrics = {
            f'mPCKh@{self.thr:g}': 100 * float(right.sum() / labelled.sum()) if known else math.nan,
            f'joint mPCKh@{self.thr:g}': float(shares.mean()) if known else math.nan,
        }
        names = [name for name, count in zip(self.names, labelled) if count]
        rows = list(zip(names, labelled[labelled > 0].tolist(), shares.tolist()))
        table = format_table(('', 'labelled', f'PCKh@{self.thr:g}'), rows)
        print_log(f'{self.prefix}: {self._describe(people)}\n{table}', 'current')
        return metrics

    def _head_size(
        self, sample: Mapping[str, Any], labels: np.ndarray, visible: np.ndarray
    ) -> tuple[float, str]:
        """The size in pixels, or the reason why there is none."""
        if self.head == 'annotated':
            size = float(read_field(sample, 'gt_instances', 'head_size', ()))
        elif not visible[_HEAD].all():
            return math.nan, 'neck or head top not labelled'
        else:
            size = float(np.linalg.norm(labels[_HEAD[0]] - labels[_HEAD[1]]))
        return (size, '') if size > 0 else (math.nan, 'head size 0')

    def _describe(self, people: Sequence[_Person]) -> str:
        head = {'segment': 'annotated neck to head top', 'annotated': 'head_size of the samples'}
        parts = {
            'boxes': tally(person.boxes for person in people),
            'joints': self.projected.description,
            'right': f'closer than {self.thr:g} head sizes',
            'head size': head[self.head],
            'persons': f'{sum(not person.skipped for person in people)} of {len(people)}',
            'skipped': tally(person.skipped for person in people if person.skipped),
            **self.protocol,
        }
        return ', '.join(f'{key}: {value}' for key, value in parts.items())


def _labels(sample: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Labelled keypoints in pixels of the image (30, 2), and which are labelled (30,)."""
    count = SUPERSET30.num_keypoints
    keypoints = read_field(sample, 'gt_instances', 'keypoints', (count, 2)).astype(np.float64)
    visible = read_field(sample, 'gt_instances', 'keypoints_visible', (count,)) > 0
    matrix = np.asarray(sample.get('warp_mat'), np.float64)
    if matrix.shape != (2, 3):
        raise ValueError(
            f'{person_of(sample)}: warp_mat got {sample.get("warp_mat")!r}, expected (2, 3)'
        )
    # The labels are in pixels of the crop.
    return (keypoints - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T, visible
