"""Draw the edge maps of a dataset into files: resumable, in shares, always the same."""

import contextlib
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from mmengine.dataset import BaseDataset

from mmpose_ext.apis.edge_drawer import EdgeDrawer
from mmpose_ext.apis.edge_images import (
    EdgeImage,
    fingerprint,
    list_edge_images,
    person_digest,
    single_datasets,
)
from mmpose_ext.apis.sharded_work import file_crc32, map_tasks, read_json
from mmpose_ext.datasets.transforms import LoadEncodedImage
from mmpose_ext.datasets.transforms.load_edge_map import EDGE_NAMING
from mmpose_ext.synthetic.files import dump_json, remove_unfinished, write_atomically

VERSION = 1
"""Grows whenever the same people and settings give other maps."""

_MANIFEST = 'manifest.json'
_PARTS = '.parts'
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


@dataclass
class Summary:
    """What a run did.

    Args:
        made: Maps that did not exist.
        remade: Maps that were damaged or had been removed.
        kept: Maps that were found as they should be.
        complete: Whether the maps of all images, of all shards, exist.
    """

    made: int = 0
    remade: int = 0
    kept: int = 0
    complete: bool = False


class EdgeMapJob:
    """The edge maps of one dataset in one folder.

    The work is cut into units of a few images. The maps of a unit are followed by a small record
    of their checksums, so that a stopped run continues, and several machines can share the work.
    The run that finds all records writes the manifest. All files have the same bytes whatever the
    workers, shards and stops.

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

    def __init__(
        self,
        dataset: BaseDataset,
        out: Path,
        drawer: EdgeDrawer,
        img_prefix: str = 'data',
        naming: str = EDGE_NAMING,
    ) -> None:
        self.out, self.drawer = Path(out), drawer
        self._datasets = list(single_datasets(dataset))
        self.images, genders = list_edge_images(
            self._datasets, img_prefix, naming, drawer.needs_people
        )
        settings = drawer.settings(genders)
        self._identity = dict(
            kind=settings.pop('kind'),
            version=VERSION,
            **settings,
            images=len(self.images),
            people=fingerprint(dump_json([(image.name, image.digest) for image in self.images])),
        )
        self._check_folder()

    def run(
        self,
        workers: int = 1,
        shard: tuple[int, int] = (0, 1),
        progress: Callable[[int, int], None] | None = None,
    ) -> Summary:
        """Check the maps of a shard that exist, make the others, and finish if none is missing.

        Args:
            workers: Number of processes; 0 works in this one.
            shard: Number of the shard, from 0, and number of shards.
            progress: Called with the number of finished and of all images of the shard.

        Returns:
            What was done.

        Raises:
            ValueError: If an image cannot be read, or has not the size its map was made for.
        """
        if self._read_manifest() is None:
            write_atomically(self.out / _MANIFEST, dump_json(self._identity))
        known = self._known_records()
        units = range(shard[0], self._unit_count, shard[1])
        total = sum(len(self._unit(number)) for number in units)
        done, summary = 0, Summary()
        for number, records, counts in map_tasks(
            _make_unit, self._tasks(units, known), len(units), workers
        ):
            summary.made += counts.made
            summary.remade += counts.remade
            summary.kept += counts.kept
            names = [image.name for image in self._unit(number)]
            if any(known.get(name) != record for name, record in zip(names, records)):
                write_atomically(self._part_file(number), dump_json(dict(zip(names, records))))
            done += len(records)
            if progress:
                progress(done, total)
        summary.complete = self._finish(alone=shard[1] == 1)
        return summary

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

    @property
    def _unit_count(self) -> int:
        return -(-len(self.images) // _UNIT_IMAGES)

    def _unit(self, number: int) -> Sequence[EdgeImage]:
        return self.images[number * _UNIT_IMAGES : (number + 1) * _UNIT_IMAGES]

    def _part_file(self, number: int) -> Path:
        return self.out / _PARTS / f'{number:06d}.json'

    def _tasks(self, units: range, known: Mapping[str, MapRecord]) -> Iterator[tuple]:
        for number in units:
            unit = self._unit(number)
            people = [self.persons(image) for image in unit]
            records = [known.get(image.name) for image in unit]
            yield number, self.out, self.drawer, unit, people, records

    def _known_records(self) -> dict[str, MapRecord]:
        """What finished runs, and finished units of others, say about their maps."""
        parts: dict[str, Any] = {}
        for path in sorted((self.out / _PARTS).glob('*.json')):
            # A shard that finishes writes the manifest, then removes all parts.
            if (part := read_json(path)) is not None:
                parts.update(part)
        records = (self._read_manifest() or {}).get('files', {}) | parts
        return {name: MapRecord(*record) for name, record in records.items()}

    def _finish(self, alone: bool) -> bool:
        """Write the manifest unless another shard is still at work; tell whether all is done."""
        parts = sorted((self.out / _PARTS).glob('*.json'))
        if not parts and 'files' in (self._read_manifest() or {}):
            return True
        records = self._known_records()
        if any(image.name not in records for image in self.images):
            return False
        files = {image.name: records[image.name] for image in self.images}
        write_atomically(self.out / _MANIFEST, dump_json(self._identity | dict(files=files)))
        for part in parts:
            part.unlink(missing_ok=True)
        if alone:
            for folder in {(self.out / image.name).parent for image in self.images}:
                remove_unfinished(folder)
            remove_unfinished(self.out / _PARTS)
        # Not empty while another shard still repairs its maps.
        with contextlib.suppress(OSError):
            (self.out / _PARTS).rmdir()
        return True

    def _read_manifest(self) -> dict[str, Any] | None:
        return read_json(self.out / _MANIFEST)

    def _check_folder(self) -> None:
        if not self.out.exists() or not any(self.out.iterdir()):
            return
        manifest = self._read_manifest()
        if manifest is None:
            raise ValueError(
                f'{self.out} holds files that are not edge maps of this command, expected an '
                'empty folder or one with its manifest'
            )
        found = {key: manifest.get(key) for key in self._identity}
        changed = [key for key in found if found[key] != self._identity[key]]
        if changed in (['people'], ['images', 'people']):
            raise ValueError(
                f'{self.out} holds the edge maps of other images or people: '
                f'{self._first_difference(manifest)}; remove it or choose another folder'
            )
        if changed:
            raise ValueError(
                f'{self.out} holds edge maps of other settings: got '
                f'{ {key: found[key] for key in changed} }, expected '
                f'{ {key: self._identity[key] for key in changed} }; '
                'remove it or choose another folder'
            )

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
        content = _encode(drawer.draw(sample), drawer.binary)
        write_atomically(path, content)
        records.append(MapRecord(zlib.crc32(content), width, height, image.digest))
        if record is None:
            counts.made += 1
        else:
            counts.remade += 1
    return number, records, counts


def _encode(edge: np.ndarray, binary: bool) -> bytes:
    # One bit per pixel is read three times as fast as eight.
    options = [cv2.IMWRITE_PNG_BILEVEL, 1, cv2.IMWRITE_PNG_COMPRESSION, 6] if binary else []
    done, content = cv2.imencode('.png', np.rint(255 * edge).astype(np.uint8), options)
    if not done:
        raise RuntimeError('OpenCV could not encode a PNG')
    return content.tobytes()
