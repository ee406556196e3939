import json
import random
from collections import Counter
from unittest import mock

import numpy as np
import pytest
from torch.utils.data import Dataset

from mmpose_ext.datasets.datasets.video import (
    BaseClipDataset,
    ClipFile,
    FewShotSubset,
    write_clip_file,
)
from mmpose_ext.registry import DATASETS

T = 4
DATASETS.register_module('BaseClips', module=BaseClipDataset)


class Pool(Dataset):
    """Clips of tracks of different lengths, ``stride`` frames apart."""

    metainfo = dict(dataset_name='pool')

    def __init__(self, lengths: dict[str, int], stride: int = T, order: int | None = None) -> None:
        self.keys = [
            (track, start)
            for track, frames in lengths.items()
            for start in range(0, frames - T + 1, stride)
        ]
        if order is not None:
            random.Random(order).shuffle(self.keys)

    def __len__(self) -> int:
        return len(self.keys)

    def clip_ranges(self) -> list[tuple[str, int, int]]:
        return [(track, start, start + T) for track, start in self.keys]

    def __getitem__(self, index: int) -> dict:
        return dict(key=self.keys[index])

    get_data_info = __getitem__


LENGTHS = {'a': 40, 'b': 8, 'c': 24, 'd': 4}


@pytest.fixture
def pool() -> Pool:
    return Pool(LENGTHS)


def keys(subset: FewShotSubset) -> list[tuple[str, int]]:
    assert [subset[i]['key'] for i in range(len(subset))] == subset.clip_keys()
    assert [subset.get_data_info(i)['key'] for i in range(len(subset))] == subset.clip_keys()
    return subset.clip_keys()


def frames(clips: list[tuple[str, int]]) -> set[tuple[str, int]]:
    return {(track, start + i) for track, start in clips for i in range(T)}


@pytest.mark.parametrize('strategy', ['per_video', 'random'])
def test_shots_are_nested(pool, strategy):
    chosen = [keys(FewShotSubset(pool, k, 3, strategy)) for k in range(len(pool) + 1)]
    for k, clips in enumerate(chosen):
        assert len(set(clips)) == k
        assert clips == chosen[-1][:k]
    assert set(chosen[-1]) == set(pool.keys)


def test_every_track_gives_a_clip_before_one_gives_two(pool):
    # 10, 2, 6 and 1 clips: what fair turns give after 4, 7, 9 and 15 clips.
    for k, counts in {4: [1, 1, 1, 1], 7: [3, 2, 2, 1], 15: [6, 2, 6, 1]}.items():
        for seed in range(5):
            found = Counter(track for track, _ in keys(FewShotSubset(pool, k, seed)))
            if k == 7:
                assert sorted(found.values()) == [1, 2, 2, 2]
            else:
                assert [found[track] for track in 'abcd'] == counts


def test_the_choice_depends_on_the_seed_and_not_on_the_order_of_annotations(pool):
    first = keys(FewShotSubset(pool, 6, seed=1))
    assert keys(FewShotSubset(Pool(LENGTHS, order=2), 6, seed=1)) == first
    others = [keys(FewShotSubset(pool, 6, seed=seed)) for seed in range(2, 12)]
    assert all(other != first for other in others)


def test_seeds_choose_evenly(pool):
    """Every clip of a track comes first equally often: 300 draws of one in ten."""
    found = Counter(
        next(start for track, start in keys(FewShotSubset(pool, 4, seed)) if track == 'a')
        for seed in range(300)
    )
    # 30 expected; 4 standard deviations are 21.
    assert len(found) == 10 and all(abs(count - 30) < 21 for count in found.values())


def test_without_nesting_every_k_has_its_own_order(pool):
    small, large = (keys(FewShotSubset(pool, k, 1, 'random', nested=False)) for k in (4, 8))
    assert small != large[:4]


@pytest.mark.parametrize('stride', [T, 1, 3])
def test_what_is_held_out_shares_no_frame_with_shots(stride):
    pool = Pool(LENGTHS, stride)
    shots = keys(FewShotSubset(pool, 3, seed=2))
    rest = keys(FewShotSubset(pool, 3, seed=2, complement=True))
    assert set(rest) == {key for key in pool.keys if not frames([key]) & frames(shots)}
    if stride == T:
        assert len(rest) == len(pool) - 3
    else:
        assert 0 < len(rest) < len(pool) - 3


def test_no_shots_leave_everything_held_out(pool):
    assert len(FewShotSubset(pool, 0)) == 0
    assert keys(FewShotSubset(pool, 0, complement=True)) == pool.keys


def test_a_manifest_is_written_once_and_decides_then(pool, tmp_path):
    file = tmp_path / 'folder' / 'shots.json'
    shots = keys(FewShotSubset(pool, 5, seed=1, manifest=file))
    content = json.loads(file.read_text())
    assert [tuple(clip) for clip in content['clips']] == [(*key, key[1] + T) for key in shots]
    assert (content['seed'], content['pool_clips']) == (1, len(pool))
    assert [p.name for p in file.parent.iterdir()] == ['shots.json']

    held_out = keys(FewShotSubset(pool, 5, seed=1, manifest=file, complement=True))
    assert set(held_out) | set(shots) == set(pool.keys)
    # Somebody chose by hand.
    content['clips'] = [['a', T * i, T * i + T] for i in range(5)]
    file.write_text(json.dumps(content))
    assert keys(FewShotSubset(pool, 5, seed=1, manifest=file)) == [('a', T * i) for i in range(5)]


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(seed=2), 'got seed 1, expected 2'),
        (dict(k=4), 'got 5 clips, 5 of them different, expected 4'),
        (dict(strategy='random'), "got strategy 'per_video', expected 'random'"),
        (dict(nested=False), 'got nested True, expected False'),
        (dict(dataset=Pool({'x': 60})), 'of another dataset: 5 of its 5 clips .* from frame'),
        (dict(dataset=Pool(LENGTHS | {'e': 9})), 'got pool_clips 19, expected 21'),
    ],
)
def test_another_manifest_is_refused(pool, tmp_path, settings, message):
    file = tmp_path / 'shots.json'
    FewShotSubset(pool, 5, seed=1, manifest=file)
    before = file.read_text()
    with pytest.raises(ValueError, match=f'shots.json .*{message}'):
        FewShotSubset(**dict(dataset=pool, k=5, seed=1, manifest=file) | settings)
    assert file.read_text() == before


@pytest.mark.parametrize('content', ['', '[1]', '{"version": 1, "clips": []}', '{"version": 1}'])
def test_a_damaged_manifest_is_named(pool, tmp_path, content):
    file = tmp_path / 'shots.json'
    file.write_text(content)
    with pytest.raises(ValueError, match='shots.json is no manifest of shots'):
        FewShotSubset(pool, 5, manifest=file)


def test_shots_of_the_test_set_are_refused(pool, tmp_path):
    shots = keys(FewShotSubset(pool, 3, seed=1))
    track, start = shots[0]
    # Another cut of the same video: one frame in common, and none.
    for offset, overlaps in ((T - 1, True), (-T + 1, True), (T, False), (-T, False)):
        test_set = Pool({})
        test_set.keys = [(track, start + offset)]
        if overlaps:
            with pytest.raises(ValueError, match=rf'1 of 3 shots .*{track} from frame {start}'):
                FewShotSubset(pool, 3, seed=1, exclude=[test_set])
        else:
            FewShotSubset(pool, 3, seed=1, exclude=[test_set])

    FewShotSubset(pool, 8, seed=1, manifest=tmp_path / 'test.json')
    with pytest.raises(ValueError, match=r'3 of 3 shots share frames with .*test\.json'):
        FewShotSubset(pool, 3, seed=1, exclude=[tmp_path / 'test.json'])


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(k=20), 'k got 20 clips, expected at most the 19 of Pool'),
        (dict(k=-1), 'k got -1'),
        (dict(k=2.5), 'k got 2.5'),
        (dict(strategy='best'), "strategy got 'best'"),
        (dict(dataset=[1, 2]), 'dataset got list, expected a clip dataset'),
    ],
)
def test_wrong_settings_are_named(pool, settings, message):
    with pytest.raises(ValueError, match=message):
        FewShotSubset(**dict(dataset=pool, k=3) | settings)


def test_a_clip_that_comes_twice_is_an_error(pool):
    pool.keys.append(pool.keys[0])
    with pytest.raises(ValueError, match='has 1 clips twice'):
        FewShotSubset(pool, 3)


def test_other_processes_choose_the_same_and_leave_writing_to_the_first(pool, tmp_path):
    file = tmp_path / 'shots.json'
    with mock.patch('mmpose_ext.datasets.datasets.video.shot_manifest.get_rank', lambda: 1):
        second = keys(FewShotSubset(pool, 5, seed=1, manifest=file))
        assert not file.exists()
    assert keys(FewShotSubset(pool, 5, seed=1, manifest=file)) == second
    with mock.patch('mmpose_ext.datasets.datasets.video.shot_manifest.get_rank', lambda: 1):
        assert keys(FewShotSubset(pool, 5, seed=1, manifest=file)) == second


@pytest.mark.parametrize('settings', [dict(), dict(overlap=0.5), dict(test_mode=True)])
def test_shots_of_a_clip_file(tmp_path, settings):
    # One track has a gap, one ends in the middle of a clip, one is shorter than a clip.
    tracks = {'a': [*range(10, 31), *range(40, 55)], 'b': range(18), 'c': range(3)}
    rows = [(track, frame) for track, frames in tracks.items() for frame in frames]
    table = ClipFile(
        video_id=np.array([track for track, _ in rows]),
        frame_idx=np.array([frame for _, frame in rows]),
        fps=np.full(len(rows), 25, np.float32),
    )
    write_clip_file(tmp_path / 'clips.npz', table)
    dataset = (
        dict(type='mmpose_ext.BaseClips', ann_file=str(tmp_path / 'clips.npz'), seq_len=T)
        | settings
    )

    def frames_of(subset: FewShotSubset) -> list[set[tuple[str, int]]]:
        infos = [subset.get_data_info(index) for index in range(len(subset))]
        return [{(info['video_id'], int(f)) for f in info['frame_ids']} for info in infos]

    pool = [frozenset(frames) for frames in frames_of(FewShotSubset(dataset, 0, complement=True))]
    shots = frames_of(FewShotSubset(dataset, 5, seed=1))
    rest = frames_of(FewShotSubset(dataset, 5, seed=1, complement=True))
    assert len(shots) == 5 and {track for clip in shots for track, _ in clip} >= {'a', 'b'}
    assert set(map(frozenset, rest)) == {clip for clip in pool if not clip & set().union(*shots)}
