from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmpose_ext.body_models.standin import GENDERS
from mmpose_ext.evaluation.functional import (
    PROTOCOLS,
    MeshComparison,
    MeshProtocol,
    format_table,
)
from mmpose_ext.evaluation.functional.mesh_comparison import JOINT_METRICS
from mmpose_ext.evaluation.functional.mesh_protocol import Gender, JointSet, MeshRoot, Root
from mmpose_ext.evaluation.functional.person_fields import (
    ALL,
    box_source,
    person_key,
    person_of,
    read_field,
    subsets_of,
    tally,
)
from mmpose_ext.registry import METRICS


# Not a tuple: MMEngine rebuilds tuples as plain ones.
@dataclass(frozen=True, slots=True)
class _Person:
    """All that is kept of one sample."""

    key: tuple[Any, Any]
    subsets: tuple[str, ...]
    boxes: str
    gender: str
    skipped: str
    errors: tuple[float, ...]


@METRICS.register_module()
class MeshMetric(BaseMetric):
    """Errors of predicted body meshes: MPJPE, PA-MPJPE, MPVPE in millimetres.

    The ground truth is a mesh too, made from the annotated SMPL parameters with the body of the
    annotated gender; the prediction is the mesh that the model gives (``vertices``), which is
    neutral. Joints are read off both meshes by one regressor. Everything else that the numbers
    depend on is the protocol, which is printed with them:

    =============  ==========================================  ================================
    protocol       joints                                      vertices
    =============  ==========================================  ================================
    ``standard``   14 by Human3.6M's regressor, each mesh      each mesh minus its SMPL pelvis;
                   minus its pelvis by the same regressor      ground truth of annotated gender
    ``vibe``       the same 14, minus the midpoint of the      unaligned, both posed with the
                   hips                                        neutral body from parameters
    =============  ==========================================  ================================

    Results are ``all/<metric>`` and, for each subset, ``<subset>/<metric>``; a subset without
    samples is NaN. A sample is in the subsets that its metainfo ``subsets`` lists, and in
    ``occluded`` if its metainfo says ``occluded=True``. Samples without a valid SMPL annotation
    are skipped, counted and reported. Meshes are measured batch by batch and not kept.

    Args:
        body_model: Folder of SMPL files, see :func:`mmpose_ext.body_models.load_body_model`; a
            single file serves only neutral ground truth.
        protocol: ``'standard'`` or ``'vibe'``; the next four arguments replace parts of it.
        joints: ``'h36m14'``, ``'h36m17'`` or ``'smpl24'``.
        root: What joints are relative to: ``'pelvis'`` or ``'hip_midpoint'``.
        mesh_root: What vertices are relative to: SMPL's ``'pelvis'``, or ``'none'``.
        gender: Body of the ground truth: ``'annotated'`` or ``'neutral'``.
        metrics: Names among ``MPJPE``, ``PA-MPJPE``, ``MPVPE``, ``PCK@150`` (joints closer than
            150 mm, in percent) and ``AUC`` (of PCK over 0 to 150 mm, in percent).
        subsets: Subsets to report; default: those that the samples name.
        device: Where the ground truth is posed, such as ``'cuda'``.
        notes: What else the numbers depend on. Printed with the result.
        collect_device: Where results of several processes are gathered, ``'cpu'`` or ``'gpu'``.
        prefix: Prefix of the result keys.

    Raises:
        FileNotFoundError: If a body model is missing.
        ValueError: If the protocol, one of its parts or a metric is unknown.
    """

    default_prefix = ''

    def __init__(
        self,
        body_model: str | None = None,
        protocol: str = 'standard',
        joints: JointSet | None = None,
        root: Root | None = None,
        mesh_root: MeshRoot | None = None,
        gender: Gender | None = None,
        metrics: Sequence[str] = ('MPJPE', 'PA-MPJPE', 'MPVPE'),
        subsets: Sequence[str] | None = None,
        device: str = 'cpu',
        notes: Mapping[str, Any] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.protocol_name = protocol
        self.protocol = MeshProtocol.choose(
            protocol, joints=joints, root=root, mesh_root=mesh_root, gender=gender
        )
        known = (*JOINT_METRICS, 'MPVPE')
        if not metrics or not set(metrics) <= set(known):
            raise ValueError(f'metrics got {metrics!r}, expected names among {known}')
        self.metrics = tuple(metrics)
        self.subsets = None if subsets is None else tuple(subsets)
        self.comparison = MeshComparison(body_model, self.protocol, device)
        self.notes = dict(notes or {})

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Measure a batch of predictions.

        Raises:
            ValueError: If a prediction or an annotation has another shape or is not finite; names
                the image and the person.
        """
        shape = (self.comparison.num_vertices, 3)
        meshes = [read_field(one, 'pred_instances', 'vertices', shape) for one in data_samples]
        reasons = [_reason_to_skip(sample) for sample in data_samples]
        measured = [i for i, reason in enumerate(reasons) if not reason]
        errors: dict[int, tuple[float, ...]] = {}
        if measured:
            rows = self._measure(
                np.stack([meshes[i] for i in measured]), [data_samples[i] for i in measured]
            )
            errors = dict(zip(measured, map(tuple, rows.tolist())))
        for i, (sample, reason) in enumerate(zip(data_samples, reasons)):
            self.results.append(
                _Person(
                    key=person_key(sample),
                    subsets=subsets_of(sample, person_of(sample)),
                    boxes=box_source(sample),
                    gender='' if reason else self._gender(sample),
                    skipped=reason,
                    errors=errors.get(i, ()),
                )
            )

    def compute_metrics(self, results: list[_Person]) -> dict[str, float]:
        """Average the errors over all samples and over each subset, and print them."""
        # A distributed sampler pads its shards with repeated samples.
        people = list({person.key: person for person in results}.values())
        measured = [person for person in people if not person.skipped]
        errors = np.array([person.errors for person in measured]).reshape(-1, len(self.metrics))
        subsets = self.subsets
        if subsets is None:
            subsets = tuple(sorted({name for person in people for name in person.subsets}))
        results_by_key, rows = {}, []
        for name in (ALL, *(name for name in subsets if name != ALL)):
            members = np.array([name == ALL or name in person.subsets for person in measured], bool)
            count = int(members.sum())
            means = errors[members].mean(axis=0).tolist() if count else [math.nan] * errors.shape[1]
            results_by_key |= {f'{name}/{key}': mean for key, mean in zip(self.metrics, means)}
            rows.append((name, count, *means))
        table = format_table(('', 'samples', *self.metrics), rows)
        print_log(f'{self.prefix or "mesh"}: {self._describe(people)}\n{table}', 'current')
        return results_by_key

    def errors(self, predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Compare meshes.

        Args:
            predicted: (B, V, 3) in metres.
            target: Same shape.

        Returns:
            (B, M) float64: the chosen metrics, in millimetres or percent.

        Raises:
            ValueError: If the shapes differ, or are not those of the body.
        """
        return self.comparison.errors(self.metrics, predicted, target)[0]

    def _measure(self, predicted: np.ndarray, samples: Sequence[dict]) -> np.ndarray:
        target = self._pose(samples, 'gt_instances', [self._gender(one) for one in samples])
        if self.protocol.mesh_root == 'none':
            # The model's vertices may be relative to any point.
            predicted = self._pose(samples, 'pred_instances', ['neutral'] * len(samples))
        return self.errors(predicted, target)

    def _pose(self, samples: Sequence[dict], part: str, genders: Sequence[str]) -> np.ndarray:
        poses = [read_field(sample, part, 'smpl_pose', (24, 3)) for sample in samples]
        bodies = self.comparison.bodies
        betas = [read_field(sample, part, 'smpl_betas', (bodies.num_betas,)) for sample in samples]
        return bodies(np.stack(poses), np.stack(betas), genders)

    def _gender(self, sample: Mapping[str, Any]) -> str:
        if self.protocol.gender == 'neutral':
            return 'neutral'
        gender = sample.get('gender')
        if gender not in GENDERS:
            raise ValueError(f'{person_of(sample)}: gender got {gender!r}, expected {GENDERS}')
        return gender

    def _describe(self, people: Sequence[_Person]) -> str:
        measured = [person for person in people if not person.skipped]
        skipped = tally(person.skipped for person in people if person.skipped)
        changed = self.protocol != PROTOCOLS[self.protocol_name]
        parts = {
            'protocol': self.protocol_name + (' with changes' if changed else ''),
            'boxes': tally(person.boxes for person in measured),
            **self.protocol.describe(),
            'genders': tally(person.gender for person in measured),
            'body model': self.comparison.body_name,
            'samples': f'{len(measured)} of {len(people)}',
            'skipped': skipped,
            **self.notes,
        }
        return ', '.join(f'{key}: {value}' for key, value in parts.items())


def _reason_to_skip(sample: Mapping[str, Any]) -> str:
    labels = sample.get('gt_instances', {})
    valid = 'smpl_pose' in labels and (
        'smpl_valid' not in labels or read_field(sample, 'gt_instances', 'smpl_valid', ()) > 0
    )
    return '' if valid else 'no valid SMPL annotation'
