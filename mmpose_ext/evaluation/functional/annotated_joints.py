from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmpose_ext.skeletons import LSP14, MPI_INF_3DHP17, SPIN49, KeypointMap

from .clip_fields import Measured, read_finite, read_rows
from .mesh_comparison import MeshComparison, joint_errors
from .mesh_protocol import MeshProtocol, Root

#: Joints that datasets without bodies annotate, of the 49 joints of video samples.
ANNOTATED_SETS = {'mpi_inf_3dhp17': MPI_INF_3DHP17, 'annotated14': LSP14}


class AnnotatedJoints:
    """Measures clips of which the ground truth is joints, a part of :data:`SPIN49` by name.

    Args:
        joints: ``'mpi_inf_3dhp17'`` compares all that MPI-INF-3DHP's test set has with the
            predicted joints of the same names, ``'annotated14'`` the 14 of LSP with the predicted
            mesh under Human3.6M's regressor.
        root: What joints are relative to.
        metrics: Errors per frame, of joints.
        body_model: As of :class:`MeshComparison`; only for ``'annotated14'``.

    Raises:
        ValueError: If there are no such joints.
    """

    def __init__(
        self,
        joints: str,
        root: Root,
        metrics: Sequence[str],
        body_model: str | None = None,
    ) -> None:
        self.joints, self.root = joints, root
        self.metrics = tuple(metrics)
        self.rows = np.array(KeypointMap.between(SPIN49, ANNOTATED_SETS[joints]).source_indices)
        roots = ('pelvis',) if root == 'pelvis' else ('left_hip', 'right_hip')
        self.roots = np.array(SPIN49.indices(roots))
        self.missing = f'not all joints of {joints} annotated'
        self.comparison = None
        if joints == 'annotated14':
            protocol = MeshProtocol('h36m14', root, gender='neutral')
            self.comparison = MeshComparison(body_model, protocol)
            self._order = _true_sides(self.comparison)

    def annotated(self, sample: Mapping[str, Any]) -> np.ndarray:
        """Frames of which all these joints and the root are annotated, (T,) bool."""
        if 'joints' not in sample.get('gt_instances', {}):
            return np.zeros(len(sample['frame_ids']), bool)
        shape = (SPIN49.num_keypoints,)
        visible = read_rows(sample, 'gt_instances', 'joints_visible', shape)
        return (visible[:, np.union1d(self.rows, self.roots)] > 0).all(1)

    def measure(self, sample: Mapping[str, Any], rows: np.ndarray) -> Measured:
        """Measure the predictions of some frames.

        Raises:
            ValueError: If an array has another shape, or a value is not finite.
        """
        shape = (SPIN49.num_keypoints, 3)
        if self.comparison is None:
            predicted = self._relative(read_finite(sample, 'pred_instances', 'joints', shape))
        else:
            mesh = (self.comparison.num_vertices, 3)
            vertices = read_finite(sample, 'pred_instances', 'vertices', mesh)
            predicted = self.comparison.read(vertices).joints[:, self._order]
        if not len(rows):
            return Measured.nothing(len(self.metrics), len(self.rows))
        predicted = predicted[rows]
        target = self._relative(read_finite(sample, 'gt_instances', 'joints', shape, rows))
        return Measured(joint_errors(self.metrics, predicted, target), predicted, target)

    def gender(self, sample: Mapping[str, Any]) -> str:
        """Joints have none."""
        return 'none'

    def describe(self) -> dict[str, str]:
        """What is measured, in words."""
        source = 'the predicted joints of the same names'
        if self.comparison is not None:
            source = (
                "the predicted mesh under Human3.6M's regressor, "
                f'body model {self.comparison.body_name}'
            )
        return {
            'joints': f'{len(self.rows)} annotated ones ({self.joints}) against {source}',
            'joint root': self.root,
            'PA': MeshProtocol().describe()['PA'],
            'vertices': 'no PVE, bodies are not annotated',
        }

    def _relative(self, joints: np.ndarray) -> np.ndarray:
        joints = joints.astype(np.float64)
        return joints[:, self.rows] - joints[:, self.roots].mean(1, keepdims=True)


def _true_sides(comparison: MeshComparison) -> np.ndarray:
    """Order of the 14 joints of a mesh that has left ones on the left, (14,) int.

    In the file of Human3.6M's regressor that comes with SPIN and VIBE left and right legs have
    changed places; others have corrected it under the same or another name. Between two meshes
    that does not matter.
    """
    bodies = comparison.bodies
    rest = bodies(np.zeros((1, 24, 3)), np.zeros((1, bodies.num_betas)), ['neutral'])
    sideways = comparison.read(rest).joints[0, :, 0]
    order = np.arange(LSP14.num_keypoints)
    for left, right in LSP14.swaps:
        pair = LSP14.indices((right, left))
        # SMPL's left is at positive x.
        order[list(pair)] = sorted(pair, key=lambda index: sideways[index])
    return order
