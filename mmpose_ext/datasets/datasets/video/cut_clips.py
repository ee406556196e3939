"""Cutting tracks into clips of one length."""

from collections import Counter
from typing import NamedTuple

import numpy as np

TAILS = ('drop', 'overlap')
SHORTS = ('skip', 'pad')


class Clips(NamedTuple):
    """M clips, in the order of their first rows.

    Args:
        start: First row of each, (M,) int64.
        length: Rows that each has, (M,) int64; fewer than the clip length where it is padded.
        unseen: Number of each clip's first frame that no clip before it has, (M,) int64.
        skipped: How many frames are in no clip, by reason.
    """

    start: np.ndarray
    length: np.ndarray
    unseen: np.ndarray
    skipped: Counter[str]

    def rows(self, clip: int, seq_len: int) -> np.ndarray:
        """Rows of a clip, (seq_len,); a padded clip repeats its last one."""
        return self.start[clip] + np.minimum(np.arange(seq_len), self.length[clip] - 1)


def cut_clips(
    video_ids: np.ndarray,
    frame_idx: np.ndarray,
    seq_len: int,
    stride: int | None = None,
    tail: str = 'drop',
    short: str = 'skip',
    max_gap: int = 1,
) -> Clips:
    """Cut tracks into clips that never cross a track or a gap.

    Args:
        video_ids: Track of every row, (N,).
        frame_idx: Number of the frame in its video, (N,), increasing within a track.
        seq_len: Frames of a clip.
        stride: Frames from one clip's start to the next one's; by default ``seq_len``.
        tail: What happens to frames after the last whole clip of a segment: ``'drop'`` them, or
            ``'overlap'``, one more clip that ends with the segment and repeats frames.
        short: What happens to segments shorter than a clip: ``'skip'`` them, or ``'pad'``, a clip
            that repeats its last frame.
        max_gap: Largest step of ``frame_idx`` that is no gap; files with every 10th frame need 10.

    Raises:
        ValueError: If an argument is none of its options, or not positive.
    """
    stride = seq_len if stride is None else stride
    for name, number in (('seq_len', seq_len), ('stride', stride), ('max_gap', max_gap)):
        if number < 1:
            raise ValueError(f'{name} got {number!r}, expected at least 1')
    if tail not in TAILS:
        raise ValueError(f'tail got {tail!r}, expected one of {TAILS}')
    if short not in SHORTS:
        raise ValueError(f'short got {short!r}, expected one of {SHORTS}')
    begin, length = _segments(video_ids, frame_idx, max_gap)
    whole = np.where(length >= seq_len, (length - seq_len) // stride + 1, 0)
    order = np.arange(whole.sum()) - np.repeat(np.cumsum(whole) - whole, whole)
    start = np.repeat(begin, whole) + stride * order
    unseen = np.where(order > 0, max(seq_len - stride, 0), 0)
    count = np.full(len(start), seq_len)
    skipped: Counter[str] = Counter()

    rest = np.where(whole > 0, length - (whole - 1) * stride - seq_len, 0)
    if tail == 'overlap':
        ends = rest > 0
        start = np.concatenate([start, (begin + length - seq_len)[ends]])
        # With strides longer than a clip, the frames between clips have been in none.
        unseen = np.concatenate([unseen, np.maximum(seq_len - rest[ends], 0)])
        count = np.concatenate([count, np.full(ends.sum(), seq_len)])
        rest = np.maximum(rest - seq_len, 0)
    _count(skipped, 'frames after the last whole clip of a segment', rest)
    _count(
        skipped,
        'frames between clips',
        np.maximum(whole - 1, 0) * max(stride - seq_len, 0),
    )
    if short == 'pad':
        few = whole == 0
        start = np.concatenate([start, begin[few]])
        unseen = np.concatenate([unseen, np.zeros(few.sum(), np.int64)])
        count = np.concatenate([count, length[few]])
    else:
        _count(skipped, 'frames of segments shorter than a clip', length[whole == 0])
    by_start = np.argsort(start, kind='stable')
    arrays = (array[by_start].astype(np.int64) for array in (start, count, unseen))
    return Clips(*arrays, skipped)


def _segments(
    video_ids: np.ndarray, frame_idx: np.ndarray, max_gap: int
) -> tuple[np.ndarray, np.ndarray]:
    """First row and number of rows of every uninterrupted run."""
    if not len(video_ids):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    step = np.diff(frame_idx)
    new = (video_ids[1:] != video_ids[:-1]) | (step > max_gap) | (step < 1)
    begin = np.concatenate([[0], np.flatnonzero(new) + 1])
    return begin, np.diff(np.append(begin, len(video_ids)))


def _count(skipped: Counter[str], reason: str, frames: np.ndarray) -> None:
    if total := int(np.sum(frames)):
        skipped[reason] += total
