"""Joining what a frame shows with where the person is in it."""

from torch import Tensor

FUSIONS = {'hadamard': 1.0, 'residual': 0.0}
"""Ways to join features, and the mask feature that changes nothing in each."""


def check_fusion(fusion: str) -> str:
    """Return the name of a fusion.

    Raises:
        ValueError: If it is unknown.
    """
    if fusion not in FUSIONS:
        raise ValueError(f'fusion got {fusion!r}, expected one of {sorted(FUSIONS)}')
    return fusion


def fuse_features(features: Tensor, mask_features: Tensor, fusion: str = 'hadamard') -> Tensor:
    """Join the features of frames with those of their masks.

    Args:
        features: ``(..., C)``.
        mask_features: ``(..., C)``.
        fusion: ``'hadamard'``, their product, or ``'residual'``, their sum.

    Returns:
        ``(..., C)``.

    Raises:
        ValueError: If shapes differ, or the fusion is unknown.
    """
    check_fusion(fusion)
    if features.shape != mask_features.shape:
        raise ValueError(
            f'mask_features got shape {tuple(mask_features.shape)}, expected that of the features, '
            f'{tuple(features.shape)}'
        )
    return features * mask_features if fusion == 'hadamard' else features + mask_features
