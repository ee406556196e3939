from collections import Counter
from fractions import Fraction
from unittest import mock

import pytest

from mmpose_ext.datasets import SourceRatioSampler
from mmpose_ext.datasets.datasets import UnionDataset


class ToyUnion(UnionDataset):
    """Only the number of samples of each source; indices as a union has them."""

    def __init__(self, **lengths):
        self.lengths = lengths

    @property
    def source_lengths(self):
        return self.lengths

    def source_of(self, index):
        for name, length in self.lengths.items():
            if index < length:
                return name
            index -= length
        raise AssertionError('index out of range')


def sampler_of(dataset, rank=0, world_size=1, **options):
    path = 'mmpose_ext.datasets.samplers.source_ratio_sampler.get_dist_info'
    with mock.patch(path, lambda: (rank, world_size)):
        return SourceRatioSampler(dataset, **(dict(batch_size=8, seed=0) | options))


def batches_of(sampler):
    indices = list(sampler)
    assert len(indices) == len(sampler)
    size = sampler.batch_size
    return [indices[start : start + size] for start in range(0, len(indices), size)]


def count(dataset, batch):
    return Counter(dataset.source_of(index) for index in batch)


def test_every_batch_has_the_ratio():
    dataset = ToyUnion(coco=100, mpii=60)

    batches = batches_of(sampler_of(dataset, ratios=dict(coco=3, mpii=1)))

    assert len(batches) == 20
    assert all(count(dataset, batch) == dict(coco=6, mpii=2) for batch in batches)


@pytest.mark.parametrize('ratios', [(3, 1, 1), (1, 1, 1), (0.5, 0.3, 0.2), (10, 1, 1)])
@pytest.mark.parametrize('batch_size', [1, 2, 7, 32])
def test_uneven_ratios_are_kept_over_time(ratios, batch_size):
    dataset = ToyUnion(a=50, b=40, c=30)
    shares = [Fraction(ratio).limit_denominator(100) for ratio in ratios]
    shares = [share / sum(shares) for share in shares]

    sampler = sampler_of(
        dataset, ratios=dict(zip('abc', ratios)), batch_size=batch_size, epoch_length=448
    )

    given, number = Counter(), 0
    for batch in batches_of(sampler):
        given += count(dataset, batch)
        number += len(batch)
        assert all(abs(given[name] - number * share) <= 1 for name, share in zip('abc', shares))


def test_a_source_comes_again_only_after_all_of_it_in_a_new_order():
    dataset = ToyUnion(large=1000, small=10)

    indices = list(sampler_of(dataset, ratios=dict(large=1, small=1), epoch_length=80))

    large = [index for index in indices if index < 1000]
    small = [index for index in indices if index >= 1000]
    assert len(set(large)) == len(large) == 40
    passes = [small[start : start + 10] for start in range(0, 40, 10)]
    assert all(sorted(part) == list(range(1000, 1010)) for part in passes)
    assert len({tuple(part) for part in passes}) == 4


@pytest.mark.parametrize('world_size', [2, 3])
def test_processes_share_an_epoch_without_overlap(world_size):
    dataset = ToyUnion(coco=240, mpii=80)
    ratios = dict(coco=3, mpii=1)

    together = [
        batches_of(sampler_of(dataset, rank, world_size, ratios=ratios, epoch_length=240))
        for rank in range(world_size)
    ]

    assert len({len(batches) for batches in together}) == 1
    everything = [index for batches in together for batch in batches for index in batch]
    assert len(set(everything)) == len(everything) == 240
    assert all(count(dataset, batch) == dict(coco=6, mpii=2) for b in together for batch in b)
    # One process with the whole batch sees the same samples at the same time.
    alone = batches_of(
        sampler_of(dataset, ratios=ratios, batch_size=8 * world_size, epoch_length=240)
    )
    for step, batch in enumerate(alone):
        assert sorted(batch) == sorted(i for batches in together for i in batches[step])


def test_an_epoch_follows_from_seed_and_number_alone():
    dataset, ratios = ToyUnion(coco=100, mpii=60), dict(coco=1, mpii=1)
    run = sampler_of(dataset, ratios=ratios)
    epochs = []
    for epoch in range(3):
        run.set_epoch(epoch)
        epochs.append(list(run))

    resumed = sampler_of(dataset, ratios=ratios)
    resumed.set_epoch(2)

    assert list(resumed) == epochs[2]
    assert epochs[0] != epochs[1] != epochs[2]
    assert list(sampler_of(dataset, ratios=ratios, seed=1)) != epochs[0]


def test_the_length_of_an_epoch():
    dataset, ratios = ToyUnion(coco=100, mpii=61), dict(coco=1, mpii=1)

    assert len(sampler_of(dataset, ratios=ratios)) == 168
    assert len(sampler_of(dataset, ratios=ratios, round_up=False)) == 160
    assert len(sampler_of(dataset, ratios=ratios, world_size=2)) == 88
    assert len(sampler_of(dataset, ratios=ratios, epoch_length=16)) == 16
    assert len(sampler_of(dataset, ratios=dict(coco=1, mpii=0))) == 104


def test_a_source_left_out():
    dataset = ToyUnion(coco=20, mpii=20)

    assert max(sampler_of(dataset, ratios=dict(coco=1, mpii=0))) < 20


def test_without_shuffling_sources_come_in_order():
    dataset = ToyUnion(coco=8, mpii=8)

    batches = batches_of(
        sampler_of(dataset, ratios=dict(coco=1, mpii=1), batch_size=4, shuffle=False)
    )

    assert batches[0] == [0, 1, 8, 9]
    assert batches[1] == [2, 3, 10, 11]


@pytest.mark.parametrize(
    ('options', 'part'),
    [
        (dict(ratios=dict(coco=1)), 'mpii'),
        (dict(ratios=dict(coco=1, mpii=1, lsp=1)), 'lsp'),
        (dict(ratios=dict(coco=1, mpii=-1)), '-1'),
        (dict(ratios=dict(coco=0, mpii=0)), '0'),
        (dict(ratios=dict(coco=1, mpii=1), batch_size=0), 'batch_size'),
        (dict(ratios=dict(coco=1, mpii=1), epoch_length=4, round_up=False), 'no batch'),
    ],
)
def test_arguments_out_of_range(options, part):
    with pytest.raises(ValueError, match=part):
        sampler_of(ToyUnion(coco=20, mpii=20), **options)


def test_other_datasets_are_refused():
    with pytest.raises(ValueError, match='UnionDataset'):
        SourceRatioSampler([1, 2, 3], batch_size=1, ratios=dict(a=1))
