"""Cut the people of a COCO-style dataset out of its images, once, for trainings that go over them
often."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from mmpose_ext.apis.edge_images import fingerprint
from mmpose_ext.apis.sharded_files import ShardedFiles, Summary
from mmpose_ext.apis.sharded_work import file_crc32
from mmpose_ext.datasets.transforms.image_bytes import decode_image, is_truncated
from mmpose_ext.synthetic.files import dump_json, write_atomically

VERSION = 1
"""Grows whenever the same annotations and settings give other crops."""

_IMAGES = 'images'
_ANNOTATIONS = 'annotations'
# Crops that one record of finished work covers; part of the layout of unfinished folders.
_UNIT_CROPS = 64
# What a crop of one person has no use for, or cannot keep true.
_DROPPED = ('segmentation', 'image_id', 'id')


@dataclass(frozen=True)
class CropSettings:
    """What is cut out.

    Args:
        box_height: Height in pixels that a person's box, grown to ``aspect``, has in the crop.
            Larger people are reduced to it, smaller ones stay as they are.
        region: Side of the square region, in heights of that box. 2.25 holds what MMPose's
            ``RandomBBoxTransform`` shows at padding 1.25, scales up to 1.25 and rotations up to 30
            degrees, with shifts of usual size; what is cut off becomes black as beyond the border
            of an image.
        aspect: Width by height of the network's input.
        quality: Of the JPEGs, 1 to 100.

    Raises:
        ValueError: If a number is out of its range.
    """

    box_height: int = 128
    region: float = 2.25
    aspect: float = 0.75
    quality: int = 95

    def __post_init__(self) -> None:
        for name in ('box_height', 'region', 'aspect'):
            if not getattr(self, name) > 0:
                raise ValueError(f'{name} got {getattr(self, name)}, expected a positive number')
        if not 1 <= self.quality <= 100:
            raise ValueError(f'quality got {self.quality}, expected 1 to 100')


class Crop(NamedTuple):
    """A person to cut out.

    Args:
        name: Path of the crop below the folder.
        img_path: The image.
        window: Left, top, right and bottom of the region in pixels, right and bottom exclusive.
        size: Width and height of the crop.
        annotation: Index of the annotation.
    """

    name: str
    img_path: str
    window: tuple[int, int, int, int]
    size: tuple[int, int]
    annotation: int


class CropRecord(NamedTuple):
    """What the manifest says about a crop.

    Args:
        checksum: CRC-32 of the file.
    """

    checksum: int


class CropJob(ShardedFiles):
    """The people of one annotation file in one folder, see :class:`ShardedFiles`.

    ``images/`` holds a crop per labelled person, ``annotations/`` a file of the same name as
    ``ann_file`` in which every crop is an image with one person.

    Args:
        ann_file: COCO-style annotations.
        img_dir: Folder of the images.
        out: Folder of the crops.
        settings: What is cut out.

    Raises:
        ValueError: If nobody has labels, or the folder holds something else.
    """

    what = 'crops of people'
    record_type = CropRecord

    def __init__(
        self, ann_file: Path, img_dir: Path, out: Path, settings: CropSettings | None = None
    ) -> None:
        self.ann_file, self.settings = Path(ann_file), settings or CropSettings()
        content = self.ann_file.read_bytes()
        self._tables = json.loads(content)
        crops = _list_crops(self._tables, Path(img_dir), self.settings)
        if not crops:
            raise ValueError(f'{ann_file} has nobody with labelled keypoints')
        identity = dict(
            kind='crops',
            version=VERSION,
            annotations=fingerprint(content),
            **asdict(self.settings),
        )
        super().__init__(Path(out), crops, identity, _UNIT_CROPS)

    def task(self, unit: Sequence[Crop], records: Sequence[CropRecord | None]) -> tuple:
        """See :meth:`ShardedFiles.task`."""
        return self.out, self.settings.quality, unit, records

    @staticmethod
    def make_unit(task: tuple) -> tuple[int, list[CropRecord], Summary]:
        """Make the crops of a unit that are not there.

        Raises:
            ValueError: If an image cannot be read, or is smaller than its annotations say.
        """
        return _make_unit(task)

    def run(self, *args: Any, **kwargs: Any) -> Summary:
        """See :meth:`ShardedFiles.run`; whoever finds all crops made writes the annotations."""
        summary = super().run(*args, **kwargs)
        if summary.complete:
            path = self.out / _ANNOTATIONS / self.ann_file.name
            write_atomically(path, dump_json(self._cropped_tables()))
        return summary

    def _cropped_tables(self) -> dict[str, Any]:
        images, annotations = [], []
        for crop in self.items:
            original = self._tables['annotations'][crop.annotation]
            identifier, (width, height) = original['id'], crop.size
            images.append(
                dict(
                    id=identifier,
                    file_name=Path(crop.name).name,
                    width=width,
                    height=height,
                )
            )
            annotations.append(dict(_moved(original, crop), image_id=identifier, id=identifier))
        kept = {
            key: value
            for key, value in self._tables.items()
            if key not in ('images', 'annotations')
        }
        return dict(kept, images=images, annotations=annotations)


def _list_crops(tables: dict[str, Any], img_dir: Path, settings: CropSettings) -> list[Crop]:
    images = {image['id']: image for image in tables['images']}
    crops = []
    for index, annotation in enumerate(tables['annotations']):
        if annotation.get('iscrowd') or not any(annotation.get('keypoints', ())[2::3]):
            continue
        image = images[annotation['image_id']]
        window, size = _window(annotation['bbox'], image['width'], image['height'], settings)
        if min(size) < 1:
            continue
        stem = Path(image['file_name']).stem
        name = f'{_IMAGES}/{stem}_{annotation["id"]:09d}.jpg'
        crops.append(Crop(name, str(img_dir / image['file_name']), window, size, index))
    # Those of one image follow each other, so that it is decoded once.
    return sorted(crops)


def _window(
    box: Sequence[float], width: int, height: int, settings: CropSettings
) -> tuple[tuple[int, int, int, int], tuple[int, int]]:
    left, top, box_width, box_height = box
    box_height = max(box_height, box_width / settings.aspect)
    center = np.array([left + box[2] / 2, top + box[3] / 2])
    reach = settings.region * box_height / 2
    low = np.clip(np.floor(center - reach), 0, [width, height]).astype(int)
    high = np.clip(np.ceil(center + reach), 0, [width, height]).astype(int)
    scale = min(settings.box_height / max(box_height, 1), 1)
    size = np.rint((high - low) * scale).astype(int)
    return (*low.tolist(), *high.tolist()), tuple(size.tolist())


def _moved(annotation: dict[str, Any], crop: Crop) -> dict[str, Any]:
    """An annotation in the pixels of its crop."""
    left, top, right, bottom = crop.window
    scale = np.array(crop.size) / [right - left, bottom - top]

    def move(points: np.ndarray) -> np.ndarray:
        # The centre of pixel x lies x + 1/2 pixels from the edge, before and after.
        return (points - [left, top] + 0.5) * scale - 0.5

    keypoints = np.array(annotation['keypoints'], np.float64).reshape(-1, 3)
    keypoints[:, :2] = np.where(keypoints[:, 2:] > 0, move(keypoints[:, :2]), 0)
    corner, sides = np.array(annotation['bbox'], np.float64).reshape(2, 2)
    # As a point among keypoints, so that a network's input has its centre where it had it.
    box = np.stack([move(corner), sides * scale])
    kept = {key: value for key, value in annotation.items() if key not in _DROPPED}
    kept.update(
        keypoints=[_plain(value) for value in keypoints.ravel()],
        bbox=[_plain(value) for value in box.ravel()],
    )
    if 'area' in annotation:
        kept['area'] = _plain(annotation['area'] * scale.prod())
    return kept


def _plain(value: float) -> float | int:
    value = round(float(value), 3)
    return int(value) if value.is_integer() else value


def _make_unit(
    task: tuple[int, Path, int, Sequence[Crop], Sequence[CropRecord | None]],
) -> tuple[int, list[CropRecord], Summary]:
    number, out, quality, unit, known = task
    records, counts = [], Summary()
    loaded: tuple[str, np.ndarray] | None = None
    for crop, record in zip(unit, known):
        path = out / crop.name
        if record is not None and file_crc32(path) == record.checksum:
            records.append(record)
            counts.kept += 1
            continue
        if loaded is None or loaded[0] != crop.img_path:
            loaded = crop.img_path, _load(crop.img_path)
        content = _cut(loaded[1], crop, quality)
        write_atomically(path, content)
        records.append(CropRecord(zlib.crc32(content)))
        if record is None:
            counts.made += 1
        else:
            counts.remade += 1
    return number, records, counts


def _load(path: str) -> np.ndarray:
    data = Path(path).read_bytes()
    if is_truncated(data):
        raise ValueError(f'image {path!r} is truncated: its end is missing')
    image = decode_image(data)
    if image is None:
        raise ValueError(f'image {path!r} cannot be decoded ({len(data)} bytes)')
    return image


def _cut(image: np.ndarray, crop: Crop, quality: int) -> bytes:
    left, top, right, bottom = crop.window
    if right > image.shape[1] or bottom > image.shape[0]:
        raise ValueError(
            f'{crop.img_path}: got {image.shape[1]} x {image.shape[0]} pixels, expected at least '
            f'{right} x {bottom} by its annotations'
        )
    pixels = image[top:bottom, left:right]
    # Averages over area, so that nothing aliases.
    pixels = cv2.resize(pixels, crop.size, interpolation=cv2.INTER_AREA)
    done, content = cv2.imencode('.jpg', pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError('OpenCV could not encode a JPEG')
    return content.tobytes()
