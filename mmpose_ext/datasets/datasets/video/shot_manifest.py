"""Which clips are the shots of a few-shot training, as a file."""

import json
import zlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import NamedTuple

from mmengine.dist import get_rank

from mmpose_ext.synthetic.files import write_atomically

VERSION = 1
_SHOWN = 3


class Clip(NamedTuple):
    """A run of frames of one person.

    Args:
        video_id: Name of the track.
        start_frame: Number of its first frame in the video.
        end_frame: Number after that of its last frame.
    """

    video_id: str
    start_frame: int
    end_frame: int


@dataclass(frozen=True)
class ShotManifest:
    """Shots, how they were chosen, and of what.

    Args:
        clips: The shots, in the order of the choice.
        seed: Seed of the choice.
        strategy: See :class:`FewShotSubset`.
        nested: See :class:`FewShotSubset`.
        pool_clips: Number of clips they were chosen from.
        pool_crc32: Their :func:`fingerprint`.
    """

    clips: tuple[Clip, ...]
    seed: int
    strategy: str
    nested: bool
    pool_clips: int
    pool_crc32: int

    @classmethod
    def read(cls, path: Path) -> 'ShotManifest':
        """Read a manifest.

        Raises:
            ValueError: If the file is not one.
        """
        try:
            content = json.loads(path.read_text())
            version = content.pop('version')
            clips = tuple(as_clip(row) for row in content.pop('clips'))
            manifest = cls(clips=clips, **content)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f'{path} is no manifest of shots: {error}') from error
        if version != VERSION:
            raise ValueError(f'{path} got version {version!r}, expected {VERSION}')
        return manifest

    def write(self, path: Path) -> None:
        """Write the manifest, whole or not at all; one line per clip."""
        settings = asdict(self)
        clips = ',\n'.join(f'  {json.dumps(clip)}' for clip in settings.pop('clips'))
        head = ''.join(
            f' "{name}": {json.dumps(value)},\n'
            for name, value in {'version': VERSION, **settings}.items()
        )
        write_atomically(path, f'{{\n{head} "clips": [\n{clips}\n ]\n}}\n'.encode())

    def settle(self, path: Path, pool: Sequence[Clip]) -> 'ShotManifest':
        """Write the manifest, or take the shots of the one that is there.

        All processes of a training may call this at once: they want the same, the first one writes,
        and the file appears complete.

        Args:
            path: The manifest's file.
            pool: All clips.

        Returns:
            The manifest of the file.

        Raises:
            ValueError: If the file is of other clips, or of another choice of them.
        """
        if not path.exists():
            if get_rank() == 0:
                self.write(path)
            return self
        found = ShotManifest.read(path)
        unknown = sorted(set(found.clips) - set(pool))
        if unknown:
            raise ValueError(
                f'{path} is of another dataset: {len(unknown)} of its {len(found.clips)} clips are '
                f'not in this one, {_listed(unknown)}'
            )
        for field in fields(self):
            if field.name != 'clips':
                got, expected = getattr(found, field.name), getattr(self, field.name)
                if got != expected:
                    raise ValueError(
                        f'{path} got {field.name} {got!r}, expected {expected!r}: it is of another '
                        'choice of shots. Name another file, or delete this one'
                    )
        if len(found.clips) != len(self.clips) or len(set(found.clips)) != len(found.clips):
            raise ValueError(
                f'{path} got {len(found.clips)} clips, {len(set(found.clips))} of them different, '
                f'expected {len(self.clips)}'
            )
        return found


def as_clip(row: Sequence) -> Clip:
    """A clip from track, first frame and the frame after the last."""
    video_id, start, end = row
    return Clip(str(video_id), int(start), int(end))


def check_disjoint(shots: Sequence[Clip], clips: Sequence[Clip], name: str) -> None:
    """Require that no shot has a frame in other clips, for example those of a test set.

    Args:
        shots: The shots.
        clips: The other clips.
        name: What they are, for the message.

    Raises:
        ValueError: If they share frames.
    """
    touching = shared_frames(shots, clips)
    if touching:
        raise ValueError(
            f'{len(touching)} of {len(shots)} shots share frames with {name}: '
            f'{_listed(sorted(touching))}'
        )


def shared_frames(clips: Sequence[Clip], others: Sequence[Clip]) -> set[Clip]:
    """Those of ``clips`` that share frames of a track with any of ``others``."""
    starts: dict[str, list[int]] = defaultdict(list)
    # The last frame of this and all clips of the track before it.
    ends: dict[str, list[int]] = defaultdict(list)
    for other in sorted(others):
        before = ends[other.video_id][-1:]
        starts[other.video_id].append(other.start_frame)
        ends[other.video_id].append(max([*before, other.end_frame]))
    touching = set()
    for clip in clips:
        earlier = bisect_left(starts.get(clip.video_id, []), clip.end_frame)
        if earlier and ends[clip.video_id][earlier - 1] > clip.start_frame:
            touching.add(clip)
    return touching


def fingerprint(clips: Sequence[Clip]) -> int:
    """CRC-32 of a set of clips, whatever their order."""
    text = '\n'.join('\t'.join(map(str, clip)) for clip in sorted(clips))
    return zlib.crc32(text.encode())


def _listed(clips: Sequence[Clip]) -> str:
    shown = ', '.join(f'{clip.video_id} from frame {clip.start_frame}' for clip in clips[:_SHOWN])
    return shown + (f' and {len(clips) - _SHOWN} more' if len(clips) > _SHOWN else '')
