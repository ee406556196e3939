"""Image features of all frames of a clip file: resumable, in shares, always the same."""

import io
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mmpose_ext.apis.image_features import ImageFeatures
from mmpose_ext.apis.sharded_work import file_crc32, map_tasks, read_json
from mmpose_ext.datasets.datasets.video import ClipFile, FeatureManifest, rows_crc32
from mmpose_ext.datasets.transforms.crop_clip import read_crop, square_crops
from mmpose_ext.synthetic.files import dump_json, write_atomically

_SETTINGS = 'settings.json'
_NAMED_ERRORS = 5


class UnreadableImagesError(ValueError):
    """Some images could not be read; the features of the others are kept."""


@dataclass
class Summary:
    """What a run did.

    Args:
        made: Rows whose features were computed.
        kept: Rows whose features were found as they should be.
        complete: Whether the file of features is finished.
    """

    made: int = 0
    kept: int = 0
    complete: bool = False


class FeatureJob:
    """The features of the rows of a clip file, in one ``.npy`` file beside its manifest.

    The rows are cut into chunks. The features of a chunk are a file of their own until all are
    there, so that a stopped run continues, and several machines can share the work. The run that
    finds all chunks joins them and writes the manifest last. The result has the same bytes whatever
    the workers, shards and stops, on one kind of device. No process holds more than a chunk.

    Args:
        features: The network.
        clips: The rows.
        ann_file: Where they come from, for the manifest.
        out: The ``.npy`` file.
        backbone: Free name of the network.
        img_prefix: Folder of the images, or address in an object store.
        input_size: Side in pixels that crops are resized to.
        crop_scale: Side of the crop in larger sides of the box.
        backend_args: Arguments of MMEngine's file backend, for images.
        chunk_rows: Rows per chunk.
        batch_rows: Rows that the network sees at once.

    Raises:
        ValueError: If the rows are not usable or have no images or boxes, ``out`` is no ``.npy``
            file, or there are features of other rows, networks or settings.
    """

    def __init__(
        self,
        features: ImageFeatures,
        clips: ClipFile,
        ann_file: str | Path,
        out: Path,
        backbone: str,
        img_prefix: str = '',
        input_size: int = 224,
        crop_scale: float = 1.2,
        backend_args: dict | None = None,
        chunk_rows: int = 256,
        batch_rows: int = 64,
    ) -> None:
        self.out = Path(out)
        if self.out.suffix != '.npy':
            raise ValueError(f'out got {str(out)!r}, expected the name of a .npy file')
        self._parts = self.out.with_name(f'.{self.out.stem}.parts')
        self._clips, self._img_prefix, self._chunk_rows = clips, img_prefix, chunk_rows
        self.rows = len(clips)
        clips.check(f'clip file {str(ann_file)!r}')
        for column in ('image_path', 'bbox_xywh'):
            if getattr(clips, column) is None:
                raise ValueError(f'clip file {str(ann_file)!r} has no {column!r}, expected it')
        self._crops = square_crops(clips.bbox_xywh, crop_scale)
        self._worker = _ChunkWorker(features, self._parts, input_size, batch_rows, backend_args)
        self._manifest = FeatureManifest(
            ann_file=Path(ann_file).name,
            ann_crc32=rows_crc32(clips.video_id, clips.frame_idx),
            rows=self.rows,
            channels=0,
            backbone=backbone,
            checkpoint=Path(features.checkpoint).name,
            checkpoint_crc32=features.checkpoint_crc32(),
            crop_scale=crop_scale,
            input_size=input_size,
        )
        self._settings = {
            key: getattr(self._manifest, key)
            for key in (
                *('ann_crc32', 'rows', 'backbone', 'checkpoint_crc32'),
                *('crop_scale', 'input_size', 'crop', 'version'),
            )
        } | dict(
            network=features.settings_crc32(),
            image_paths=zlib.crc32('\n'.join(map(str, clips.image_path)).encode()),
            boxes=zlib.crc32(np.ascontiguousarray(self._crops, '<f8').tobytes()),
            chunk_rows=chunk_rows,
            batch_rows=batch_rows,
        )
        self._check_found()

    def run(
        self,
        workers: int = 1,
        shard: tuple[int, int] = (0, 1),
        progress: Callable[[int, int], None] | None = None,
    ) -> Summary:
        """Check the features of a shard that exist, make the others, and finish if none is missing.

        Args:
            workers: Number of processes; 0 works in this one.
            shard: Number of the shard, from 0, and number of shards.
            progress: Called with the number of finished and of all rows of the shard.

        Returns:
            What was done.

        Raises:
            UnreadableImagesError: At the end, if images could not be read; it names them.
            ValueError: If the network returns no features.
        """
        numbers = range(shard[0], self._chunk_count, shard[1])
        total = sum(len(self._chunk(number)) for number in numbers)
        if self._is_finished():
            if progress:
                progress(total, total)
            return Summary(kept=total, complete=True)
        write_atomically(self._parts / _SETTINGS, dump_json(self._settings))
        summary, errors = Summary(), {}
        for result in map_tasks(self._worker, self._tasks(numbers), len(numbers), workers):
            if result.errors:
                errors[result.number] = result.errors
            elif result.kept:
                summary.kept += result.rows
            else:
                summary.made += result.rows
            if progress:
                progress(summary.made + summary.kept, total)
        self._report(sum((errors[number] for number in sorted(errors)), []), shard)
        summary.complete = self._finish()
        return summary

    @property
    def _chunk_count(self) -> int:
        return -(-self.rows // self._chunk_rows)

    def _chunk(self, number: int) -> range:
        start = number * self._chunk_rows
        return range(start, min(start + self._chunk_rows, self.rows))

    def _tasks(self, numbers: Sequence[int]) -> Iterator['_Task']:
        for number in numbers:
            rows = self._chunk(number)
            paths = [
                os.path.join(self._img_prefix, str(self._clips.image_path[row])) for row in rows
            ]
            yield _Task(number, paths, self._crops[rows.start : rows.stop])

    def _finish(self) -> bool:
        """Join the chunks unless another shard is still at work; tell whether all is done."""
        chunks = [_chunk_file(self._parts, number) for number in range(self._chunk_count)]
        if not all(chunk.exists() for chunk in chunks):
            # Or another shard has joined and removed them already.
            finished = self._is_finished()
            if finished:
                shutil.rmtree(self._parts, ignore_errors=True)
            return finished
        temporary = self.out.with_name(f'.{self.out.name}.tmp-{os.getpid()}')
        try:
            channels, checksum = self._join(chunks, temporary)
            os.replace(temporary, self.out)
        except FileNotFoundError:
            return self._is_finished()
        finally:
            temporary.unlink(missing_ok=True)
        replace(
            self._manifest,
            channels=channels,
            settings_crc32=zlib.crc32(dump_json(self._settings)),
            features_crc32=checksum,
        ).write(self.out)
        shutil.rmtree(self._parts, ignore_errors=True)
        return True

    def _join(self, chunks: Sequence[Path], file: Path) -> tuple[int, int]:
        """Write all chunks as one array; returns its channels and the file's CRC-32."""
        checksum = 0
        with file.open('wb') as stream:
            for number, chunk in enumerate(chunks):
                values = _read_chunk(chunk, len(self._chunk(number)))
                if values is None:
                    chunk.unlink()
                    raise ValueError(f'{chunk} was damaged and is removed; run the command again')
                content = values.tobytes()
                if number == 0:
                    content = _npy_header(self.rows, values.shape[1]) + content
                stream.write(content)
                checksum = zlib.crc32(content, checksum)
        return values.shape[1], checksum

    def _is_finished(self) -> bool:
        """Whether manifest and features are there and undamaged."""
        if not FeatureManifest.path_for(self.out).exists() or not self.out.exists():
            return False
        return file_crc32(self.out) == FeatureManifest.read(self.out).features_crc32

    def _check_found(self) -> None:
        """Refuse to mix with features of other settings."""
        begun = read_json(self._parts / _SETTINGS)
        if begun is not None:
            self._refuse(self._parts, begun == self._settings, begun)
        manifest_file = FeatureManifest.path_for(self.out)
        if manifest_file.exists():
            found = FeatureManifest.read(self.out)
            fits = found.settings_crc32 == zlib.crc32(dump_json(self._settings))
            self._refuse(manifest_file, fits, asdict(found))
        elif self.out.exists() and begun is None:
            raise ValueError(
                f'{self.out} exists, but has no manifest that says what it is; remove it or choose '
                'another file'
            )

    def _refuse(self, place: Path, fits: bool, found: dict[str, Any]) -> None:
        if fits:
            return
        changed = [
            f'{key} got {found[key]!r}, expected {value!r}'
            for key, value in self._settings.items()
            if key in found and found[key] != value
        ]
        raise ValueError(
            f'{place} belongs to features of other settings: '
            + ('; '.join(changed) or 'images, boxes or network differ')
            + '. Remove it or choose another file'
        )

    def _report(self, errors: list[str], shard: tuple[int, int]) -> None:
        file = self.out.with_name(f'{self.out.stem}.unreadable-{shard[0]}-of-{shard[1]}.txt')
        if not errors:
            file.unlink(missing_ok=True)
            return
        write_atomically(file, ('\n'.join(errors) + '\n').encode())
        raise UnreadableImagesError(
            f'{len(errors)} images of {self._manifest.ann_file} cannot be used: '
            + '; '.join(errors[:_NAMED_ERRORS])
            + ('; …' if len(errors) > _NAMED_ERRORS else '')
            + f'. {file} lists them. The features of the others are kept: repair the images, or '
            'leave them out of the clip file, and run the command again'
        )


class _Task(NamedTuple):
    number: int
    paths: list[str]
    crops: np.ndarray


class _Result(NamedTuple):
    number: int
    rows: int
    kept: bool = False
    errors: Sequence[str] = ()


class _ChunkWorker:
    """Makes the file of a chunk unless it is there."""

    def __init__(
        self,
        features: ImageFeatures,
        folder: Path,
        input_size: int,
        batch_rows: int,
        backend_args: dict | None,
    ) -> None:
        self._features, self._folder = features, folder
        self._input_size, self._batch_rows = input_size, batch_rows
        self._backend_args = backend_args

    def __call__(self, task: _Task) -> _Result:
        file, rows = _chunk_file(self._folder, task.number), len(task.paths)
        if file.exists() and _read_chunk(file, rows) is not None:
            return _Result(task.number, rows, kept=True)
        errors: list[str] = []
        batches = []
        for start in range(0, rows, self._batch_rows):
            crops = list(self._read(task, start, errors))
            # After an error the other images of the chunk are only looked at.
            if not errors:
                batches.append(self._features(np.stack(crops)))
        if errors:
            return _Result(task.number, rows, errors=errors)
        content = io.BytesIO()
        np.savez(content, features=np.concatenate(batches))
        write_atomically(file, content.getvalue())
        return _Result(task.number, rows)

    def _read(self, task: _Task, start: int, errors: list[str]) -> Iterator[np.ndarray]:
        end = start + self._batch_rows
        for path, crop in zip(task.paths[start:end], task.crops[start:end]):
            try:
                yield read_crop(path, crop, self._input_size, self._backend_args)
            except (OSError, ValueError) as error:
                text = str(error)
                errors.append(text if path in text else f'{path}: {text}')


def _chunk_file(folder: Path, number: int) -> Path:
    return folder / f'{number:06d}.npz'


def _read_chunk(file: Path, rows: int) -> np.ndarray | None:
    """Features of a chunk; None if damaged, which the archive's own checksum tells."""
    try:
        with np.load(file) as archive:
            values = archive['features']
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError):
        return None
    return values if values.shape[:1] == (rows,) and values.dtype == np.float32 else None


def _npy_header(rows: int, channels: int) -> bytes:
    stream = io.BytesIO()
    header = dict(descr='<f4', fortran_order=False, shape=(rows, channels))
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue()
