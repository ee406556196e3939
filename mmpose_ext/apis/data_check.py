"""Whether the files that a method needs are there, readable and complete."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import numpy as np

State = Literal['ok', 'missing', 'optional', 'damaged', 'incomplete']

#: States with which a method cannot be trained and tested.
PROBLEMS: tuple[State, ...] = ('missing', 'damaged', 'incomplete')


class DataFileError(Exception):
    """What is wrong with a file, and how much of it is there."""

    def __init__(self, message: str, state: State = 'damaged') -> None:
        super().__init__(message)
        self.state = state


@dataclass(frozen=True)
class DataFile:
    """A file, or a folder, that a dataset consists of.

    Args:
        dataset: The dataset.
        path: Where it is, relative to the root of all data, or absolute. Its name may have
            wildcards; the first file that fits counts.
        check: Looks at it and says in a few words what it holds.
        origin: Where it comes from.
        needed: Whether the method needs it; others only add something.
    """

    dataset: str
    path: str
    check: Callable[[Path], str]
    origin: str
    needed: bool = True


@dataclass(frozen=True)
class DataRow:
    """What was found of a :class:`DataFile`.

    Args:
        file: The file.
        state: ``'ok'``, ``'missing'``, ``'optional'`` (missing, but not needed), ``'damaged'`` or
            ``'incomplete'``.
        detail: What it holds, or what is wrong.
    """

    file: DataFile
    state: State
    detail: str


def check_data(files: Iterable[DataFile], root: str | Path) -> Iterator[DataRow]:
    """Look at files, one after the other.

    Args:
        files: What to look for, dataset after dataset.
        root: Folder of all data.

    Yields:
        DataRow: One per file, as soon as it is known.
    """
    for _, group in groupby(files, key=lambda file: file.dataset):
        for file in group:
            yield _check_file(file, Path(root) / file.path)
        # Annotations of a dataset are parsed once for all its checks, and then let go.
        _parse.cache_clear()


_DAMAGES = (
    *(ValueError, OSError, EOFError, LookupError, TypeError, AttributeError, RuntimeError),
    *(zipfile.BadZipFile, pickle.UnpicklingError),
)


def _check_file(file: DataFile, pattern: Path) -> DataRow:
    path = next(iter(sorted(pattern.parent.glob(pattern.name))), None)
    if path is None:
        return DataRow(file, 'missing' if file.needed else 'optional', '')
    try:
        return DataRow(file, 'ok', file.check(path))
    except DataFileError as problem:
        return DataRow(file, problem.state, str(problem))
    except _DAMAGES as error:
        return DataRow(file, 'damaged', f'{type(error).__name__}: {error}')


def read_json(path: Path) -> Any:
    """Parse a JSON file; that of the last call is kept.

    Raises:
        DataFileError: If it is no JSON.
    """
    return _parse(str(path))


@lru_cache(maxsize=2)
def _parse(path: str) -> Any:
    try:
        with open(path, encoding='utf-8') as file:
            return json.load(file)
    except ValueError as error:
        raise DataFileError(f'no valid JSON: {error}') from error


def coco_tables(path: Path) -> str:
    """Count images and annotations of a COCO-style file, and see that they belong together."""
    content = read_json(path)
    if not isinstance(content, dict) or not {'images', 'annotations'} <= content.keys():
        raise DataFileError('not in COCO format: no images and annotations')
    images = {image['id'] for image in content['images']}
    strays = sum(annotation['image_id'] not in images for annotation in content['annotations'])
    if strays:
        raise DataFileError(f'{strays} annotations are of images that it does not list')
    if not content['annotations']:
        raise DataFileError('no annotations', 'incomplete')
    return f'{len(images)} images, {len(content["annotations"])} annotations'


def entries(path: Path) -> str:
    """Count the entries of a JSON object."""
    content = read_json(path)
    if not isinstance(content, dict) or not content:
        raise DataFileError(
            f'a {type(content).__name__} with {len(content)} entries, not an object'
        )
    return f'{len(content)} entries'


def every(names: Sequence[str], check: Callable[[Path], str]) -> Callable[[Path], str]:
    """Check several files of one folder, of which one is there."""

    def check_all(path: Path) -> str:
        missing = [name for name in names if not path.with_name(name).exists()]
        if missing:
            raise DataFileError(
                f'{len(names) - len(missing)} of {len(names)} files, missing: {", ".join(missing)}',
                'incomplete',
            )
        for name in names:
            try:
                check(path.with_name(name))
            except DataFileError as error:
                raise DataFileError(f'{name}: {error}', error.state) from error
        return f'{len(names)} files'

    return check_all


def entries_of(annotations: str) -> Callable[[Path], str]:
    """Check entries by annotation id against an annotation file in the same folder."""

    def check(path: Path) -> str:
        counted = entries(path)
        other = path.with_name(annotations)
        if not other.exists():
            return f'{counted}; {annotations} is missing'
        people = read_json(other)['annotations']
        content = read_json(path)
        known = sum(str(person['id']) in content for person in people)
        if not known:
            raise DataFileError(f'{counted}, none of them of a person in {annotations}')
        return f'{counted}, for {known} of the {len(people)} people in {annotations}'

    return check


def images_of(
    annotations: Sequence[str], name: Callable[[dict], str] = lambda image: image['file_name']
) -> Callable[[Path], str]:
    """Check that a folder has the images that annotation files list.

    Args:
        annotations: The files, relative to the folder.
        name: Path of an image below the folder.
    """

    def check(folder: Path) -> str:
        wanted: set[str] = set()
        for file in annotations:
            # The folder may be a link, whose parent on disk is elsewhere.
            path = Path(os.path.normpath(folder / file))
            if path.exists():
                content = read_json(path)
                used = {annotation['image_id'] for annotation in content['annotations']}
                wanted |= {name(image) for image in content['images'] if image['id'] in used}
        if not wanted:
            return 'a folder; there is no annotation file to compare it with'
        return count_present(folder, wanted)

    return check


def count_present(folder: Path, names: set[str]) -> str:
    """Say how many files a folder has of those that it should have.

    Raises:
        DataFileError: If some are missing.
    """
    present = set()
    for below in {os.path.dirname(name) for name in names}:
        path = folder / below
        if path.is_dir():
            present |= {f'{below}/{e.name}' if below else e.name for e in os.scandir(path)}
    missing = names - present
    if missing:
        raise DataFileError(
            f'{len(names) - len(missing)} of {len(names)} images, missing e.g. {min(missing)}',
            'incomplete',
        )
    return f'{len(names)} images'


def matrix(columns: int | None = None) -> Callable[[Path], str]:
    """Check a ``.npy`` file with a matrix of so many columns."""

    def check(path: Path) -> str:
        array = np.load(path, allow_pickle=False)
        if array.ndim != 2 or columns not in (None, array.shape[1]):
            raise DataFileError(f'shape {array.shape}, expected (K, {columns or "V"})')
        if not np.isfinite(array).all():
            raise DataFileError('numbers that are not finite')
        return f'{array.shape[0]} x {array.shape[1]}'

    return check
