import sys
from pathlib import Path

import pytest

from mmpose_ext.apis.jobs import Job
from mmpose_ext.apis.unified_study import UnifiedStudy

RUNS = UnifiedStudy.runs
TOOLS = Path(__file__).resolve().parents[2] / 'tools'


@pytest.fixture
def jobs(tmp_path) -> list[Job]:
    return list(UnifiedStudy(tmp_path / 'my study', TOOLS, seed=3, length=0.5).jobs())


def test_every_training_is_followed_by_the_test_of_its_checkpoint(jobs, tmp_path):
    assert len(jobs) == 2 * len(RUNS)
    for run, training, test in zip(RUNS, jobs[::2], jobs[1::2]):
        work_dir = str(tmp_path / 'my study' / run.name)
        assert training.command[1].endswith('dist_train.sh')
        assert training.command[training.command.index('--work-dir') + 1] == work_dir
        assert test.command[1].endswith('dist_test.sh')
        assert test.command[3].startswith(f'{work_dir}/epoch_')
        assert Path(training.command[2]).exists() and Path(training.command[1]).exists()


def test_students_are_taught_by_the_teachers_of_their_study(jobs):
    tested = [job.command[3] for job in jobs[1::2]]
    distillation = jobs[2 * [run.distilled for run in RUNS].index(True)]
    for teacher, checkpoint in zip(('coco', 'mpii'), tested):
        assert f'model.teachers.{teacher}.checkpoint={checkpoint}' in distillation.command
    assert sum('model.teachers' in ' '.join(job.command) for job in jobs) == 1


def test_students_learn_from_equally_many_samples(jobs):
    students = {
        word
        for run, job in zip(RUNS, jobs[::2])
        for word in job.command
        if run.name.startswith('student') and 'epoch_length' in word
    }
    assert len(students) == 1


def test_jobs_run_in_this_environment_also_where_it_is_not_activated(jobs):
    assert all(dict(job.env)['PYTHON'] == sys.executable for job in jobs)


def test_fraction_follows_the_log(jobs):
    training = jobs[0]
    assert training.fraction() == 0
    training.log.parent.mkdir(parents=True)
    training.log.write_text('mmengine - INFO - Epoch(train)   [1][ 24/240]  lr: 1e-3\n')
    at_first = training.fraction()
    with training.log.open('a') as log:
        log.write('Epoch(val) [1][10/10]\nmmengine - INFO - Epoch(train)  [2][ 48/240]  lr: 1e-3\n')
    assert 0 < at_first < 1
    assert training.fraction() == pytest.approx(12 * at_first)
