"""Errors of 3D joints and meshes: arrays of any leading shape in, one number per body out.

Lengths are in the unit of the points; only the thresholds of :func:`pck3d` and :func:`auc` assume
metres. Sums run in float64 whatever the points are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmpose_ext.geometry import similarity_align

from .mesh_kernels import mean_distances

#: The thresholds of MPI-INF-3DHP's area under the curve: 0 to 150 mm in steps of 5 mm.
AUC_THRESHOLDS = tuple(5e-3 * step for step in range(31))


def joint_distances(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Distance of every point from its target.

    Args:
        predicted: (..., J, 3).
        target: Same shape.

    Returns:
        (..., J) float64.

    Raises:
        ValueError: If the shapes differ.
    """
    predicted, target = _pair(predicted, target)
    return np.linalg.norm(predicted.astype(np.float64) - target, axis=-1)


def mpjpe(predicted: np.ndarray, target: np.ndarray, valid: np.ndarray | None = None) -> np.ndarray:
    """Mean per-joint position error. The points are compared as they are: subtract roots before.

    Args:
        predicted: (..., J, 3).
        target: Same shape.
        valid: Joints to take the mean of, (..., J) bool; all if omitted.

    Returns:
        (...) float64; NaN for bodies without a valid joint.

    Raises:
        ValueError: If the shapes differ.
    """
    return _mean(joint_distances(predicted, target), valid)


def pa_mpjpe(
    predicted: np.ndarray, target: np.ndarray, valid: np.ndarray | None = None
) -> np.ndarray:
    """Mean per-joint position error after each prediction was aligned to its target.

    The alignment is the similarity (scale, rotation without reflection, translation) of least
    squared error, see :func:`mmpose_ext.geometry.procrustes`.

    Args:
        predicted: (..., J, 3).
        target: Same shape.
        valid: Joints to align and to take the mean of, (..., J) bool; all if omitted.

    Returns:
        (...) float64; NaN for bodies without a valid joint.

    Raises:
        ValueError: If the shapes differ, or a valid joint is not finite.
    """
    predicted, target = (points.astype(np.float64) for points in _pair(predicted, target))
    if valid is None:
        return _mean(joint_distances(similarity_align(predicted, target), target), None)
    valid = np.broadcast_to(np.asarray(valid, bool), predicted.shape[:-1])
    errors = np.full(valid.shape[:-1], np.nan)
    measured = valid.any(-1)
    mask = valid[measured]
    # A weight of zero does not hide NaN.
    predicted, target = (
        np.where(mask[..., None], points[measured], 0) for points in (predicted, target)
    )
    aligned = similarity_align(predicted, target, mask.astype(np.float64))
    errors[measured] = _mean(joint_distances(aligned, target), mask)
    return errors


def mpvpe(
    predicted: np.ndarray,
    target: np.ndarray,
    predicted_root: np.ndarray | None = None,
    target_root: np.ndarray | None = None,
) -> np.ndarray:
    """Mean per-vertex position error, of meshes that are as they are or relative to roots.

    Args:
        predicted: (..., V, 3).
        target: Same shape.
        predicted_root: A point to subtract from each predicted mesh, (..., 3).
        target_root: A point to subtract from each target, (..., 3).

    Returns:
        (...) float64.

    Raises:
        ValueError: If the shapes differ.
    """
    predicted, target = _pair(predicted, target)
    shifts = np.zeros((*predicted.shape[:-2], 3))
    for root, sign in ((predicted_root, 1), (target_root, -1)):
        if root is not None:
            shifts += sign * np.asarray(root, np.float64)
    kind = np.result_type(predicted, target)
    meshes = [
        np.ascontiguousarray(points, kind).reshape(-1, *points.shape[-2:])
        for points in (predicted, target)
    ]
    # The difference of two nearby points loses nothing in their own precision.
    errors = mean_distances(*meshes, shifts.reshape(-1, 3).astype(kind))
    return errors.reshape(predicted.shape[:-2])


def pck3d(
    predicted: np.ndarray,
    target: np.ndarray,
    threshold: float = 0.15,
    valid: np.ndarray | None = None,
) -> np.ndarray:
    """Share of correct keypoints: joints closer to their target than a threshold.

    Args:
        predicted: (..., J, 3) in metres; subtract roots before.
        target: Same shape.
        threshold: In metres.
        valid: Joints to count, (..., J) bool; all if omitted.

    Returns:
        (...) float64 between 0 and 1; NaN for bodies without a valid joint.

    Raises:
        ValueError: If the shapes differ.
    """
    return _mean(joint_distances(predicted, target) < threshold, valid)


def auc(
    predicted: np.ndarray,
    target: np.ndarray,
    thresholds: Sequence[float] = AUC_THRESHOLDS,
    valid: np.ndarray | None = None,
) -> np.ndarray:
    """Area under the curve of :func:`pck3d` over its threshold: the mean over equal steps.

    Args:
        predicted: (..., J, 3) in metres; subtract roots before.
        target: Same shape.
        thresholds: In metres.
        valid: Joints to count, (..., J) bool; all if omitted.

    Returns:
        (...) float64 between 0 and 1; NaN for bodies without a valid joint.

    Raises:
        ValueError: If the shapes differ.
    """
    distances = joint_distances(predicted, target)
    return _mean((distances[..., None] < np.asarray(thresholds)).mean(-1), valid)


def _pair(predicted: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    predicted, target = np.asarray(predicted), np.asarray(target)
    if predicted.shape != target.shape or predicted.ndim < 2 or predicted.shape[-1] != 3:
        raise ValueError(
            f'got predicted points of shape {predicted.shape} and targets of shape {target.shape}, '
            'expected the same (..., N, 3)'
        )
    return predicted, target


def _mean(values: np.ndarray, valid: np.ndarray | None) -> np.ndarray:
    if valid is None:
        return values.mean(-1)
    valid = np.broadcast_to(np.asarray(valid, bool), values.shape)
    count = valid.sum(-1)
    total = np.where(valid, values, 0).sum(-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
