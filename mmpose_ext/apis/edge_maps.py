"""Draw the edge maps of a dataset into files: resumable, in shares, always the same."""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.dataset import BaseDataset

from mmpose_ext.apis.edge_drawer import EdgeDrawer
from mmpose_ext.apis.edge_images import (
    EdgeImage,
    fingerprint,
    list_edge_images,
    person_digest,
    single_datasets,
)
from mmpose_ext.apis.map_files import encode_map
from mmpose_ext.apis.sharded_files import ShardedFiles, Summary
from mmpose_ext.apis.sharded_work import file_crc32
from mmpose_ext.datasets.transforms import LoadEncodedImage
from mmpose_ext.datasets.transforms.load_edge_map import EDGE_NAMING
from mmpose_ext.synthetic.files import dump_json, write_atomically

VERSION = 1
"""Grows whenever the same people and settings give other maps."""

# Images that one record of finished work covers; part of the layout of unfinished folders.
_UNIT_IMAGES = 32


class MapRecord(NamedTuple):
    """What the manifest says about a map.

    Args:
        checksum: CRC-32 of the file.
        width: Width of the image in pixels.
        height: Height of the image in pixels.
        digest: See :class:`EdgeImage`.
    """

    checksum: int
    width: int
    height: int
    digest: str


class EdgeMapJob(ShardedFiles):
    """The edge maps of one dataset in one folder, see :class:`ShardedFiles`.

    Args:
        dataset: A dataset whose samples have ``img_path`` and, if the drawer needs them,
            ``persons``, or datasets of them (``datasets`` or ``dataset``, at any depth). Its
            pipeline is not used.
        out: Folder of the maps.
        drawer: What draws them.
        img_prefix: Folder that all images lie in.
        naming: See :class:`~mmpose_ext.datasets.transforms.LoadEdgeMap`.

    Raises:
        ValueError: If parameters of a person are not usable, two images have one name, samples of
            an image disagree on its people, or the folder holds maps of other people, images or
            settings.
    """

    what = 'edge maps'
    record_type = MapRecord

    def __init__(
        self,
        dataset: BaseDataset,
        out: Path,
        drawer: EdgeDrawer,
        img_prefix: str = 'data',
        naming: str = EDGE_NAMING,
    ) -> None:
        self.drawer = drawer
        self._datasets = list(single_datasets(dataset))
        self.images, genders = list_edge_images(
            self._datasets, img_prefix, naming, drawer.needs_people
        )
        settings = drawer.settings(genders)
        identity = dict(
            kind=settings.pop('kind'),
            version=VERSION,
            **settings,
            images=len(self.images),
            people=fingerprint(dump_json([(image.name, image.digest) for image in self.images])),
        )
        super().__init__(Path(out), self.images, identity, _UNIT_IMAGES)

    def task(self, unit: Sequence[EdgeImage], records: Sequence[MapRecord | None]) -> tuple:
        """See :meth:`ShardedFiles.task`."""
        people = [self.persons(image) for image in unit]
        return self.out, self.drawer, unit, people, records

    @staticmethod
    def make_unit(task: tuple) -> tuple[int, list[MapRecord], Summary]:
        """Make the maps of a unit that are not there.

        Raises:
            ValueError: If an image cannot be read, or has not the size its map was made for.
        """
        return _make_unit(task)

    def persons(self, image: EdgeImage) -> list[dict[str, Any]]:
        """The parameters of everybody in an image, in an order that does not change.

        Args:
            image: One of :attr:`images`.

        Returns:
            Entries of the sample's ``persons``; none where the maps do not depend on them.
        """
        if not self.drawer.needs_people:
            return []
        sample = self._datasets[image.dataset].get_data_info(image.index)
        return sorted(sample['persons'], key=person_digest)

    def _check_changes(self, changed: Sequence[str], manifest: Mapping[str, Any]) -> None:
        if changed and {*changed} <= {'people', 'images'} and 'people' in changed:
            raise ValueError(
                f'{self.out} holds the edge maps of other images or people: '
                f'{self._first_difference(manifest)}; remove it or choose another folder'
            )
        super()._check_changes(changed, manifest)

    def _first_difference(self, manifest: Mapping[str, Any]) -> str:
        files = manifest.get('files')
        if files is None:
            return f'got {manifest.get("images")} images, expected {len(self.images)}'
        for image in self.images:
            if image.name not in files:
                return f'it has none of {image.img_path!r}'
            if MapRecord(*files[image.name]).digest != image.digest:
                return f'the people of {image.img_path!r} differ'
        extra = sorted(files.keys() - {image.name for image in self.images})
        return f'{extra[0]!r} belongs to an image that this dataset does not have'


def _make_unit(
    task: tuple[int, Path, EdgeDrawer, Sequence[EdgeImage], Sequence, Sequence],
) -> tuple[int, list[MapRecord], Summary]:
    number, out, drawer, unit, people, known = task
    records, counts = [], Summary()
    for image, persons, record in zip(unit, people, known):
        sample = LoadEncodedImage()(dict(img_path=image.img_path, persons=persons))
        height, width = sample['img_shape']
        path = out / image.name
        if record is not None and (record.width, record.height) != (width, height):
            raise ValueError(
                f'{image.img_path}: got {width} x {height} pixels, expected the '
                f'{record.width} x {record.height} that its edge map {path} was made for'
            )
        if record is not None and file_crc32(path) == record.checksum:
            records.append(record)
            counts.kept += 1
            continue
        content = encode_map(drawer.draw(sample), drawer.binary)
        write_atomically(path, content)
        records.append(MapRecord(zlib.crc32(content), width, height, image.digest))
        if record is None:
            counts.made += 1
        else:
            counts.remade += 1
    return number, records, counts
