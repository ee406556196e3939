import re
from pathlib import Path

import pytest
from mmengine.config import Config

from mmpose_ext.apis.jobs import Job
from mmpose_ext.apis.sefd_report import ROWS, paired_lines, table_lines
from mmpose_ext.apis.sefd_study import MISPLACED, SefdStudy
from mmpose_ext.config_path import cfg

TOOLS = Path(__file__).resolve().parents[2] / 'tools'


def options_of(job: Job) -> dict:
    options = job.command[job.command.index('--cfg-options') + 1 :]
    return dict(option.split('=', 1) for option in options)


@pytest.fixture
def study(tmp_path) -> SefdStudy:
    return SefdStudy(tmp_path, TOOLS, seed=1, length=3)


@pytest.fixture
def jobs(study) -> dict[str, Job]:
    return {job.name: job for job in study.jobs()}


def test_the_student_learns_from_the_teacher_of_its_study(study, jobs):
    training = jobs['train the distilled student']
    checkpoint = options_of(training)['model.teacher.checkpoint']
    assert checkpoint == jobs['test the teacher with SMPL edges on 3DPW'].command[3]
    assert list(jobs).index('train the teacher with SMPL edges') < list(jobs).index(training.name)


def test_the_misplaced_teacher_is_the_teacher_with_the_edges_of_the_canny_network(study, jobs):
    job = jobs['test the teacher with Canny edges on 3DPW']
    assert job.command[2] == cfg('sefd/canny_synthetic.py')
    assert job.command[3] == str(study.checkpoint(study.run('teacher')))
    assert job.command[-1] == str(study.folder / MISPLACED / 'metrics.json')


def test_options_stretch_the_whole_schedule(study, jobs):
    for run in study.runs:
        config = Config.fromfile(cfg(run.config))
        config.merge_from_dict(
            {
                key: int(value)
                for key, value in options_of(jobs[f'train the {run.title}']).items()
                if not key.startswith('model.')
            }
        )
        assert config.train_cfg.max_epochs == 3
        assert config.train_cfg.val_interval == 3
        assert config.param_scheduler[1].T_max == config.param_scheduler[1].end == 3
        assert study.checkpoint(run).name == 'epoch_3.pth'


def test_all_runs_but_for_their_edges_and_teacher_are_alike(study):
    configs = [Config.fromfile(cfg(run.config)) for run in study.runs]
    for config in configs:
        assert config.optim_wrapper == configs[0].optim_wrapper
        assert config.train_dataloader.dataset.groups == configs[0].train_dataloader.dataset.groups
        edges = ('RenderSMPLEdge', 'DetectEdges')
        for loader in ('train_dataloader', 'test_dataloader'):
            steps, first = (
                [s for s in c[loader].dataset.pipeline if not s.type.endswith(edges)]
                for c in (config, configs[0])
            )
            assert steps == first


def results(offset: float) -> dict[str, float]:
    metrics = {'MPJPE': 80.0, 'PA-MPJPE': 50.0, 'MPVPE': 95.0}
    values = {f'all/{name}': value + offset for name, value in metrics.items()}
    return values | {f'occluded/{name}': value + 10 + offset for name, value in metrics.items()}


def test_rows_show_mean_and_deviation_over_seeds():
    runs = {row: [results(0), results(2)] for row in ROWS}
    lines = table_lines(runs)
    assert len(lines) == 2 + len(ROWS)
    cells = [cell.strip() for cell in lines[2].strip('|').split('|')]
    assert cells[0] == ROWS['baseline']
    assert cells[1:4] == ['81.00 ± 1.41', '51.00 ± 1.41', '96.00 ± 1.41']
    assert cells[4] == '91.00 ± 1.41'


def test_differences_are_paired_by_seed():
    runs = {'canny': [results(5), results(0)], 'student': [results(1), results(2)]}
    line = next(line for line in paired_lines(runs, 'canny', 'student') if 'occluded' in line)
    assert re.findall(r'[+-]\d+\.\d+', line) == ['-4.00', '+2.00', '-1.00']
