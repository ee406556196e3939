import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from torch.utils.data import Dataset

from mmpose_ext.registry import DATASETS

from .shot_manifest import (
    Clip,
    ShotManifest,
    as_clip,
    check_disjoint,
    fingerprint,
    shared_frames,
)

STRATEGIES = ('per_video', 'random')


@DATASETS.register_module()
class FewShotSubset(Dataset):
    """The first ``k`` clips of a seeded order of a clip dataset: the shots of a few-shot training.

    The order follows from the seed, the tracks' names and the clips' first frames only: not from
    the number of processes, the order of the annotations or a library's random generator. With
    ``nested`` one order serves all ``k``, so that the shots of a smaller ``k`` are among those of a
    larger one.

    Args:
        dataset: A clip dataset, as config or built, with ``clip_ranges()``: track, number of the
            first frame and number after the last frame of every clip.
        k: Number of clips; 0 leaves none.
        seed: Seed of the order.
        strategy: ``'per_video'``: one clip of each track, then a second of each, and so on;
            ``'random'``: any clips.
        nested: Use one order for all ``k``, rather than one for each.
        manifest: JSON file that says which clips these are. It is written if it is absent; an
            existing one decides, and must be of this dataset, ``k``, seed and strategy.
        complement: Be the clips that share no frame with any of the ``k`` instead, to select a
            model with.
        exclude: Clip datasets (as configs or built) or manifests that must share no frame with the
            shots, for example the test set.

    Raises:
        ValueError: If the dataset has fewer than ``k`` clips, the manifest is another one's, or
            shots are in an excluded dataset.
    """

    def __init__(
        self,
        dataset: Mapping[str, Any] | Dataset,
        k: int,
        seed: int = 0,
        strategy: str = 'per_video',
        nested: bool = True,
        manifest: str | Path | None = None,
        complement: bool = False,
        exclude: Sequence[Mapping[str, Any] | Dataset | str | Path] = (),
    ) -> None:
        if k < 0 or k != int(k):
            raise ValueError(f'k got {k!r}, expected a whole number of clips, at least 0')
        if strategy not in STRATEGIES:
            raise ValueError(f'strategy got {strategy!r}, expected one of {STRATEGIES}')
        self.dataset = _build(dataset)
        pool = [as_clip(row) for row in self.dataset.clip_ranges()]
        name = _name(self.dataset)
        if k > len(pool):
            raise ValueError(f'k got {k} clips, expected at most the {len(pool)} of {name}')
        places = {clip: place for place, clip in enumerate(pool)}
        if len(places) < len(pool):
            raise ValueError(f'{name} has {len(pool) - len(places)} clips twice')
        order = clip_order(pool, seed if nested else f'{seed}/{k}', strategy)
        self.shots = ShotManifest(
            clips=tuple(order[:k]),
            seed=seed,
            strategy=strategy,
            nested=nested,
            pool_clips=len(pool),
            pool_crc32=fingerprint(pool),
        )
        if manifest is not None:
            self.shots = self.shots.settle(Path(manifest), pool)
        for other in exclude:
            check_disjoint(self.shots.clips, *_other_clips(other))
        chosen = [places[clip] for clip in self.shots.clips]
        if complement:
            chosen = self._without(chosen, pool, name)
        self.indices = chosen

    @property
    def metainfo(self) -> dict[str, Any]:
        """Meta information of the dataset."""
        return self.dataset.metainfo

    def full_init(self) -> None:
        """Nothing is left to do; MMEngine calls this."""

    def clip_ranges(self) -> list[tuple[str, int, int]]:
        """Track, number of the first frame and number after the last frame of every clip."""
        ranges = self.dataset.clip_ranges()
        return [ranges[index] for index in self.indices]

    def clip_keys(self) -> list[tuple[str, int]]:
        """Track and number of the first frame of every clip."""
        return [(video_id, start) for video_id, start, _ in self.clip_ranges()]

    def get_data_info(self, index: int) -> dict[str, Any]:
        """The clip before the pipeline."""
        return self.dataset.get_data_info(self.indices[index])

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.indices[index]]

    def _without(self, chosen: Sequence[int], pool: Sequence[Clip], name: str) -> list[int]:
        shots = set(chosen)
        rest = [place for place in range(len(pool)) if place not in shots]
        touching = shared_frames([pool[place] for place in rest], self.shots.clips)
        held_out = [place for place in rest if pool[place] not in touching]
        print_log(
            f'{type(self).__name__}: {len(held_out)} clips of {name} are held out from '
            f'{len(chosen)} shots; {len(rest) - len(held_out)} that share frames with shots are '
            'left out',
            logger='current',
        )
        return held_out


def clip_order(clips: Sequence[Clip], seed: int | str, strategy: str) -> list[Clip]:
    """Order of the clips that a seed gives, one of :data:`STRATEGIES`.

    Args:
        clips: All clips, in any order.
        seed: Seed of the order.
        strategy: As :class:`FewShotSubset` takes it.
    """

    def place(*names: str | int) -> bytes:
        return hashlib.sha256('\n'.join(map(str, (seed, *names))).encode()).digest()

    shuffled = sorted(clips, key=lambda clip: place(clip.video_id, clip.start_frame))
    if strategy == 'random':
        return shuffled
    seen: dict[str, int] = defaultdict(int)
    turns = []
    for clip in shuffled:
        turns.append((seen[clip.video_id], place(clip.video_id), clip))
        seen[clip.video_id] += 1
    return [clip for _, _, clip in sorted(turns)]


def _build(dataset: Mapping[str, Any] | Dataset) -> Dataset:
    built = DATASETS.build(dict(dataset)) if isinstance(dataset, Mapping) else dataset
    if hasattr(built, 'full_init'):
        built.full_init()
    if not hasattr(built, 'clip_ranges'):
        raise ValueError(
            f'dataset got {type(built).__name__}, expected a clip dataset, such as VideoMeshDataset'
        )
    return built


def _other_clips(other: Mapping[str, Any] | Dataset | str | Path) -> tuple[list[Clip], str]:
    if isinstance(other, (str, Path)):
        return list(ShotManifest.read(Path(other)).clips), str(other)
    dataset = _build(other)
    return [as_clip(row) for row in dataset.clip_ranges()], _name(dataset)


def _name(dataset: Dataset) -> str:
    file = getattr(dataset, 'ann_file', '')
    return f'{type(dataset).__name__}({str(file)!r})' if file else type(dataset).__name__
