from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, force_full_init
from mmengine.fileio import join_path
from mmengine.logging import print_log
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmpose_ext.skeletons import SPIN49

from .clip_file import ClipFile, read_clip_file
from .cut_clips import Clips, cut_clips

DOMAINS = ('', 'source', 'target')


class BaseClipDataset(BaseDataset):
    """Clips of a clip file: runs of frames that never cross a track or a gap.

    Columns stay in arrays that data workers share, and samples are copies of their rows, so that
    reading twice gives equal samples. In training, frames that fill no clip are left out; in
    testing one more clip per segment ends with it, and segments shorter than a clip repeat their
    last frame, so that every frame counts once. What is left out is counted and printed.

    Args:
        ann_file: Clip file, relative to ``data_root``; see
            :func:`~mmpose_ext.datasets.datasets.video.read_clip_file`.
        data_root: Folder of the dataset.
        data_prefix: ``img`` and ``mask``: folders of the images and masks.
        pipeline: Transforms.
        test_mode: Whether samples are for testing.
        source: Name of the dataset in samples and results; by default the class's.
        domain: ``'source'`` or ``'target'`` of an adaptation, or ``''``.
        seq_len: Frames of a clip.
        overlap: Share of a clip that the next one has too, from 0 to below 1.
        stride: Frames from one clip's start to the next one's, instead of ``overlap``.
        tail: ``'drop'`` or ``'overlap'``, see :func:`cut_clips`; by default as said above.
        short: ``'skip'`` or ``'pad'``, see :func:`cut_clips`; by default as said above.
        max_gap: Largest step of frame numbers inside a clip.
        kwargs: Further arguments of MMEngine's ``BaseDataset``.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If an argument is none of its options, the file is damaged or wrong, or no clip
            is left.
    """

    METAINFO: dict = SPIN49.metainfo()
    SOURCE = ''

    def __init__(
        self,
        ann_file: str = '',
        data_root: str = '',
        data_prefix: Mapping[str, str] | None = None,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        source: str | None = None,
        domain: str = '',
        seq_len: int = 16,
        overlap: float = 0.0,
        stride: int | None = None,
        tail: str | None = None,
        short: str | None = None,
        max_gap: int = 1,
        **kwargs: Any,
    ) -> None:
        if domain not in DOMAINS:
            raise ValueError(f'domain got {domain!r}, expected one of {DOMAINS}')
        if not 0 <= overlap < 1:
            raise ValueError(f'overlap got {overlap!r}, expected a number from 0 to below 1')
        if kwargs.pop('serialize_data', False):
            raise ValueError('serialize_data got True: clips are rows of shared arrays already')
        self.source = source or self.SOURCE
        self.domain = domain
        self.seq_len = seq_len
        self.stride = max(1, round(seq_len * (1 - overlap))) if stride is None else stride
        self.tail = tail or ('overlap' if test_mode else 'drop')
        self.short = short or ('pad' if test_mode else 'skip')
        self.max_gap = max_gap
        #: How many frames are in no clip, by reason.
        self.skipped: Counter[str] = Counter()
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=dict(data_prefix or dict(img='')),
            pipeline=list(pipeline),
            test_mode=test_mode,
            serialize_data=False,
            **kwargs,
        )

    @property
    def title(self) -> str:
        """The start of messages."""
        return f'{type(self).__name__} {self.source!r}'

    def full_path(self, file: str) -> str:
        """Where a file named relative to ``data_root`` is."""
        return join_path(self.data_root, file) if self.data_root else file

    def load_data_list(self) -> np.ndarray:
        """Read, check, cut and report; returns the numbers of the clips."""
        table = read_clip_file(self.ann_file, f'{self.title}: clip file')
        self.clips: Clips = cut_clips(
            table.video_id,
            table.frame_idx,
            self.seq_len,
            self.stride,
            self.tail,
            self.short,
            self.max_gap,
        )
        self.skipped = self.clips.skipped
        if not len(self.clips.start):
            raise ValueError(
                f'{self.title}: {self.ann_file!r} has no {self.seq_len} frames in a row, '
                f'skipped: {dict(self.skipped)}{self._advice(table)}'
            )
        self.table = self.prepare(table)
        print_log(self.report, logger='current')
        return np.arange(len(self.clips.start))

    def prepare(self, table: ClipFile) -> ClipFile:
        """Check what a subclass needs, and keep what its samples are made of."""
        return table

    def _advice(self, table: ClipFile) -> str:
        step = np.diff(table.frame_idx)[table.video_id[1:] == table.video_id[:-1]]
        usual = int(np.median(step)) if len(step) else 1
        if usual <= self.max_gap:
            return ''
        return (
            f'. Most frames are {usual} apart: with max_gap={usual} they are consecutive, and '
            f'{self.seq_len} of them last {usual} times as long'
        )

    @property
    def report(self) -> str:
        """A line: how many clips there are, and what was left out."""
        clips, table = self.clips, self.table
        tracks = 1 + int((table.video_id[1:] != table.video_id[:-1]).sum())
        padded = int((clips.length < self.seq_len).sum())
        skipped = ', '.join(f'{n} {reason}' for reason, n in self.skipped.items()) or 'none'
        return (
            f'{self.title}: {len(clips.start)} clips of {self.seq_len} frames from {len(table)} '
            f'frames of {tracks} tracks in {self.ann_file}; {padded} of them padded; '
            f'skipped: {skipped}'
        )

    @force_full_init
    def clip_keys(self) -> list[tuple[str, int]]:
        """Track and first frame of every clip, which say what it is whatever the file's order."""
        first = self.clips.start[np.asarray(self.data_list, np.int64)]
        frames = self.table.frame_idx[first].tolist()
        return list(zip(self.table.video_id[first].tolist(), frames))

    @force_full_init
    def clip_ranges(self) -> list[tuple[str, int, int]]:
        """Track, first frame and the frame after the last of every clip."""
        clips = np.asarray(self.data_list, np.int64)
        last = self.clips.start[clips] + self.clips.length[clips] - 1
        ends = (self.table.frame_idx[last] + 1).tolist()
        return [(*key, end) for key, end in zip(self.clip_keys(), ends)]

    def rows(self, index: int) -> np.ndarray:
        """Rows of the table that a sample consists of, (seq_len,)."""
        return self.clips.rows(int(self.data_list[index]), self.seq_len)

    def scored(self, index: int) -> np.ndarray:
        """Which frames of a sample count in evaluation, (seq_len,) float32.

        In testing those that no clip before has, and that are no repetition.
        """
        if not self.test_mode:
            return np.ones(self.seq_len, np.float32)
        clip, frames = int(self.data_list[index]), np.arange(self.seq_len)
        seen = frames < self.clips.unseen[clip]
        return (~seen & (frames < self.clips.length[clip])).astype(np.float32)

    @force_full_init
    def get_data_info(self, idx: int) -> dict[str, Any]:
        """What all clips have: ``id, source, domain, video_id, frame_ids, fps, gender``."""
        table, rows = self.table, self.rows(idx)
        first = int(rows[0])
        return dict(
            id=first,
            sample_idx=idx if idx >= 0 else len(self) + idx,
            source=self.source,
            domain=self.domain,
            video_id=str(table.video_id[first]),
            frame_ids=table.frame_idx[rows],
            fps=float(table.fps[first]),
            gender='neutral' if table.gender is None else str(table.gender[first]),
        )

    @classmethod
    def _load_metainfo(cls, metainfo: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return parse_pose_metainfo(dict(metainfo or cls.METAINFO))
