"""Similarity alignment of point sets."""

from typing import Any

from mmpose_ext.geometry.arrays import Array, as_float, library_of


def procrustes(
    source: Array, target: Array, weights: Array | None = None
) -> tuple[Array, Array, Array]:
    """Find the scale, rotation and translation that bring points closest to others.

    Minimises the weighted sum of squared distances in closed form over proper rotations, mirror
    images excluded (Umeyama, "Least-Squares Estimation of Transformation Parameters Between Two
    Point Patterns", PAMI 1991). Tensors keep their gradients, which exist where the solution is
    unique.

    Args:
        source: Points to move, (..., N, 3).
        target: Where they should come, same shape.
        weights: Non-negative importance of each point, (..., N); equal if omitted.

    Returns:
        Scale (...), rotation (..., 3, 3) and translation (..., 3), so that
        ``scale * rotation @ source + translation`` is closest to ``target``. The scale of points
        that all coincide is 0.

    Raises:
        ValueError: If the shapes differ, a value is not finite, or weights are negative or all 0.
        TypeError: If tensors are mixed with numpy arrays.
    """
    library: Any = library_of(source, target, *([] if weights is None else [weights]))
    source, target = as_float(source, (3,)), as_float(target, (3,))
    if source.shape != target.shape or source.ndim < 2:
        raise ValueError(
            f'got source points of shape {tuple(source.shape)} and target points of shape '
            f'{tuple(target.shape)}, expected the same (..., N, 3)'
        )
    if weights is None:
        source_mean, target_mean = source.mean(-2), target.mean(-2)
    else:
        weights = _shares(weights, source)
        source_mean, target_mean = (weights * source).sum(-2), (weights * target).sum(-2)
    centred = source - source_mean[..., None, :]
    weighted = centred if weights is None else weights * centred
    covariance = (target - target_mean[..., None, :]).swapaxes(-1, -2) @ weighted
    if not library.isfinite(covariance).all():
        raise ValueError('got points with NaN or infinite coordinates, expected finite ones')
    left, values, right = library.linalg.svd(covariance)
    # A mirror image would fit better where the product's determinant is negative; giving up the
    # weakest axis is then the best rotation.
    sign = library.sign(library.linalg.det(left @ right))
    signs = library.stack([library.ones_like(sign), library.ones_like(sign), sign], -1)
    rotation = (left * signs[..., None, :]) @ right
    variance = (weighted * centred).sum((-2, -1))
    smallest = library.finfo(source.dtype).tiny
    scale = (values * signs).sum(-1) / variance.clip(min=smallest)
    moved_mean = (rotation @ source_mean[..., None])[..., 0]
    return scale, rotation, target_mean - scale[..., None] * moved_mean


def similarity_align(source: Array, target: Array, weights: Array | None = None) -> Array:
    """Move points as close to others as scale, rotation and translation can bring them.

    Args:
        source: Points to move, (..., N, 3).
        target: Where they should come, same shape.
        weights: Non-negative importance of each point, (..., N); equal if omitted.

    Returns:
        The moved points, (..., N, 3).

    Raises:
        ValueError: As :func:`procrustes`.
    """
    scale, rotation, translation = procrustes(source, target, weights)
    moved = as_float(source, (3,)) @ rotation.swapaxes(-1, -2)
    return scale[..., None, None] * moved + translation[..., None, :]


def _shares(weights: Array, source: Array) -> Array:
    weights = as_float(weights, (source.shape[-2],))
    total = weights.sum(-1)
    if not (weights >= 0).all() or not (total > 0).all():
        raise ValueError(
            f'weights got values from {float(weights.min())} to {float(weights.max())} with sums '
            f'down to {float(total.min())}, expected non-negative ones with positive sums'
        )
    return (weights / total[..., None])[..., None]
