"""3D and 2D datasets in equal parts."""

import pickle
import random
from collections import Counter

import numpy as np
import pytest
from mmengine.dataset import BaseDataset, DefaultSampler

from mmpose_ext.datasets import BalancedMixedDataset


class Numbers(BaseDataset):
    """Samples are pairs of a name and a number."""

    def __init__(self, name, length):
        self.name = name
        self.source = name
        self.length = length
        # Serialising collects garbage, which takes longer than these tests.
        super().__init__(lazy_init=True, serialize_data=False)

    def load_data_list(self):
        return [dict(pair=(self.name, number)) for number in range(self.length)]


def mix(**arguments):
    groups = [[Numbers('h36m', 5), Numbers('muco', 2)], [Numbers('coco', 12), Numbers('mpii', 8)]]
    return BalancedMixedDataset(groups, **arguments)


def pairs(dataset):
    return [dataset[n]['pair'] for n in range(len(dataset))]


def test_groups_are_equally_long_and_everything_is_in():
    found = pairs(mix())

    assert len(found) == 40
    first, second = Counter(found[:20]), Counter(found[20:])
    assert {name for name, _ in first} == {'h36m', 'muco'}
    # 20 is two times 7 and a rest of 6 different ones.
    assert len(first) == 7 and sorted(first.values()) == [2, 3, 3, 3, 3, 3, 3]
    assert len(second) == 20 and set(second.values()) == {1}


def test_the_rest_is_chosen_by_the_seed():
    assert pairs(mix(seed=1)) == pairs(mix(seed=1))
    tails = {tuple(pairs(mix(seed=seed))[14:20]) for seed in range(5)}
    assert len(tails) > 1


def test_a_redrawn_rest_differs_between_accesses_but_repeats_with_the_random_state():
    dataset = mix(tail='redrawn')

    def tail(seed):
        random.seed(seed)
        return pairs(dataset)[14:20]

    assert tail(1) == tail(1)
    assert len({tuple(tail(seed)) for seed in range(5)}) > 1
    seen = Counter(pair for seed in range(300) for pair in tail(seed))
    assert len(seen) == 7
    np.testing.assert_allclose(np.array(list(seen.values())) / 1800, 1 / 7, atol=0.035)


def test_a_shuffling_sampler_gives_one_to_one_mixed():
    dataset = mix()

    order = [dataset[n]['pair'][0] for n in DefaultSampler(dataset, shuffle=True, seed=3)]

    groups = ['3d' if name in ('h36m', 'muco') else '2d' for name in order]
    assert Counter(groups) == {'3d': 20, '2d': 20}
    assert 3 < Counter(groups[:20])['3d'] < 17


def test_every_process_of_several_sees_its_share(monkeypatch):
    dataset = mix()
    seen = []
    for rank in range(2):
        monkeypatch.setattr('mmengine.dataset.sampler.get_dist_info', lambda rank=rank: (rank, 2))
        seen += list(DefaultSampler(dataset, shuffle=True, seed=0))

    assert sorted(seen) == list(range(40))


def test_it_survives_pickling_as_for_spawned_workers():
    dataset = mix()

    assert pairs(pickle.loads(pickle.dumps(dataset))) == pairs(dataset)


def test_its_pipeline_comes_after_those_of_the_datasets():
    class Triple(Numbers):
        def __init__(self, name, length):
            super().__init__(name, length)
            self.pipeline = lambda sample: dict(pair=(*sample['pair'], 'own'))

    dataset = BalancedMixedDataset(
        [[Triple('a', 1)], [Numbers('b', 1)]],
        pipeline=[lambda sample: (*sample['pair'], 'all'), lambda sample: sample[::-1]],
    )

    assert [dataset[0], dataset[1]] == [('all', 'own', 0, 'a'), ('all', 0, 'b')]


def test_indices_count_from_the_end_too_and_end():
    dataset = mix()

    assert dataset[-1] == dataset[39]
    assert dataset.get_data_info(3)['pair'] == ('h36m', 3)
    assert dataset.locate(6)[0].name == 'muco' and dataset.locate(6)[1] == 1
    with pytest.raises(IndexError):
        dataset[40]


def test_it_says_what_it_mixes(capture_log):
    mix()

    assert '40 samples, 20 of each group' in capture_log()
    assert '7 samples of h36m (5) + muco (2); 20 samples of coco (12) + mpii (8)' in capture_log()


def test_annotations_are_read_when_asked_for():
    dataset = mix(lazy_init=True)
    assert not any(part._fully_initialized for part in dataset.datasets)

    assert len(dataset) == 40
    assert all(part._fully_initialized for part in dataset.datasets)


def test_three_groups_get_a_third_each():
    groups = [[Numbers('a', 3)], [Numbers('b', 7)], [Numbers('c', 1)]]

    names = Counter(name for name, _ in pairs(BalancedMixedDataset(groups)))

    assert names == dict(a=7, b=7, c=7)


def test_groups_of_nothing_are_refused():
    for groups in ([], [[Numbers('a', 1)], []]):
        with pytest.raises(ValueError, match='groups got .*expected lists of at least one'):
            BalancedMixedDataset(groups)
    with pytest.raises(ValueError, match="tail got 'new'"):
        mix(tail='new')
