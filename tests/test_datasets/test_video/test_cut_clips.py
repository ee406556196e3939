"""Clips against a loop over tracks."""

import numpy as np
import pytest

from mmpose_ext.datasets.datasets.video import cut_clips


def segments_by_loop(ids, frames, max_gap):
    """Runs of rows, one row after the other."""
    runs = []
    for row in range(len(ids)):
        joined = row > 0 and ids[row] == ids[row - 1] and frames[row] - frames[row - 1] <= max_gap
        if joined:
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def clips_by_loop(ids, frames, length, stride, tail, short, max_gap):
    """Rows of every clip, and rows in none."""
    clips, seen = [], set()
    for run in segments_by_loop(ids, frames, max_gap):
        starts = list(range(0, len(run) - length + 1, stride))
        if starts and tail == 'overlap' and starts[-1] + length < len(run):
            starts.append(len(run) - length)
        if not starts and short == 'pad':
            clips.append(run + [run[-1]] * (length - len(run)))
        clips += [run[start : start + length] for start in starts]
    seen = {row for clip in clips for row in clip}
    return sorted(clips), len(ids) - len(seen)


@pytest.mark.parametrize('tail', ['drop', 'overlap'])
@pytest.mark.parametrize('short', ['skip', 'pad'])
@pytest.mark.parametrize('length, stride', [(4, 4), (4, 1), (5, 2), (3, 7), (16, 16), (1, 1)])
def test_clips_are_those_of_a_loop(tail, short, length, stride):
    rng = np.random.default_rng(length * 10 + stride)
    ids = np.repeat([f'video{n}' for n in range(12)], rng.integers(1, 30, 12))
    jumps = np.where(rng.random(len(ids)) < 0.1, rng.integers(2, 9, len(ids)), 1)
    frames = np.concatenate([np.cumsum(jumps[ids == name]) for name in dict.fromkeys(ids)])

    clips = cut_clips(ids, frames, length, stride, tail, short)

    expected, left_out = clips_by_loop(ids, frames, length, stride, tail, short, 1)
    found = [clips.rows(n, length).tolist() for n in range(len(clips.start))]
    assert sorted(found) == expected
    assert sum(clips.skipped.values()) == left_out


def test_every_frame_counts_once_in_testing():
    ids = np.repeat(['a', 'b', 'c'], [11, 2, 8])
    frames = np.concatenate([np.arange(11), np.arange(2), [0, 1, 2, 3, 9, 10, 11, 12]])
    for stride in (1, 3, 4):
        clips = cut_clips(ids, frames, 4, stride, 'overlap', 'pad')
        counted = [
            row
            for n in range(len(clips.start))
            for t, row in enumerate(clips.rows(n, 4))
            if clips.unseen[n] <= t < clips.length[n]
        ]
        assert sorted(counted) == list(range(len(ids)))
        assert not clips.skipped


def test_what_is_left_out_is_counted_by_reason():
    ids = np.repeat(['a', 'b'], [11, 2])
    frames = np.concatenate([np.arange(11), np.arange(2)])

    assert cut_clips(ids, frames, 4).skipped == {
        'frames after the last whole clip of a segment': 3,
        'frames of segments shorter than a clip': 2,
    }
    assert cut_clips(ids, frames, 2, 3).skipped == {
        'frames between clips': 3,
    }
    assert not len(cut_clips(ids[:0], frames[:0], 4).start)


def test_steps_up_to_the_largest_are_no_gap():
    ids, frames = np.full(8, 'a'), np.arange(8) * 10

    assert len(cut_clips(ids, frames, 4).start) == 0
    assert cut_clips(ids, frames, 4, max_gap=10).start.tolist() == [0, 4]


@pytest.mark.parametrize(
    'wrong', [dict(seq_len=0), dict(stride=0), dict(tail='keep'), dict(short='drop')]
)
def test_unknown_options_are_errors(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f'{name} got'):
        cut_clips(np.full(3, 'a'), np.arange(3), **(dict(seq_len=2) | wrong))
