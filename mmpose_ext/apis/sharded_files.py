"""Files made by many processes and machines: resumable, in shares, always the same."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from mmpose_ext.apis.sharded_work import map_tasks, read_json
from mmpose_ext.synthetic.files import dump_json, remove_unfinished, write_atomically

_MANIFEST = 'manifest.json'
_PARTS = '.parts'


@dataclass
class Summary:
    """What a run did.

    Args:
        made: Files that did not exist.
        remade: Files that were damaged or had been removed.
        kept: Files that were found as they should be.
        complete: Whether all files, of all shards, exist.
    """

    made: int = 0
    remade: int = 0
    kept: int = 0
    complete: bool = False


class ShardedFiles(ABC):
    """Files of one kind in one folder.

    The work is cut into units of a few files. The files of a unit are followed by a small record
    of their checksums, so that a stopped run continues, and several machines can share the work.
    The run that finds all records writes the manifest. All files have the same bytes whatever the
    workers, shards and stops.

    A subclass says what they are for messages (``what``), what a record of a file is
    (``record_type``, a named tuple of plain values), what a worker needs to make a unit
    (:meth:`task`) and what makes it (``make_unit``, a function of the unit's number and the task,
    which returns the number, the records and a :class:`Summary`).

    Args:
        out: Folder of the files.
        items: One per file, with its path below the folder as ``name``, in the order of names.
        identity: What all files depend on, as plain data, for the manifest.
        unit_size: Files of a unit.

    Raises:
        ValueError: If the folder holds something else.
    """

    what: ClassVar[str]
    record_type: ClassVar[type[tuple]]
    make_unit: ClassVar[Callable[[tuple], tuple[int, list, Summary]]]

    def __init__(
        self, out: Path, items: Sequence[Any], identity: Mapping[str, Any], unit_size: int
    ) -> None:
        self.out, self.items, self.unit_size = Path(out), items, unit_size
        self._identity = dict(identity)
        self._check_folder()

    @abstractmethod
    def task(self, unit: Sequence[Any], records: Sequence[Any]) -> tuple:
        """What a worker needs to make a unit.

        Args:
            unit: Some of the items.
            records: What is known of the file of each, or None.

        Returns:
            Small, picklable.
        """

    def run(
        self,
        workers: int = 1,
        shard: tuple[int, int] = (0, 1),
        progress: Callable[[int, int], None] | None = None,
    ) -> Summary:
        """Check the files of a shard that exist, make the others, and finish if none is missing.

        Args:
            workers: Number of processes; 0 works in this one.
            shard: Number of the shard, from 0, and number of shards.
            progress: Called with the number of finished and of all files of the shard.

        Returns:
            What was done.
        """
        if self.manifest() is None:
            write_atomically(self.out / _MANIFEST, dump_json(self._identity))
        known = self.known_records()
        units = range(shard[0], self._unit_count, shard[1])
        total = sum(len(self._unit(number)) for number in units)
        done, summary = 0, Summary()
        tasks = self._tasks(units, known)
        for number, records, counts in map_tasks(type(self).make_unit, tasks, len(units), workers):
            summary.made += counts.made
            summary.remade += counts.remade
            summary.kept += counts.kept
            names = [item.name for item in self._unit(number)]
            if any(known.get(name) != record for name, record in zip(names, records)):
                write_atomically(self._part_file(number), dump_json(dict(zip(names, records))))
            done += len(records)
            if progress:
                progress(done, total)
        summary.complete = self._finish(alone=shard[1] == 1)
        return summary

    def known_records(self) -> dict[str, Any]:
        """What finished runs, and finished units of others, say about their files, by name."""
        parts: dict[str, Any] = {}
        for path in sorted((self.out / _PARTS).glob('*.json')):
            # A shard that finishes writes the manifest, then removes all parts.
            if (part := read_json(path)) is not None:
                parts.update(part)
        records = (self.manifest() or {}).get('files', {}) | parts
        return {name: self.record_type(*record) for name, record in records.items()}

    def manifest(self) -> dict[str, Any] | None:
        """The content of the manifest, if there is one."""
        return read_json(self.out / _MANIFEST)

    def _check_changes(self, changed: Sequence[str], manifest: Mapping[str, Any]) -> None:
        """Raise ValueError if entries of the identity are others than those of the manifest."""
        if changed:
            found = {key: manifest.get(key) for key in changed}
            expected = {key: self._identity[key] for key in changed}
            raise ValueError(
                f'{self.out} holds {self.what} of other settings: got {found}, expected '
                f'{expected}; remove it or choose another folder'
            )

    def _check_folder(self) -> None:
        if not self.out.exists() or not any(self.out.iterdir()):
            return
        manifest = self.manifest()
        if manifest is None:
            raise ValueError(
                f'{self.out} holds files that are not {self.what} of this command, expected an '
                'empty folder or one with its manifest'
            )
        changed = [key for key, value in self._identity.items() if manifest.get(key) != value]
        self._check_changes(changed, manifest)

    @property
    def _unit_count(self) -> int:
        return -(-len(self.items) // self.unit_size)

    def _unit(self, number: int) -> Sequence[Any]:
        return self.items[number * self.unit_size : (number + 1) * self.unit_size]

    def _part_file(self, number: int) -> Path:
        return self.out / _PARTS / f'{number:06d}.json'

    def _tasks(self, units: range, known: Mapping[str, Any]) -> Iterator[tuple]:
        for number in units:
            unit = self._unit(number)
            yield number, *self.task(unit, [known.get(item.name) for item in unit])

    def _finish(self, alone: bool) -> bool:
        """Write the manifest unless another shard is still at work; tell whether all is done."""
        parts = sorted((self.out / _PARTS).glob('*.json'))
        if not parts and 'files' in (self.manifest() or {}):
            return True
        records = self.known_records()
        if any(item.name not in records for item in self.items):
            return False
        files = {item.name: records[item.name] for item in self.items}
        write_atomically(self.out / _MANIFEST, dump_json(self._identity | dict(files=files)))
        for part in parts:
            part.unlink(missing_ok=True)
        if alone:
            for folder in {(self.out / item.name).parent for item in self.items}:
                remove_unfinished(folder)
            remove_unfinished(self.out / _PARTS)
        # Not empty while another shard still repairs its files.
        with contextlib.suppress(OSError):
            (self.out / _PARTS).rmdir()
        return True
