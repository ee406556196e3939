"""Annotation files in COCO's format."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mmpose_ext.skeletons import Skeleton

from .columns import read_column, read_json
from .mesh_people import ImageEntry
from .person_boxes import boxes_from_xywh


class CocoFile:
    """A file with ``images`` and ``annotations``, people sorted by image.

    Args:
        file: Path.
        title: The dataset, the start of messages.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If it is no JSON of that form, ids are missing or repeat, or a person's image is
            not in it.
    """

    def __init__(self, file: str, title: str) -> None:
        self.file = file
        self.title = f'{title}: {file!r}'
        content = read_json(file, f'{title}: annotation file')
        for key in ('images', 'annotations'):
            if not isinstance(content.get(key), list):
                raise ValueError(
                    f'{self.title} has {sorted(content)}, expected lists of images and annotations'
                )
            self._check_ids(key, content[key])
        #: Images by id, in the file's order.
        self.images: dict[int, Mapping[str, Any]] = {i['id']: i for i in content['images']}
        self.annotations = self._sorted(content['annotations'])
        #: How many images nobody is annotated in.
        self.empty_images = len(self.images) - len({a['image_id'] for a in self.annotations})

    def _check_ids(self, kind: str, entries: list[Any]) -> None:
        for number, entry in enumerate(entries):
            if not isinstance(entry, Mapping) or not isinstance(entry.get('id'), int):
                got = entry.get('id') if isinstance(entry, Mapping) else entry
                raise ValueError(
                    f'{self.title}: number {number} of {kind!r} got the id {got!r}, expected a '
                    'whole number'
                )
        ids = {entry['id'] for entry in entries}
        if len(ids) != len(entries):
            raise ValueError(
                f'{self.title} has {len(entries)} {kind} with {len(ids)} different ids'
            )

    def _sorted(self, annotations: list[dict[str, Any]]) -> list[dict[str, Any]]:
        places = {image: place for place, image in enumerate(self.images)}
        for annotation in annotations:
            if annotation.get('image_id') not in places:
                raise ValueError(
                    f'{self.title}: entry {annotation.get("id")} is of image '
                    f'{annotation.get("image_id")!r}, which is not in the file'
                )
        return sorted(annotations, key=lambda annotation: places[annotation['image_id']])

    def require_of_images(self, *fields: str) -> None:
        """Raise ValueError if an image lacks one of these fields."""
        for image in self.images.values():
            _check_fields(image, fields, self.title)

    def keep(self, kept: list[bool] | np.ndarray) -> None:
        """Forget the annotations that are not to be kept."""
        self.annotations = [a for a, keep in zip(self.annotations, kept) if keep]

    @property
    def ids(self) -> np.ndarray:
        """Annotation ids, (N,)."""
        return np.array([annotation['id'] for annotation in self.annotations], np.int64)

    def image_of(self, annotation: Mapping[str, Any]) -> Mapping[str, Any]:
        """The entry of an annotation's image."""
        return self.images[annotation['image_id']]

    def boxes(self) -> np.ndarray:
        """``bbox``, which is left, top, width, height, as left, top, right, bottom, (N, 4)."""
        return boxes_from_xywh(self.column('bbox', (4,)))

    def keypoints(self, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
        """``keypoints`` as coordinates (N, K, 2) and whether they are annotated (N, K)."""
        points = self.column('keypoints', (skeleton.num_keypoints, 3))
        return points[..., :2], points[..., 2] > 0

    def column(self, key: str, shape: tuple[int, ...]) -> np.ndarray:
        """A field of all annotations, (N, *shape)."""
        return read_column(self.annotations, key, shape, self.ids, self.title)

    def entries(self, key: str) -> list[Mapping[str, Any]]:
        """An object-valued field of all annotations.

        Raises:
            ValueError: If an annotation has none.
        """
        for annotation in self.annotations:
            if not isinstance(annotation.get(key), Mapping):
                raise ValueError(
                    f'{self.title}: entry {annotation["id"]}: {key!r} is {annotation.get(key)!r}, '
                    'expected an object'
                )
        return [annotation[key] for annotation in self.annotations]

    def image_entries(
        self, folder: str, file_name: str = 'file_name'
    ) -> tuple[list[ImageEntry], np.ndarray]:
        """The images that have people, and the index of each person's, (N,)."""
        entries: list[ImageEntry] = []
        index = np.zeros(len(self.annotations), np.int32)
        last = None
        for n, annotation in enumerate(self.annotations):
            if annotation['image_id'] != last:
                last = annotation['image_id']
                entries.append(self._entry(self.images[last], folder, file_name))
            index[n] = len(entries) - 1
        return entries, index

    def _entry(self, image: Mapping[str, Any], folder: str, file_name: str) -> ImageEntry:
        _check_fields(image, (file_name, 'width', 'height'), self.title)
        for key in ('width', 'height'):
            if not isinstance(image[key], int) or image[key] < 1:
                raise ValueError(
                    f'{self.title}: image {image["id"]}: {key!r} is {image[key]!r}, expected a '
                    'whole number of pixels'
                )
        path = f'{folder.rstrip("/")}/{image[file_name]}' if folder else image[file_name]
        return ImageEntry(path, image['id'], image['width'], image['height'])


def _check_fields(image: Mapping[str, Any], fields: tuple[str, ...], title: str) -> None:
    for field in fields:
        if field not in image:
            raise ValueError(
                f'{title}: image {image["id"]} has no {field!r}, it has {sorted(image)}'
            )
