"""What metrics read from the data sample of one person, checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

#: The name under which results of all samples are reported.
ALL = 'all'


def person_of(sample: Mapping[str, Any]) -> str:
    """The image and the person of a data sample, for messages."""
    image = sample.get('img_path', sample.get('img_id'))
    return f'image {str(image)!r}, person {sample.get("id")!r}'


def read_field(
    sample: Mapping[str, Any], part: str, key: str, shape: tuple[int | None, ...]
) -> np.ndarray:
    """Read an array of a sample that holds one person.

    Args:
        sample: A data sample as a dict.
        part: ``'pred_instances'`` or ``'gt_instances'``.
        key: Name of the array there, (1, \\*shape).
        shape: Expected shape of a person's part; None fits any length.

    Returns:
        The array of the person, without the leading 1.

    Raises:
        ValueError: If there is no such array, its shape is another, or a value is not finite. Names
            the image and the person.
    """
    fields = sample.get(part, {})
    if key not in fields:
        raise ValueError(f'{person_of(sample)}: {part} has no {key!r}, got {sorted(fields)}')
    array = as_numpy(fields[key])
    expected = (1, *shape)
    fits = array.ndim == len(expected) and all(
        size in (None, actual) for size, actual in zip(expected, array.shape)
    )
    if not fits:
        text = ', '.join('N' if size is None else str(size) for size in expected)
        raise ValueError(
            f'{person_of(sample)}: {part} {key} got shape {array.shape}, expected ({text}): '
            'a sample per person'
        )
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise ValueError(
            f'{person_of(sample)}: {part} {key} got {bad} values of {array.size} that are NaN or '
            'infinite, expected finite ones'
        )
    return array[0]


def as_numpy(values: Any) -> np.ndarray:
    """An array of a tensor on any device, or of anything NumPy reads."""
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)


def person_key(sample: Mapping[str, Any]) -> tuple[Any, Any]:
    """What tells samples apart: a distributed sampler repeats some, sources may share ids.

    Raises:
        ValueError: If the sample has no ``id``.
    """
    if 'id' not in sample:
        raise ValueError(f'{person_of(sample)}: the sample has no id, expected it in its metainfo')
    return sample.get('source'), sample['id']


def subsets_of(sample: Mapping[str, Any], where: str) -> tuple[str, ...]:
    """The subsets a sample is in: those of its metainfo, and ``occluded`` if it says so.

    Raises:
        ValueError: If one is called ``all``; starts with ``where``.
    """
    names = sample.get('subsets') or ()
    names = {names} if isinstance(names, str) else set(names)
    if ALL in names:
        raise ValueError(f'{where}: subsets got {ALL!r}, which is that of every sample')
    return tuple(sorted(names | ({'occluded'} if sample.get('occluded') else set())))


def box_source(sample: Mapping[str, Any]) -> str:
    """Where the person's box is from: ``'gt'``, ``'pose2d'``, or ``'unstated'``."""
    return str(sample.get('bbox_source') or 'unstated')


def tally(values: Iterable[str]) -> str:
    """Count strings: ``'gt 3, pose2d 12'``, in alphabetical order."""
    counts = Counter(values)
    return ', '.join(f'{value} {counts[value]}' for value in sorted(counts)) or 'none'
