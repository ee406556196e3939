from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mmpose_ext.body_models import load_body_model
from mmpose_ext.body_models.standin import GENDERS

from .gendered_bodies import GenderedBodies
from .joint_errors import auc, mpjpe, mpvpe, pa_mpjpe, pck3d
from .mesh_protocol import MeshProtocol
from .sparse_regressor import SparseRegressor

#: Errors of joints, each with the factor from metres to millimetres, or to percent.
JOINT_METRICS = {
    'MPJPE': (mpjpe, 1e3),
    'PA-MPJPE': (pa_mpjpe, 1e3),
    'PCK@150': (pck3d, 1e2),
    'AUC': (auc, 1e2),
}
#: The error of vertices, which the image and the video literature name differently.
VERTEX_METRICS = ('MPVPE', 'PVE')


class MeshJoints(NamedTuple):
    """What is read off a batch of meshes.

    Attributes:
        joints: The joints of the protocol relative to its root, (B, J, 3).
        pelvis: SMPL's pelvis, (B, 3).
    """

    joints: np.ndarray
    pelvis: np.ndarray


class MeshComparison:
    """Compares predicted meshes with annotated bodies by a protocol, a batch at a time.

    Args:
        body_model: Folder of SMPL files, see :func:`mmpose_ext.body_models.load_body_model`; a
            single file serves only neutral ground truth.
        protocol: What the errors depend on besides the meshes.
        device: Where the ground truth is posed, such as ``'cuda'``.

    Raises:
        FileNotFoundError: If a body model is missing.
    """

    def __init__(self, body_model: str | None, protocol: MeshProtocol, device: str = 'cpu') -> None:
        self.protocol = protocol
        body = load_body_model(body_model, 'neutral')
        genders = GENDERS if protocol.gender == 'annotated' else ('neutral',)
        self.bodies = GenderedBodies(body_model, genders, device)
        self.regressor = SparseRegressor(protocol.regressor(body))
        self.body_name = body.name

    @property
    def num_vertices(self) -> int:
        """Number of vertices of a mesh."""
        return self.regressor.num_vertices

    def read(self, vertices: np.ndarray) -> MeshJoints:
        """Read joints and pelvis off meshes, (B, V, 3) in metres."""
        points = self.regressor(vertices)
        return MeshJoints(points[:, :-2] - points[:, -2:-1], points[:, -1])

    def errors(
        self,
        metrics: Sequence[str],
        predicted: np.ndarray,
        target: np.ndarray,
    ) -> tuple[np.ndarray, MeshJoints, MeshJoints]:
        """Compare meshes.

        Args:
            metrics: Names of :data:`JOINT_METRICS` or :data:`VERTEX_METRICS`.
            predicted: (B, V, 3) in metres.
            target: Same shape.

        Returns:
            (B, M) float64 in millimetres or percent, and what was read off both.

        Raises:
            ValueError: If the shapes differ, or are not those of the body.
        """
        first, second = self.read(predicted), self.read(target)
        roots = (None, None)
        if self.protocol.mesh_root == 'pelvis':
            roots = (first.pelvis, second.pelvis)
        errors = joint_errors(metrics, first.joints, second.joints)
        for column, name in enumerate(metrics):
            if name in VERTEX_METRICS:
                errors[:, column] = 1e3 * mpvpe(predicted, target, *roots)
        return errors, first, second


def joint_errors(metrics: Sequence[str], predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Errors of joints (B, J, 3) by name, (B, M) float64; NaN for metrics of other things."""
    errors = np.full((len(predicted), len(metrics)), np.nan)
    for column, name in enumerate(metrics):
        if name in JOINT_METRICS:
            measure, factor = JOINT_METRICS[name]
            errors[:, column] = factor * measure(predicted, target)
    return errors
