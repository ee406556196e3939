"""Write the foreground masks of all frames of a clip file."""

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from mmpose_ext.apis.edge_images import fingerprint
from mmpose_ext.apis.map_files import encode_map
from mmpose_ext.apis.pseudo_mask_drawers import MaskDrawer, MaskFrame
from mmpose_ext.apis.sharded_files import ShardedFiles, Summary
from mmpose_ext.apis.sharded_work import file_crc32
from mmpose_ext.datasets.datasets.video.clip_file import ClipFile
from mmpose_ext.datasets.transforms.mask_files import mask_entry
from mmpose_ext.synthetic.files import dump_json, write_atomically

VERSION = 1
"""Grows whenever the same people and settings give other masks."""

FORMATS = ('png', 'rle')
# Frames that one record of finished work covers; part of the layout of unfinished folders.
_UNIT_FRAMES = 32


class MaskItem(NamedTuple):
    """A file of masks.

    Args:
        name: Its path below the folder of the masks.
        rows: Rows of the clip file, one for a PNG.
    """

    name: str
    rows: tuple[int, ...]


class MaskRecord(NamedTuple):
    """What the manifest says about a file of masks.

    Args:
        checksum: CRC-32 of the file.
        empty: Masks without any foreground.
    """

    checksum: int
    empty: int


class PseudoMaskJob(ShardedFiles):
    """The masks of a clip file in one folder.

    ``png``: ``{track}/{frame:06d}.png``, gray values for soft masks. ``rle``: ``{track}.json``, a
    COCO file with the run lengths of all frames of a track, cut at the threshold.

    Args:
        table: The clip file.
        out: Folder of the masks.
        drawer: What draws them.
        img_prefix: Folder that the table's image paths are relative to.
        file_format: ``'png'`` or ``'rle'``.
        every: Take every n-th frame of each track, from the first.
        threshold: Certainty from which a pixel is foreground in run lengths, and for the count of
            empty masks.

    Raises:
        ValueError: If the table lacks a column that the drawer needs or its tracks cannot be names
            of files, ``every`` is not positive, the format is unknown, no frame is left, or the
            folder holds masks of other people or settings.
    """

    what = 'masks'
    record_type = MaskRecord

    def __init__(
        self,
        table: ClipFile,
        out: str | Path,
        drawer: MaskDrawer,
        img_prefix: str | Path = '',
        file_format: str = 'png',
        every: int = 1,
        threshold: float = 0.2,
    ) -> None:
        if file_format not in FORMATS:
            raise ValueError(f'file_format got {file_format!r}, expected one of {FORMATS}')
        if every < 1:
            raise ValueError(f'every got {every!r}, expected at least 1')
        missing = [name for name in ('image_path', *drawer.columns) if getattr(table, name) is None]
        if missing:
            raise ValueError(f'the clip file has no {missing}, which {type(drawer).__name__} needs')
        self.table, self.drawer, self.file_format = table, drawer, file_format
        self.threshold = threshold
        self._img_prefix = Path(img_prefix)
        #: How many frames get no mask, by reason.
        self.skipped: Counter[str] = Counter()
        rows = self._choose_rows(every)
        items = self._list_items(rows)
        identity = dict(
            kind='pseudo_masks',
            version=VERSION,
            drawer=type(drawer).__name__,
            **drawer.settings(),
            format=file_format,
            file_threshold=threshold,
            frames=len(rows),
            people=fingerprint(dump_json([(item.name, self._digest(item)) for item in items])),
        )
        super().__init__(Path(out), items, identity, _UNIT_FRAMES if file_format == 'png' else 1)

    def task(self, unit: Sequence[MaskItem], records: Sequence[MaskRecord | None]) -> tuple:
        """See :meth:`ShardedFiles.task`."""
        frames = [self.frames(item) for item in unit]
        entries = [[self._entry(row) for row in item.rows] for item in unit]
        names = [item.name for item in unit]
        options = (self.out, self.drawer, self.file_format, self.threshold)
        return options, names, frames, entries, records

    def frames(self, item: MaskItem) -> list[MaskFrame]:
        """What the drawer needs for each mask of a file."""
        return [self._frame(row) for row in item.rows]

    def mask_paths(self) -> np.ndarray:
        """Where the masks lie below the folder, (N,) str; empty where there is none."""
        paths = [''] * len(self.table)
        for item in self.items:
            for row in item.rows:
                frame = int(self.table.frame_idx[row])
                paths[row] = (
                    item.name if self.file_format == 'png' else mask_entry(item.name, frame)
                )
        return np.array(paths)

    def empty_masks(self) -> int:
        """How many of the masks made so far have no foreground."""
        return sum(record.empty for record in self.known_records().values())

    def _check_changes(self, changed: Sequence[str], manifest: Mapping[str, Any]) -> None:
        if changed and set(changed) <= {'people', 'frames'}:
            raise ValueError(
                f'{self.out} holds the masks of other people: got {manifest.get("frames")} frames, '
                f'expected these {self._identity["frames"]}; remove it or choose another folder'
            )
        super()._check_changes(changed, manifest)

    def _choose_rows(self, every: int) -> np.ndarray:
        track = self.table.video_id
        starts = np.flatnonzero(np.concatenate([[True], track[1:] != track[:-1]]))
        position = np.arange(len(track)) - np.repeat(starts, np.diff(np.append(starts, len(track))))
        usable = self.drawer.usable_rows(self.table)
        chosen = position % every == 0
        for reason, rows in (
            ('frames between the chosen ones', ~chosen),
            (f'frames without what {type(self.drawer).__name__} needs', chosen & ~usable),
        ):
            if count := int(rows.sum()):
                self.skipped[reason] = count
        rows = np.flatnonzero(chosen & usable)
        if not len(rows):
            raise ValueError(f'no frame is left to make a mask of: {dict(self.skipped)}')
        return rows

    def _list_items(self, rows: np.ndarray) -> list[MaskItem]:
        files: dict[str, list[int]] = {}
        for row in rows.tolist():
            track = str(self.table.video_id[row])
            path = PurePosixPath(track)
            if not track or path.is_absolute() or '..' in path.parts or track.startswith('.'):
                raise ValueError(
                    f'{self.table.row_name(row)}: its track cannot be the name of a folder of masks'
                )
            frame = int(self.table.frame_idx[row])
            name = f'{track}/{frame:06d}.png' if self.file_format == 'png' else f'{track}.json'
            files.setdefault(name, []).append(row)
        return [MaskItem(name, tuple(found)) for name, found in sorted(files.items())]

    def _frame(self, row: int) -> MaskFrame:
        values = tuple(getattr(self.table, name)[row] for name in self.drawer.columns)
        gender = 'neutral' if self.table.gender is None else str(self.table.gender[row])
        return MaskFrame(str(self._img_prefix / str(self.table.image_path[row])), values, gender)

    def _entry(self, row: int) -> dict[str, Any]:
        frame = int(self.table.frame_idx[row])
        return dict(id=frame, file_name=str(self.table.image_path[row]))

    def _digest(self, item: MaskItem) -> str:
        # Where the images lie may change, not what they are called.
        content = b''
        for row in item.rows:
            frame = self._frame(row)
            numbers = [np.asarray(value, '<f8').tobytes() for value in frame.values]
            name = str(self.table.image_path[row])
            content += b''.join([name.encode(), frame.gender.encode(), *numbers])
        return fingerprint(content)

    @staticmethod
    def make_unit(task: tuple) -> tuple[int, list[MaskRecord], Summary]:
        """Make the files of a unit that are not there."""
        number, options, names, frames, entries, known = task
        out, drawer, file_format, threshold = options
        records, counts = [], Summary()
        for name, people, images, record in zip(names, frames, entries, known):
            path = out / name
            if record is not None and file_crc32(path) == record.checksum:
                records.append(record)
                counts.kept += 1
                continue
            masks = [drawer.draw(frame) for frame in people]
            if file_format == 'png':
                content = encode_map(masks[0], drawer.binary)
            else:
                content = _encode_coco(masks, images, threshold, type(drawer).__name__)
            write_atomically(path, content)
            empty = sum(not (mask >= threshold).any() for mask in masks)
            records.append(MaskRecord(zlib.crc32(content), empty))
            if record is None:
                counts.made += 1
            else:
                counts.remade += 1
        return number, records, counts


def _encode_coco(
    masks: Sequence[np.ndarray], images: Sequence[dict], threshold: float, source: str
) -> bytes:
    from pycocotools import mask as coco_mask

    content: dict[str, list] = dict(
        images=[], annotations=[], categories=[dict(id=1, name='person')]
    )
    for number, (mask, image) in enumerate(zip(masks, images), start=1):
        height, width = mask.shape
        binary = np.asfortranarray(mask >= threshold, np.uint8)
        segment = coco_mask.encode(binary)
        inside = mask[binary.astype(bool)]
        content['images'].append(dict(image, height=height, width=width))
        content['annotations'].append(
            dict(
                id=number,
                image_id=image['id'],
                category_id=1,
                segmentation=dict(size=[height, width], counts=segment['counts'].decode()),
                area=int(binary.sum()),
                bbox=coco_mask.toBbox(segment).tolist(),
                iscrowd=0,
                score=round(float(inside.mean()), 4) if inside.size else 0.0,
                source=source,
            )
        )
    return dump_json(content)
