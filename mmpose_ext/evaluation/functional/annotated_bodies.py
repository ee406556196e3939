from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmpose_ext.body_models.standin import GENDERS

from .clip_fields import Measured, clip_of, read_finite, read_rows
from .mesh_comparison import MeshComparison
from .mesh_protocol import MeshProtocol


class AnnotatedBodies:
    """Measures clips of which the ground truth is SMPL parameters.

    Args:
        body_model: As of :class:`MeshComparison`.
        protocol: What the errors depend on besides the meshes.
        metrics: Errors per frame, see :class:`MeshComparison`.
        device: Where the ground truth is posed.
    """

    missing = 'no valid SMPL annotation'

    def __init__(
        self,
        body_model: str | None,
        protocol: MeshProtocol,
        metrics: Sequence[str],
        device: str = 'cpu',
    ) -> None:
        self.protocol = protocol
        self.metrics = tuple(metrics)
        self.comparison = MeshComparison(body_model, protocol, device)

    def annotated(self, sample: Mapping[str, Any]) -> np.ndarray:
        """Frames with a valid annotation, (T,) bool."""
        fields, frames = sample.get('gt_instances', {}), len(sample['frame_ids'])
        if 'smpl_pose' not in fields:
            return np.zeros(frames, bool)
        if 'smpl_valid' not in fields:
            return np.ones(frames, bool)
        return read_rows(sample, 'gt_instances', 'smpl_valid', ()) > 0

    def measure(self, sample: Mapping[str, Any], rows: np.ndarray) -> Measured:
        """Measure the predictions of some frames.

        Raises:
            ValueError: If an array has another shape, a value is not finite, or the gender is
                unknown.
        """
        comparison = self.comparison
        predicted = read_finite(sample, 'pred_instances', 'vertices', (comparison.num_vertices, 3))[
            rows
        ]
        if not len(rows):
            return Measured.nothing(len(self.metrics), len(self.protocol.joint_names))
        target = self._pose(sample, 'gt_instances', rows, self.gender(sample))
        if self.protocol.mesh_root == 'none':
            # The model's vertices may be relative to any point.
            predicted = self._pose(sample, 'pred_instances', rows, 'neutral')
        errors, first, second = comparison.errors(self.metrics, predicted, target)
        return Measured(errors, first.joints, second.joints)

    def gender(self, sample: Mapping[str, Any]) -> str:
        """Of the annotated body that predictions are compared with."""
        if self.protocol.gender == 'neutral':
            return 'neutral'
        gender = sample.get('gender')
        if gender not in GENDERS:
            raise ValueError(f'{clip_of(sample)}: gender got {gender!r}, expected {GENDERS}')
        return gender

    def describe(self) -> dict[str, str]:
        """What is measured, in words."""
        return {**self.protocol.describe(), 'body model': self.comparison.body_name}

    def _pose(
        self, sample: Mapping[str, Any], part: str, rows: np.ndarray, gender: str
    ) -> np.ndarray:
        bodies = self.comparison.bodies
        poses = read_finite(sample, part, 'smpl_pose', (24, 3), rows)
        betas = read_finite(sample, part, 'smpl_betas', (bodies.num_betas,), rows)
        return bodies(poses, betas, [gender] * len(rows))
