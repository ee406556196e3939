"""Checks of array arguments."""

import numpy as np


def as_float(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Check the last dimensions of an array, and turn integers into float64.

    Args:
        array: Anything numpy makes an array of.
        shape: The last dimensions it must have.

    Returns:
        The array, floating.

    Raises:
        ValueError: If the last dimensions differ.
    """
    array = np.asarray(array)
    if array.shape[-len(shape) :] != shape:
        expected = ', '.join(str(size) for size in shape)
        raise ValueError(f'got an array of shape {array.shape}, expected (..., {expected})')
    if not np.issubdtype(array.dtype, np.floating):
        array = array.astype(np.float64)
    return array
