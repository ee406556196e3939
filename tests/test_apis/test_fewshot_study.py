import re
from pathlib import Path

import pytest
from mmengine.config import Config, DictAction

from mmpose_ext.apis.fewshot_report import METRICS, paired_lines, source_lines
from mmpose_ext.apis.fewshot_study import CLIPS, SOURCES, FewShotStudy
from mmpose_ext.apis.jobs import Job
from mmpose_ext.config_path import cfg

TOOLS = Path(__file__).resolve().parents[2] / 'tools'


@pytest.fixture(scope='module')
def study(tmp_path_factory) -> FewShotStudy:
    folder = tmp_path_factory.mktemp('study')
    return FewShotStudy(folder, TOOLS, length=0.5, seeds=(3, 4), shots=(0, 8))


@pytest.fixture(scope='module')
def jobs(study) -> dict[str, Job]:
    jobs = list(study.jobs())
    assert len({job.name for job in jobs}) == len(jobs) == len({job.log for job in jobs})
    return {job.name: job for job in jobs}


def options_of(job: Job) -> dict:
    words = job.command[job.command.index('--cfg-options') + 1 :]
    pairs = (word.split('=', 1) for word in words)
    return {key: DictAction._parse_iterable(value) for key, value in pairs}


def merged(job: Job) -> Config:
    """The config of a training or test; all its options must have been there."""
    config = Config.fromfile(job.command[2])
    for key, value in options_of(job).items():
        assert key_exists(config, key) or key.startswith('model.init_cfg'), key
        config.merge_from_dict({key: value})
    return config


def key_exists(config: Config, key: str) -> bool:
    node = config
    for name in key.split('.'):
        if isinstance(node, list):
            node = node[int(name)]
        elif name in node:
            node = node[name]
        else:
            return False
    return True


def feature_files(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [value for name, value in node.items() if name == 'feature_file']
        return own + [file for child in node.values() for file in feature_files(child)]
    if isinstance(node, list):
        return [file for child in node for file in feature_files(child)]
    return []


def test_features_are_extracted_by_the_shipped_network_before_they_are_read(jobs):
    extracted = {}
    for place, (name, job) in enumerate(jobs.items()):
        if name.startswith('extract'):
            assert job.command[3] == cfg('fewshot/image_hmr_synthetic.pth')
            assert job.command[job.command.index('--data-root') + 1].endswith(
                CLIPS[name.split()[-1]].images
            )
            extracted[job.command[job.command.index('--out') + 1]] = place
    assert extracted
    for place, job in enumerate(jobs.values()):
        words = job.command if isinstance(job.command, tuple) else ()
        if 'dist_train.sh' in ''.join(words[:2]):
            config = merged(job)
            read = [f for s in ('train_dataloader', 'train_cfg') for f in feature_files(config[s])]
            assert read and all(extracted[file] < place for file in read)


def test_schedules_are_stretched_as_a_whole(study, jobs):
    trainings = [
        jobs[f'train {source.title}, seed {seed}']
        for source in SOURCES.values()
        for seed in study.seeds
    ]
    for job in trainings:
        before, after = Config.fromfile(job.command[2]), merged(job)
        steps = before.train_cfg.max_iters // 2
        assert after.train_cfg.max_iters == steps
        for _, cosine in after.param_scheduler.values():
            assert cosine.end == cosine.T_max == steps
    for name in SOURCES:
        for seed in study.seeds:
            assert study.checkpoint(name, seed).name == 'iter_150.pth'
    for arm in study.grid.arms:
        config = arm.load()
        steps = Config.fromfile(cfg(arm.config)).train_cfg.max_iters // 2
        assert {cosine.T_max for _, cosine in config.param_scheduler.values()} == {steps}


def test_the_first_vibe_is_adapted_with_both_arms_and_all_seeds(study, jobs):
    cells = [job for name, job in jobs.items() if 'with 8 shots' in name and 'train' in name]
    assert len(cells) == 2 * 2
    vibe = [n for n in jobs if n == 'train VIBE, seed 3']
    assert vibe and study.grid.source == study.checkpoint('vibe', 3)
    for job in cells:
        options = options_of(job)
        assert options['model.init_cfg.checkpoint'] == str(study.checkpoint('vibe', 3))
        assert list(jobs).index(job.name) > list(jobs).index(vibe[0])


def test_sources_differ_in_the_metric_loss_alone():
    vibe, metric = (Config.fromfile(cfg(source.config)) for source in SOURCES.values())
    assert metric.model.pop('metric_losses')
    for key in ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper', 'test_dataloader'):
        assert vibe[key] == metric[key]


def results(offset: float) -> dict[str, float]:
    names = {name for names in METRICS.values() for name in names}
    return {f'all/{name}': 50 + len(name) + offset for name in names}


def test_rows_show_mean_and_deviation_over_seeds_and_differences_are_paired():
    runs = {
        (model, place): [results(5 * (model == 'metric')), results(2)]
        for model in SOURCES
        for place in METRICS
    }
    lines = source_lines(runs)
    assert len(lines) == 2 + len(SOURCES)
    cells = [cell.strip() for cell in lines[2].strip('|').split('|')]
    assert cells[:2] == ['VIBE', '56.00 ± 1.41']
    assert len(cells) == 1 + sum(map(len, METRICS.values()))
    line = next(line for line in paired_lines(runs, 'vibe', 'metric') if 'PVE' in line)
    assert re.findall(r'[+-]\d+\.\d+', line) == ['+5.00', '+0.00', '+2.50']
