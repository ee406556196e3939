"""Checks of array arguments, and what NumPy and PyTorch call differently."""

from typing import Any, TypeVar

import numpy as np
import torch

Array = TypeVar('Array', np.ndarray, torch.Tensor)


def as_float(array: Array, shape: tuple[int, ...]) -> Array:
    """Check the last dimensions of an array, and make it floating.

    Args:
        array: A tensor, or anything numpy makes an array of.
        shape: The last dimensions it must have.

    Returns:
        The array. Integers become float64 in numpy and the default type in torch; tensors of half
        precision become float32, because lengths and angles need its digits.

    Raises:
        ValueError: If the last dimensions differ.
    """
    if not isinstance(array, torch.Tensor):
        array = np.asarray(array)
    if tuple(array.shape[-len(shape) :]) != shape:
        expected = ', '.join(str(size) for size in shape)
        raise ValueError(f'got an array of shape {tuple(array.shape)}, expected (..., {expected})')
    if isinstance(array, torch.Tensor):
        if not array.is_floating_point():
            return array.to(torch.get_default_dtype())
        return array.float() if array.dtype in (torch.float16, torch.bfloat16) else array
    if not np.issubdtype(array.dtype, np.floating):
        array = array.astype(np.float64)
    return array


def library_of(*arrays: Any) -> Any:
    """The module, ``torch`` or ``numpy``, that the arrays belong to.

    Raises:
        TypeError: If tensors are mixed with other arrays.
    """
    tensors = [isinstance(array, torch.Tensor) for array in arrays]
    if any(tensors) and not all(tensors):
        kinds = [type(array).__name__ for array in arrays]
        raise TypeError(f'got arrays of {kinds}, expected only tensors or no tensor')
    return torch if any(tensors) else np


def concatenate(arrays: list[Array], axis: int = -1) -> Array:
    """Join arrays along an axis, as ``numpy.concatenate``."""
    library: Any = library_of(*arrays)
    return (library.cat if library is torch else library.concatenate)(arrays, axis)


def broadcast_to(array: Array, shape: tuple[int, ...]) -> Array:
    """Repeat an array without copying it, as ``numpy.broadcast_to``."""
    result: Array = library_of(array).broadcast_to(array, shape)
    return result


def transform(matrix: Array, vectors: Array) -> Array:
    """Multiply vectors (..., 3) by matrices (..., 3, 3)."""
    return (matrix @ vectors[..., None])[..., 0]


def astype_of(other: Array, array: Array) -> Array:
    """Convert an array to the floating type of another of its kind."""
    if isinstance(array, torch.Tensor):
        return array.to(other.dtype)
    return array.astype(other.dtype, copy=False)
