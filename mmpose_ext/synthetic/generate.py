"""Makes a planned data set: in parallel, in shards, and again from where it was killed."""

import json
import multiprocessing
import os
import shutil
import signal
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2

from mmpose_ext.body_models import BodyModel, load_body_model

from .files import dump_json, remove_unfinished, write_atomically
from .image import make_image
from .mesh_image import make_street_image, make_studio_image, make_wild_image
from .plan import Plan, Split
from .video_image import make_3dhp_frame, make_3dpw_frame, make_motion, make_penn_action_frame

VERSION = 5
"""Grows whenever the same size and seed give other files."""

GENDERS = ('female', 'male', 'neutral')
MAKERS: dict[str, Callable[[Split, int, int, Mapping[str, BodyModel]], tuple[bytes, dict]]] = dict(
    coco=make_image,
    mpii=make_image,
    union=make_image,
    human36m=make_studio_image,
    neural_annot=make_wild_image,
    pw3d=make_street_image,
    mpi_inf_3dhp=make_3dhp_frame,
    mpi_inf_3dhp_test=make_3dhp_frame,
    pw3d_video=make_3dpw_frame,
    penn_action=make_penn_action_frame,
    amass=make_motion,
)
"""Who makes the images, or other single files, of a split, by its labels."""

_MANIFEST = 'manifest.json'
_RECORDS = '.records'


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Args:
        done: Images that exist.
        total: Images of this run's shard.
        made: Images that this run made rather than found.
    """

    done: int
    total: int
    made: int


class Generation:
    """One data set in one folder.

    Every image and its record are files of their own, written atomically, the record last; an
    image whose record exists and fits it is kept. Whoever finds all images of all shards made
    writes the annotation files, so shards may run anywhere and in any order.

    Args:
        plan: What to make.
        out: The folder.
        seed: Seed of everything random.

    Raises:
        ValueError: If the folder holds something else than this data set.
    """

    def __init__(self, plan: Plan, out: Path, seed: int) -> None:
        self.plan, self.out, self.seed = plan, Path(out), seed
        self._identity = dict(kind=plan.name, size=plan.size, seed=seed, version=VERSION)
        self._check_folder()

    @staticmethod
    def clear(out: Path) -> None:
        """Remove the data set, of whatever kind, that this module made in a folder.

        Args:
            out: The folder.

        Raises:
            ValueError: If the folder holds files that this module did not make.
        """
        if not out.exists() or not any(out.iterdir()):
            return
        if not (out / _MANIFEST).exists():
            raise ValueError(
                f'{out} holds files that are not synthetic data, expected an empty '
                'folder or one made by this command'
            )
        # The manifest goes last: a folder that is half removed can still be recognised.
        for path in sorted(out.iterdir(), key=lambda path: path.name == _MANIFEST):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def is_complete(self) -> bool:
        """Whether all images and annotation files exist, by their sizes."""
        manifest = self._read_manifest()
        if manifest is None or 'files' not in manifest:
            return False
        if any(_size(self.out / name) != size for name, size in manifest['files'].items()):
            return False
        for split in self.plan.splits:
            sizes = _image_sizes(self.out, split)
            if any(
                sizes.get(split.file_name(index)) != size
                for index, size in enumerate(manifest['images'][split.name])
            ):
                return False
        return True

    def run(self, workers: int = 1, shard: tuple[int, int] = (0, 1)) -> Iterator[Progress]:
        """Make the missing images of a shard, then the annotation files if nothing is missing.

        Args:
            workers: Number of processes; 0 works in this one.
            shard: Number of the shard, from 0, and number of shards.

        Yields:
            Progress after every image.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        if self._read_manifest() is None:
            write_atomically(self.out / _MANIFEST, dump_json(self._identity))
        for split in self.plan.splits:
            for folder in _image_folders(split):
                (self.out / folder).mkdir(parents=True, exist_ok=True)
            (self.out / _RECORDS / split.name).mkdir(parents=True, exist_ok=True)
        tasks = [
            (str(self.out), self.seed, split, index)
            for split in self.plan.splits
            for index in range(split.count)
        ][shard[0] :: shard[1]]
        done = made = 0
        for fresh in _map(tasks, workers):
            done, made = done + 1, made + fresh
            yield Progress(done, len(tasks), made)
        self._finish(alone=shard[1] == 1)

    def _check_folder(self) -> None:
        if not self.out.exists() or not any(self.out.iterdir()):
            return
        manifest = self._read_manifest()
        if manifest is None:
            raise ValueError(
                f'{self.out} holds files that are not synthetic data, expected an '
                'empty folder or one made by this command'
            )
        found = {name: manifest.get(name) for name in self._identity}
        if found != self._identity:
            raise ValueError(
                f'{self.out} holds another data set: got {found}, expected {self._identity}'
            )

    def _read_manifest(self) -> dict | None:
        path = self.out / _MANIFEST
        return json.loads(path.read_text()) if path.exists() else None

    def _finish(self, alone: bool) -> None:
        """Write the annotation files unless another shard is still at work."""
        records: dict[str, list[dict]] = {}
        for split in self.plan.splits:
            folder = self.out / _RECORDS / split.name
            if len(_sizes(folder)) < split.count:
                return
            paths = [_record_path(self.out, split, index) for index in range(split.count)]
            if not all(path.exists() for path in paths):
                return
            records[split.name] = [json.loads(path.read_bytes()) for path in paths]
        if alone:
            for split in self.plan.splits:
                for folder in _image_folders(split):
                    remove_unfinished(self.out / folder)
                remove_unfinished(self.out / _RECORDS / split.name)
        written = self.plan.write(records, self.out)
        files = {str(path.relative_to(self.out)): path.stat().st_size for path in written}
        images = {}
        for split in self.plan.splits:
            sizes = _image_sizes(self.out, split)
            images[split.name] = [sizes[split.file_name(i)] for i in range(split.count)]
        write_atomically(
            self.out / _MANIFEST, dump_json(self._identity | dict(files=files, images=images))
        )


def _map(tasks: list[tuple], workers: int) -> Iterator[bool]:
    if workers == 0:
        _start_worker()
        yield from map(_work, tasks)
        return
    # Every worker computes with one thread, so that the number of workers is the number of
    # busy cores and sums are added up in one order.
    for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
        os.environ[name] = '1'
    # A fork server imports once for all workers; systems without it import in each of them.
    known = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context('forkserver' if 'forkserver' in known else 'spawn')
    if 'forkserver' in known:
        context.set_forkserver_preload([__name__])
    with context.Pool(min(workers, len(tasks)) or 1, _start_worker, (True,)) as pool:
        yield from pool.imap_unordered(_work, tasks, chunksize=4)


_BODIES: dict[str, BodyModel] = {}


def _start_worker(own_process: bool = False) -> None:
    if own_process:
        # Ctrl-C reaches the whole group of processes; the parent ends the workers.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        cv2.setNumThreads(1)
    if not _BODIES:
        _BODIES.update({gender: load_body_model('standin', gender=gender) for gender in GENDERS})


def _work(task: tuple[str, int, Split, int]) -> bool:
    """Make one image unless it exists; tell whether it was made."""
    folder, seed, split, index = task
    out = Path(folder)
    image_path = out / split.folder / split.file_name(index)
    record_path = _record_path(out, split, index)
    if _is_intact(image_path, record_path):
        return False
    bodies = {gender: _BODIES[gender] for gender in split.genders}
    content, record = MAKERS[split.labels](split, index, seed, bodies)
    write_atomically(image_path, content)
    write_atomically(record_path, dump_json(record))
    return True


def _is_intact(image_path: Path, record_path: Path) -> bool:
    if not (image_path.exists() and record_path.exists()):
        return False
    checksum = json.loads(record_path.read_bytes())['checksum']
    return zlib.crc32(image_path.read_bytes()) == checksum


def _record_path(out: Path, split: Split, index: int) -> Path:
    return out / _RECORDS / split.name / f'{index}.json'


def _image_folders(split: Split) -> list[str]:
    names = map(split.file_name, range(split.count))
    return sorted({str(PurePosixPath(split.folder, name).parent) for name in names})


def _image_sizes(out: Path, split: Split) -> dict[str, int]:
    """Sizes of the files in the folders of a split, by their names relative to its folder."""
    return {
        str(PurePosixPath(folder, name).relative_to(split.folder)): size
        for folder in _image_folders(split)
        for name, size in _sizes(out / folder).items()
    }


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1


def _sizes(folder: Path) -> dict[str, int]:
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        return {entry.name: entry.stat().st_size for entry in entries}
