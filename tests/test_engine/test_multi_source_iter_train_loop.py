import itertools
import random
from collections.abc import Callable
from unittest import mock

import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from torch.utils.data import Dataset

from mmpose_ext.engine import MultiSourceIterTrainLoop


class Clips(Dataset):
    """Samples that say their number and three numbers of the random generators."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.read: list[int] = []

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        self.read.append(index)
        noise = [random.random(), np.random.rand(), torch.rand(()).item()]  # noqa: NPY002
        return {'index': torch.tensor(index), 'noise': torch.tensor(noise)}


class Model(BaseModel):
    """Learns something from every stream, with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)
        self.seen: list[dict] = []

    def forward(self, mode: str = 'tensor', **streams):
        if mode != 'loss':
            return [BaseDataElement()]
        self.seen.append(streams)
        losses = [
            torch.nn.functional.dropout(self.layer(batch['noise'])).square().mean()
            for batch in streams.values()
        ]
        return dict(loss=sum(losses))


def loader(length: int, batch_size: int = 3, workers: int = 0, **kwargs) -> dict:
    return (
        dict(
            dataset=Clips(length),
            batch_size=batch_size,
            num_workers=workers,
            collate_fn=dict(type='default_collate'),
            sampler=dict(type='DefaultSampler', shuffle=True),
        )
        | kwargs
    )


@pytest.fixture
def make_runner(tmp_path) -> Callable[..., Runner]:
    numbers = itertools.count()

    def build(
        main: dict,
        extra: dict,
        iterations: int,
        seed: int | None = 5,
        changes: dict | None = None,
        **kwargs,
    ) -> Runner:
        torch.manual_seed(0)
        train_cfg = dict(
            type='mmpose_ext.MultiSourceIterTrainLoop',
            max_iters=iterations,
            extra_dataloaders=extra,
        )
        settings = dict(
            model=Model(),
            work_dir=str(tmp_path / 'work'),
            experiment_name=f'{tmp_path.name}_{next(numbers)}',
            train_dataloader=main,
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            randomness=dict(seed=seed),
            default_scope='mmpose',
            log_processor=dict(by_epoch=False),
            default_hooks=dict(
                logger=None, checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=1)
            ),
        )
        return Runner(**settings | kwargs, train_cfg=train_cfg | (changes or {}))

    return build


def indices(runner: Runner, stream: str) -> list[list[int]]:
    return [batch[stream]['index'].tolist() for batch in runner.model.seen]


def expected(seed: int, length: int, batch_size: int, number: int, drop_last: bool = False):
    """Batches of MMEngine's DefaultSampler, pass after pass, by hand."""
    batches = []
    for epoch in range(number):
        order = torch.randperm(length, generator=torch.Generator().manual_seed(seed + epoch))
        passed = [chunk.tolist() for chunk in order.split(batch_size)]
        batches += [chunk for chunk in passed if len(chunk) == batch_size or not drop_last]
    return batches[:number]


@pytest.mark.parametrize('workers', [0, 2])
def test_streams_are_cycled_each_at_its_own_length(make_runner, workers):
    extra = dict(
        kp2d=loader(7, workers=workers),
        target=loader(1, batch_size=8, workers=workers),
        motion=loader(10, workers=workers, drop_last=True),
    )
    runner = make_runner(loader(11, 4, workers), extra, iterations=9)
    runner.train()
    seeds = {name: s.loader.sampler.seed for name, s in runner.train_loop.streams.items()}
    assert len(set(seeds.values())) == 4 and seeds['kp3d'] == 5
    assert indices(runner, 'kp3d') == expected(5, 11, 4, 9)
    assert indices(runner, 'kp2d') == expected(seeds['kp2d'], 7, 3, 9)
    assert indices(runner, 'target') == [[0]] * 9
    assert indices(runner, 'motion') == expected(seeds['motion'], 10, 3, 9, drop_last=True)


def test_a_streams_order_does_not_depend_on_the_others(make_runner):
    alone = make_runner(loader(8), dict(target=loader(8)), iterations=5)
    among = make_runner(loader(8), dict(kp2d=loader(5), target=loader(8)), iterations=5)
    for runner in (alone, among):
        runner.train()
    assert indices(alone, 'target') == indices(among, 'target')
    assert indices(alone, 'target') != indices(alone, 'kp3d')


def test_augmentations_depend_neither_on_workers_nor_on_the_pass_before(make_runner):
    runs = []
    for workers in (0, 1, 2):
        runner = make_runner(loader(4, workers=workers), dict(target=loader(1, workers=workers)), 6)
        runner.train()
        runs.append(runner)
    noise = [torch.cat([b['target']['noise'] for b in run.model.seen]) for run in runs]
    assert torch.equal(noise[0], noise[1]) and torch.equal(noise[0], noise[2])
    # One clip again and again, each time augmented differently.
    assert len(noise[0].unique()) == noise[0].numel()
    assert all(torch.equal(run.model.layer.weight, runs[0].model.layer.weight) for run in runs)


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('seed', [5, None])
def test_a_resumed_run_gets_the_batches_that_would_have_followed(make_runner, workers, seed):
    def streams() -> tuple[dict, dict]:
        extra = dict(
            target=loader(2, batch_size=8, workers=workers),
            motion=loader(9, workers=workers, sampler=dict(type='InfiniteSampler', shuffle=True)),
        )
        return loader(13, 4, workers), extra

    whole = make_runner(*streams(), iterations=9, seed=seed)
    whole.train()
    checkpoint = f'{whole.work_dir}/iter_5.pth'
    resumed = make_runner(*streams(), 9, seed=seed, resume=True, load_from=checkpoint)
    resumed.train()
    for name in ('kp3d', 'target', 'motion'):
        assert indices(resumed, name) == indices(whole, name)[5:]
    for left, right in zip(whole.model.seen[5:], resumed.model.seen):
        for name in left:
            assert torch.equal(left[name]['noise'], right[name]['noise'])
    assert torch.equal(whole.model.layer.weight, resumed.model.layer.weight)
    if not workers:
        # Nothing was read to be skipped.
        assert resumed.train_dataloader.dataset.read == sum(indices(whole, 'kp3d')[5:], [])


def test_processes_share_out_every_stream(make_runner):
    seen = []
    for rank in range(2):
        with mock.patch('mmengine.dataset.sampler.get_dist_info', lambda rank=rank: (rank, 2)):
            runner = make_runner(loader(8, 2), dict(target=loader(4, 2)), iterations=4)
            loop = runner.build_train_loop(runner._train_loop)
        streams = [loop.streams[name].batches(runner.seed, rank) for name in ('kp3d', 'target')]
        seen.append([[next(stream) for _ in range(2)] for stream in streams])
    for name in range(2):
        parts = [torch.cat([batch['index'] for batch in rank[name]]).tolist() for rank in seen]
        assert len(parts[0]) == 4
        if name == 0:
            assert sorted(parts[0] + parts[1]) == list(range(8))
        noise = [torch.cat([batch['noise'] for batch in rank[name]]) for rank in seen]
        assert not torch.isin(noise[0], noise[1]).any()


def test_starting_over_does_not_wait(make_runner):
    hooks = dict(logger=None, checkpoint=None)
    runner = make_runner(loader(1), dict(target=loader(1, workers=1)), 200, default_hooks=hooks)
    # MMEngine's own loop would sleep 2 seconds 400 times.
    with mock.patch('time.sleep', side_effect=AssertionError):
        runner.train()
    assert len(runner.model.seen) == 200


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        (loader(0), "'target' got a dataset without samples"),
        (loader(2, batch_size=3, drop_last=True), r"'target' has no batch: 2 samples .*drop_last"),
        (loader(2, batch_size=None), "'target' got batch_size None"),
    ],
)
def test_a_stream_without_batches_is_named(make_runner, wrong, message):
    with pytest.raises(ValueError, match=message):
        make_runner(loader(4), dict(target=wrong), iterations=2).train()


def test_names_and_lengths_are_checked(make_runner):
    with pytest.raises(ValueError, match="extra_dataloaders got 'kp3d'"):
        make_runner(loader(4), dict(kp3d=loader(4)), iterations=2).train()
    with pytest.raises(ValueError, match='max_iters got 0'):
        make_runner(loader(4), {}, iterations=0).train()


def test_another_batch_size_after_a_resume_is_warned_about(make_runner, caplog):
    first = make_runner(loader(8), dict(target=loader(4)), iterations=2)
    first.train()
    checkpoint = f'{first.work_dir}/iter_2.pth'
    for batch_size, warned in ((3, False), (2, True)):
        extra = dict(target=loader(4, batch_size))
        runner = make_runner(loader(8), extra, iterations=3, resume=True, load_from=checkpoint)
        with mock.patch.object(runner.logger, 'warning') as warning:
            runner.train()
        messages = [call.args[0] for call in warning.call_args_list]
        assert any('its batches are not those' in message for message in messages) == warned


class CountValidations(Hook):
    def before_val_epoch(self, runner) -> None:
        runner.model.validated = [*getattr(runner.model, 'validated', []), runner.iter]


@pytest.mark.parametrize(
    ('settings', 'steps'),
    [
        (dict(val_interval=3), [3, 6, 7]),
        (dict(val_interval=3, val_begin=4), [6, 7]),
        (dict(val_interval=3, dynamic_intervals=[(4, 1)]), [3, 4, 5, 6, 7]),
    ],
)
def test_validates_as_mmengines_loop_does(make_runner, settings, steps):
    validated = []
    for kind in ('mmpose_ext.MultiSourceIterTrainLoop', 'IterBasedTrainLoop'):
        runner = make_runner(
            loader(30),
            {},
            7,
            changes=dict(type=kind) | settings,
            val_dataloader=loader(1),
            val_cfg=dict(),
            val_evaluator=[],
            custom_hooks=[CountValidations()],
        )
        if kind == 'IterBasedTrainLoop':
            del runner._train_loop['extra_dataloaders']
            runner.model.train_step = lambda data, optim_wrapper: {}
        runner.train()
        validated.append(runner.model.validated)
    assert validated == [steps, steps]


def test_the_loop_is_found_by_name():
    from mmpose.registry import LOOPS

    assert LOOPS.get('mmpose_ext.MultiSourceIterTrainLoop') is MultiSourceIterTrainLoop


class TwoModels(BaseModel):
    """Two parts with an optimizer each."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = torch.nn.Linear(3, 1)
        self.discriminator = torch.nn.Linear(3, 1)

    def train_step(self, data, optim_wrapper) -> dict[str, torch.Tensor]:
        for name, wrapper in optim_wrapper.items():
            wrapper.update_params(getattr(self, name)(data['kp3d']['noise']).square().mean())
        return {}

    def forward(self, mode: str = 'tensor', **batch):
        return [BaseDataElement()]


class Scores(BaseMetric):
    """Given errors, one per validation."""

    def __init__(self, errors: list[float]) -> None:
        super().__init__()
        self.errors = iter(errors)

    def process(self, data_batch, data_samples) -> None:
        self.results.append(None)

    def compute_metrics(self, results: list) -> dict[str, float]:
        return {'error': next(self.errors)}


class RecordRates(Hook):
    """Learning rates after each validation."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.rates: dict[str, list[float]] = {'generator': [], 'discriminator': []}

    def after_val_epoch(self, runner, metrics=None) -> None:
        for name, wrapper in runner.optim_wrapper.items():
            self.rates[name].append(wrapper.get_lr()['lr'][0])


def test_learning_rates_of_two_optimizers_fall_with_the_score(make_runner):
    model, record = TwoModels(), RecordRates()
    wrappers = {
        name: OptimWrapper(torch.optim.SGD(getattr(model, name).parameters(), lr=1.0))
        for name in record.rates
    }
    plateau = dict(type='ReduceOnPlateauLR', monitor='error', rule='less')
    make_runner(
        loader(4),
        {},
        iterations=12,
        changes=dict(val_interval=2),
        model=model,
        optim_wrapper=OptimWrapperDict(**wrappers),
        param_scheduler=dict(
            generator=[plateau | dict(factor=0.5, patience=1)],
            discriminator=[plateau | dict(factor=0.1, patience=0)],
        ),
        val_dataloader=loader(1),
        val_cfg=dict(),
        val_evaluator=[Scores([5, 4, 4.5, 4.6, 4.7, 3])],
        custom_hooks=[record],
    ).train()
    # Worse at the third, fourth and fifth validation: one is forgiven at a time, or none.
    assert record.rates['generator'] == [1, 1, 1, 0.5, 0.5, 0.5]
    assert record.rates['discriminator'] == pytest.approx([1, 1, 0.1, 0.01, 0.001, 0.001])
