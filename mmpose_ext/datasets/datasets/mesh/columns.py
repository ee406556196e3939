"""Annotation files as columns: one array per field instead of one object per person."""

from collections.abc import Mapping, Sequence
from os import path
from typing import Any

import numpy as np
from mmengine.fileio import exists, load

SYNTHETIC_HINT = (
    'To try mesh recovery without licensed data, run `python tools/make_synthetic.py mesh` and use '
    'a *_synthetic config; `python tools/check_data.py sefd` says where each file comes from'
)


def check_file(file: str, what: str) -> None:
    """Raise FileNotFoundError if a file of a dataset is not there."""
    if not file or not exists(file):
        raise FileNotFoundError(f'{what} {path.abspath(file)!r} does not exist. {SYNTHETIC_HINT}')


def read_json(file: str, what: str) -> dict[str, Any]:
    """Read a JSON file whose top level is an object.

    Args:
        file: Path, or an address that MMEngine's file backends know.
        what: What the file is, for messages.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If it is no JSON, or something else than an object.
    """
    check_file(file, what)
    try:
        content = load(file, file_format='json')
    except ValueError as error:
        raise ValueError(f'{what} {file!r} is not valid JSON: {error}') from error
    if not isinstance(content, dict):
        raise ValueError(
            f'{what} {file!r} holds a {type(content).__name__}, expected an object by entry'
        )
    return content


def read_column(
    entries: Sequence[Mapping[str, Any]],
    key: str,
    shape: tuple[int, ...],
    names: Sequence[Any],
    title: str,
) -> np.ndarray:
    """Collect one field of all entries.

    Args:
        entries: N entries of a file.
        key: The field.
        shape: Shape of the field in one entry; the file may have it flat or nested.
        names: What each entry is called in messages.
        title: What file the entries are of, the start of messages.

    Returns:
        np.ndarray: (N, *shape) float64.

    Raises:
        ValueError: If an entry lacks the field, it has another size, or a number is not finite.
    """
    size = int(np.prod(shape))
    if not entries:
        return np.zeros((0, *shape))
    values = None
    if all(key in entry for entry in entries):
        try:
            values = np.array([entry[key] for entry in entries], np.float64)
        except (TypeError, ValueError):
            values = None
    if values is None or values.size != size * len(entries):
        _raise_first_bad(entries, key, shape, names, title)
    values = values.reshape(len(entries), *shape)
    check_finite(values, key, names, title)
    return values


def check_finite(values: np.ndarray, key: str, names: Sequence[Any], title: str) -> None:
    """Raise ValueError if a number is not finite, with the first entry (axis 0) that has one."""
    if np.isfinite(values).all():
        return
    bad = int(np.argwhere(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))[0, 0])
    raise ValueError(
        f'{title}: entry {names[bad]}: {key!r} is {_shorten(values[bad].tolist())}, '
        'expected finite numbers'
    )


def intrinsics(
    focal: np.ndarray, centre: np.ndarray, names: Sequence[Any], title: str
) -> np.ndarray:
    """Build camera matrices.

    Args:
        focal: Focal lengths in pixels, (N, 2).
        centre: Principal points in pixels, (N, 2).
        names: What each camera's entry is called in messages.
        title: What file the cameras are of.

    Returns:
        np.ndarray: (N, 3, 3) float64.

    Raises:
        ValueError: If a focal length is not positive, or a number is not finite.
    """
    check_finite(centre, 'principal point', names, title)
    bad = np.argwhere(~((focal > 0) & np.isfinite(focal)).all(axis=1))
    if len(bad):
        first = int(bad[0, 0])
        raise ValueError(
            f'{title}: entry {names[first]}: the focal length is {focal[first].tolist()}, '
            'expected positive numbers'
        )
    cameras = np.zeros((len(focal), 3, 3))
    cameras[:, [0, 1], [0, 1]] = focal
    cameras[:, :2, 2] = centre
    cameras[:, 2, 2] = 1
    return cameras


def assumed_cameras(widths: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Cameras of images of which nothing is known: the diagonal as focal length, (N, 3, 3)."""
    focal = np.hypot(widths, heights).astype(np.float64)
    centre = np.stack([widths - 1, heights - 1], axis=1) / 2
    return intrinsics(np.stack([focal, focal], axis=1), centre, range(len(focal)), 'images')


def _raise_first_bad(
    entries: Sequence[Mapping[str, Any]],
    key: str,
    shape: tuple[int, ...],
    names: Sequence[Any],
    title: str,
) -> None:
    expected = ' x '.join(str(size) for size in shape)
    for entry, name in zip(entries, names):
        if key not in entry:
            raise ValueError(
                f'{title}: entry {name} has no {key!r}, it has {_shorten(sorted(entry))}'
            )
        try:
            value = np.array(entry[key], np.float64)
        except (TypeError, ValueError):
            value = None
        if value is None or value.size != np.prod(shape):
            got = 'no rectangle of numbers' if value is None else f'{value.size} numbers'
            raise ValueError(
                f'{title}: entry {name}: {key!r} is {_shorten(entry[key])}, {got}, '
                f'expected {expected}'
            )
    raise ValueError(f'{title}: entries have {key!r} in different shapes, expected {expected}')


def _shorten(value: Any, length: int = 80) -> str:
    text = str(value)
    return text if len(text) <= length else f'{text[: length - 3]}...'
