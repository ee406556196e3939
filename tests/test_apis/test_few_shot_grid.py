import csv
import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmpose_ext.apis.few_shot_grid import Arm, FewShotGrid
from mmpose_ext.apis.few_shot_report import write_report
from mmpose_ext.apis.jobs import Job

TOOLS = Path(__file__).resolve().parents[2] / 'tools'
CONFIG = """
model = dict(type='X', dropout=0.5)
train_cfg = dict(max_iters=200, val_interval=20, extra_dataloaders=dict(
    target=dict(dataset=dict(type='mmpose_ext.FewShotSubset', k=50, dataset=dict(type='Y')))))
val_dataloader = dict(dataset=dict(type='FewShotSubset', k=50, complement=True, dataset=dict()))
test_dataloader = dict(dataset=dict(type='Y'))
"""


@pytest.fixture
def config(tmp_path) -> Path:
    file = tmp_path / 'adapt.py'
    file.write_text(CONFIG)
    return file


@pytest.fixture
def make_grid(config, tmp_path):
    def make(**changes) -> FewShotGrid:
        arms = (Arm('vibe', str(config)), Arm('metric', str(config), ('model.dropout=0.1',)))
        settings = dict(arms=arms, shots=(8, 0), seeds=(3, 4), source=tmp_path / 'source.pth')
        return FewShotGrid(tmp_path / 'grid', TOOLS, **settings | changes)

    return make


def options(job: Job) -> dict[str, str]:
    words = job.words
    return dict(word.split('=', 1) for word in words[words.index('--cfg-options') + 1 :])


def error_of(arm: str, k: int, seed: int) -> float:
    """The truth that the fake runner measures."""
    return 60 - k + seed + (0 if arm == 'vibe' else 0.5 * seed - 1)


class FakeRunner:
    """Does what the jobs' commands say, without training."""

    def __init__(self, stop_after: int = 1000) -> None:
        self.done: list[str] = []
        self.stop_after = stop_after

    def __call__(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if job.is_done():
                continue
            if len(self.done) == self.stop_after:
                raise KeyboardInterrupt
            words = job.words
            folder = Path(words[words.index('--work-dir') + 1])
            folder.mkdir(parents=True, exist_ok=True)
            if words[1].endswith('dist_train.sh'):
                (folder / 'best_mesh_error_iter_40.pth').write_text(json.dumps(options(job)))
            else:
                trained = Path(words[3])
                found = json.loads(trained.read_text()) if 'best' in trained.name else {}
                k = int(found.get('val_dataloader.dataset.k', 0))
                seed = int(found.get('randomness.seed', 0))
                error = error_of(folder.name.split('_')[0], k, seed)
                result = {'mesh/error': error, 'mesh/other': 1.0, 'text': 'x'}
                Path(words[words.index('--out') + 1]).write_text(json.dumps(result))
            job.stamp.write_text(f'{job.signature}\n1.0\n')
            self.done.append(job.name)


def test_arms_get_the_same_shots_and_seed(make_grid, tmp_path):
    jobs = {job.name: job for job in make_grid().jobs()}
    trained = [options(jobs[f'train {arm} with 8 shots, seed 4']) for arm in ('vibe', 'metric')]
    assert trained[1].pop('model.dropout') == '0.1'
    assert trained[0] == trained[1]
    for key in ('train_cfg.extra_dataloaders.target.dataset', 'val_dataloader.dataset'):
        assert trained[0][f'{key}.k'] == '8' and trained[0][f'{key}.seed'] == '4'
        assert trained[0][f'{key}.manifest'].endswith('shots/k8_seed4.json')
    assert trained[0]['randomness.seed'] == '4'
    assert trained[0]['model.init_cfg.checkpoint'] == str(tmp_path / 'source.pth')
    # They can be merged into the config as the tools do it.
    config = Config.fromfile(make_grid().arms[0].config_file)
    config.merge_from_dict(trained[0])
    assert config.model.init_cfg.type == 'Pretrained'


def test_no_shots_test_the_source_model_once_per_arm(make_grid, tmp_path):
    jobs = [job for job in make_grid().jobs() if 'source model' in job.name]
    assert [job.words[3] for job in jobs] == [str(tmp_path / 'source.pth')] * 2
    assert len(list(make_grid().jobs())) == 2 + 2 * 2 * 2


def test_a_shorter_grid_scales_the_schedule(make_grid):
    job = next(job for job in make_grid(length=0.25).jobs() if job.name.startswith('train'))
    found = options(job)
    assert found['train_cfg.max_iters'] == '50' and found['train_cfg.val_interval'] == '5'


def test_a_stopped_grid_continues_and_reports_what_it_has(make_grid):
    with pytest.raises(KeyboardInterrupt):
        make_grid().run(FakeRunner(stop_after=6))
    table = write_report(make_grid())[1].read_text()
    assert '1 of 2 seeds' in table
    rest = FakeRunner()
    make_grid().run(rest)
    assert len(rest.done) == 4
    # More seeds keep what is there.
    more = FakeRunner()
    make_grid(seeds=(3, 4, 5)).run(more)
    assert len(more.done) == 4 and all('seed 5' in name for name in more.done)


def test_table_csv_and_curve_say_what_was_measured(make_grid):
    grid = make_grid(seeds=(1, 2, 5))
    grid.run(FakeRunner())
    files = write_report(grid, ['*/error'])
    with files[0].open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 + 6
    for row in rows:
        truth = error_of(row['arm'], int(row['k']), int(row['seed'] or 0))
        assert float(row['mesh/error']) == truth

    lines = [line.strip('| ').split(' | ') for line in files[1].read_text().splitlines()]
    none, eight = lines[4:6]
    assert none == ['0', '60.00', '59.00', '-1.00', '-1.00']
    seeds = np.array([1, 2, 5])
    differences = 0.5 * seeds - 1
    assert eight[0] == '8'
    assert eight[1] == f'{(52 + seeds).mean():.2f} ± {np.std(seeds, ddof=1):.2f}'
    assert eight[3] == f'+{differences.mean():.2f} ± {differences.std(ddof=1):.2f}'
    assert eight[4] == '-0.50, +0.00, +1.50'
    picture = cv2.imread(str(files[2]))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 10


def test_metrics_are_chosen_by_pattern(make_grid):
    grid = make_grid(shots=(0,))
    with pytest.raises(ValueError, match='no tested cell'):
        write_report(grid)
    grid.run(FakeRunner())
    with pytest.raises(ValueError, match=r"got \['PCK'\], expected patterns of \['mesh/error'"):
        write_report(grid, ['PCK'])
    assert 'text' not in write_report(grid)[0].read_text()


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(arms=()), r'arms got \[\]'),
        (dict(shots=(8, 8)), r'shots got \[8, 8\]'),
        (dict(shots=(-1,)), r'shots got \[-1\]'),
        (dict(seeds=()), r'seeds got \[\]'),
        (dict(checkpoint='first'), "checkpoint got 'first'"),
    ],
)
def test_wrong_settings_are_named(make_grid, changes, message):
    with pytest.raises(ValueError, match=message):
        make_grid(**changes)


def test_cells_of_other_settings_are_not_taken_for_ours(make_grid, config):
    make_grid().run(FakeRunner())
    for changes, message in (
        (dict(length=2.0), r'length 1\.0, got 2\.0'),
        (dict(source=config), 'source'),
        (dict(arms=(Arm('vibe', str(config), ('model.dropout=0.3',)),)), "arm 'vibe'"),
    ):
        with pytest.raises(ValueError, match=message):
            make_grid(**changes).run(FakeRunner())
    # Another arm is welcome.
    new = FakeRunner()
    make_grid(arms=(Arm('vibe', str(config)), Arm('new', str(config)))).run(new)
    assert len(new.done) == 5 and all('new' in name for name in new.done)


def test_configs_without_shots_or_best_checkpoint_are_named(make_grid, config):
    class NoBest(FakeRunner):
        def __call__(self, jobs):
            for job in jobs:
                shlex.join(job.words)

    with pytest.raises(FileNotFoundError, match='expected one: set default_hooks'):
        make_grid().run(NoBest())
    config.write_text("train_cfg = dict(max_iters=3)\nmodel = dict(type='X')\n")
    with pytest.raises(ValueError, match=r'adapt\.py has no FewShotSubset'):
        make_grid().run(FakeRunner())


REAL = """
_base_ = __import__('mmpose_ext').cfg('_base_/default_runtime.py')
custom_imports = dict(imports=['mmpose_ext', 'toy_clips'], allow_failed_imports=False)
dataset_type = 'ToyClips'
log_processor = dict(by_epoch=False)
default_hooks = dict(
    checkpoint=dict(by_epoch=False, interval=3, save_best='error', rule='less'),
    logger=dict(interval=1), curves=dict(interval=3))
loader = dict(batch_size=2, num_workers=0, collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True), dataset=dict(type='ToyClips'))
plain = loader | dict(sampler=dict(type='DefaultSampler', shuffle=False))
train_dataloader = loader
train_cfg = dict(type='mmpose_ext.MultiSourceIterTrainLoop', max_iters=6, val_interval=3,
    extra_dataloaders=dict(target=loader | dict(
        dataset=dict(type='mmpose_ext.FewShotSubset', k=1, dataset=dict(type='ToyClips')))))
val_dataloader = plain | dict(dataset=dict(
    type='mmpose_ext.FewShotSubset', k=1, complement=True, dataset=dict(type='ToyClips')))
test_dataloader = plain
val_cfg = test_cfg = dict()
val_evaluator = test_evaluator = dict(type='ToyError')
model = dict(type='ToyClipModel')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.001))
"""
CLIPS = """
import torch
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement
from mmpose.registry import DATASETS, METRICS, MODELS


@DATASETS.register_module()
class ToyClips(BaseDataset):
    METAINFO = {'dataset_name': 'toy'}

    def load_data_list(self):
        return [dict(x=float(i)) for i in range(8)]

    def clip_ranges(self):
        return [(f'video{i % 2}', 4 * i, 4 * i + 4) for i in range(len(self))]

    def prepare_data(self, idx):
        return dict(x=torch.tensor([self.get_data_info(idx)['x']]))


@MODELS.register_module()
class ToyClipModel(BaseModel):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, x=None, mode='tensor', **streams):
        if mode == 'loss':
            errors = [(self.layer(s['x']) - 1).square().mean() for s in streams.values()]
            return dict(loss=sum(errors))
        return [BaseDataElement(error=e) for e in (self.layer(x) - 1).square().mean(1)]


@METRICS.register_module()
class ToyError(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results += [float(s['error']) for s in data_samples]

    def compute_metrics(self, results):
        return dict(error=sum(results) / len(results))
"""


@pytest.mark.slow
def test_a_real_cell_through_the_command_line(run_command, repository, tmp_path):
    (tmp_path / 'adapt.py').write_text(REAL)
    (tmp_path / 'toy_clips.py').write_text(CLIPS)
    make_source = (
        'import sys, torch; torch.manual_seed(1); import mmpose_ext, toy_clips; '
        "torch.save(toy_clips.ToyClipModel().state_dict(), 'source.pth')"
    )
    paths = {'PYTHONPATH': f'{repository}:{tmp_path}'}
    run_command('python', '-c', make_source, cwd=tmp_path, environment=paths)
    command = (
        *('python', TOOLS / 'analysis_tools' / 'few_shot_grid.py', '--source', 'source.pth'),
        *('--arm', 'plain', 'adapt.py', '--shots', '0', '3', '--seeds', '7', '--out', 'grid'),
    )
    result = run_command(*command, cwd=tmp_path, environment=paths, timeout=900)
    assert '### error' in result.stdout and 'curve.png' in result.stdout
    manifest = json.loads((tmp_path / 'grid' / 'shots' / 'k3_seed7.json').read_text())
    assert len(manifest['clips']) == 3
    with (tmp_path / 'grid' / 'grid.csv').open() as file:
        rows = {row['k']: float(row['error']) for row in csv.DictReader(file)}
    assert 0 <= rows['3'] != rows['0']
    again = run_command(*command, cwd=tmp_path, environment=paths)
    assert again.stdout.count('done before') == 3

    too_many = (*command[:-7], '--shots', '9', '--seeds', '7', '--out', 'grid')
    failed = run_command(*too_many, cwd=tmp_path, environment=paths, check=False)
    assert failed.returncode == 1
    assert 'k got 9 clips, expected at most the 8 of ToyClips' in failed.stderr
