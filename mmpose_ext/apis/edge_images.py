"""The images of a dataset, and fingerprints of the people in them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from mmengine.dataset import BaseDataset

from mmpose_ext.datasets.transforms.load_edge_map import edge_file_name
from mmpose_ext.datasets.transforms.render_smpl_edge import check_edge_person


class EdgeImage(NamedTuple):
    """An image that a map is made for.

    Args:
        name: Path of the map below the folder of the maps.
        img_path: The image.
        digest: Of the people's parameters, whatever their order; empty where they do not matter.
        dataset: Index of the dataset that knows the image.
        index: A sample of it that shows the image.
    """

    name: str
    img_path: str
    digest: str
    dataset: int
    index: int


def person_digest(person: Mapping[str, Any]) -> str:
    """A fingerprint of all that the edges of a person depend on.

    Args:
        person: An entry of ``persons``.

    Returns:
        16 hexadecimal digits.
    """
    numbers = [
        np.asarray(person[key], np.float64).ravel()
        for key in ('pose', 'betas', 'transl', 'camera', 'bbox_area')
    ]
    return fingerprint(np.concatenate(numbers).astype('<f8').tobytes() + person['gender'].encode())


def single_datasets(dataset: Any) -> Iterator[BaseDataset]:
    """The datasets that a mix is made of (``datasets`` or ``dataset``, at any depth)."""
    if hasattr(dataset, 'datasets'):
        for inner in dataset.datasets:
            yield from single_datasets(inner)
    elif hasattr(dataset, 'dataset'):
        yield from single_datasets(dataset.dataset)
    else:
        yield dataset


def list_edge_images(
    datasets: Sequence[BaseDataset], img_prefix: str, naming: str, with_people: bool = True
) -> tuple[list[EdgeImage], set[str]]:
    """List all images once, in the order of their maps' names.

    Args:
        datasets: Datasets whose samples have ``img_path`` and, with people, ``persons``.
        img_prefix: Folder that all images lie in.
        naming: See :class:`~mmpose_ext.datasets.transforms.LoadEdgeMap`.
        with_people: Whether the maps depend on the people.

    Returns:
        The images, and the genders of all people, if they matter.

    Raises:
        ValueError: If parameters of a person are not usable, two images have one name, or samples
            of an image disagree on its people.
    """
    images: dict[str, EdgeImage] = {}
    genders: set[str] = set()
    for number, dataset in enumerate(datasets):
        for index in range(len(dataset)):
            sample = dataset.get_data_info(index)
            path, digest = sample['img_path'], ''
            if with_people:
                persons = _checked_persons(sample, f'{type(dataset).__name__}: sample {index}')
                genders.update(person['gender'] for person in persons)
                digest = fingerprint(''.join(sorted(map(person_digest, persons))).encode())
            name = edge_file_name(path, img_prefix, naming)
            image = images.setdefault(name, EdgeImage(name, path, digest, number, index))
            if image.img_path != path:
                raise ValueError(
                    f'{image.img_path!r} and {path!r} would have one edge map, {name!r}, expected '
                    "a naming that tells them apart, such as '{path}.png'"
                )
            if image.digest != digest:
                raise ValueError(f'{path}: samples {image.index} and {index} name other persons')
    return sorted(images.values()), genders


def _checked_persons(sample: Mapping[str, Any], where: str) -> Sequence[Mapping[str, Any]]:
    path, persons = sample['img_path'], sample.get('persons')
    if persons is None:
        raise ValueError(f'{where} ({path}) has no persons, expected a dataset for mesh recovery')
    for row, person in enumerate(persons):
        check_edge_person(person, f'{path}: person {row}')
    return persons


def fingerprint(content: bytes) -> str:
    """16 hexadecimal digits that differ where the content does."""
    return hashlib.blake2b(content, digest_size=8).hexdigest()
