import json
import math

import pytest
import torch

# One epoch of two iterations, validated, on the images that the config draws on at full length.
SHORT = (
    'train_dataloader.batch_size=8',
    'train_dataloader.num_workers=0',
    'train_dataloader.sampler.batch_size=8',
    'train_dataloader.sampler.epoch_length=16',
    'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'test_dataloader.num_workers=0',
    'test_dataloader.persistent_workers=False',
    'train_cfg.val_interval=1',
    'default_hooks.checkpoint.interval=1',
)


def train(run_command, repository, project, name, epochs, *flags, options=()):
    return run_command(
        *('python', repository / 'tools' / 'train.py'),
        repository / 'configs' / 'unified' / f'{name}.py',
        *('--work-dir', f'work_dirs/{name}', *flags),
        *('--cfg-options', *SHORT, f'train_cfg.max_epochs={epochs}', *options),
        cwd=project,
    )


@pytest.fixture(scope='module')
def teachers(run_command, repository, project):
    """Two barely trained teachers."""
    checkpoints = {}
    for source in ('coco', 'mpii'):
        name = f'teacher_heatmap_{source}_synthetic'
        train(run_command, repository, project, name, 1)
        checkpoints[source] = f'work_dirs/{name}/epoch_1.pth'
    return checkpoints


def test_distilled_student_trains_resumes_and_is_tested(run_command, repository, project, teachers):
    name = 'unified_rtmpose_t_synthetic'
    options = [f'model.teachers.{key}.checkpoint={value}' for key, value in teachers.items()]
    train(run_command, repository, project, name, 1, options=options)
    result = train(run_command, repository, project, name, 2, '--resume', options=options)
    assert 'resumed epoch: 1' in result.stdout + result.stderr

    work_dir = project / 'work_dirs' / name
    state = torch.load(work_dir / 'epoch_2.pth', weights_only=True)
    assert {key.split('.')[0] for key in state['state_dict']} == {'backbone', 'head'}
    assert list(work_dir.glob('best_avg_coco_mpii_epoch_*.pth'))
    assert (work_dir / 'curves.png').exists() and (work_dir / 'curves.csv').exists()

    # A student is tested without its teachers' files.
    for source in ('coco', 'mpii'):
        (project / teachers[source]).rename(project / f'{source}.moved')
    try:
        results = []
        for out in ('first.json', 'second.json'):
            run_command(
                *('python', repository / 'tools' / 'test.py'),
                repository / 'configs' / 'unified' / f'{name}.py',
                *(work_dir / 'epoch_2.pth', '--work-dir', work_dir, '--out', work_dir / out),
                *('--cfg-options', *(option for option in SHORT if 'train' not in option)),
                cwd=project,
            )
            results.append(json.loads((work_dir / out).read_text()))
    finally:
        for source in ('coco', 'mpii'):
            (project / f'{source}.moved').rename(project / teachers[source])
    assert results[0] == results[1]
    metrics = results[0]
    expected = {'coco/AP', 'mpii/PCK', 'mpii/PCK@0.1', 'halpe/AP', 'halpe_new/AP'}
    assert expected | {'coco_shared12/AP', 'mpii_shared12/PCK'} <= metrics.keys()
    average = (100 * metrics['coco/AP'] + metrics['mpii/PCK']) / 2
    assert math.isclose(metrics['avg/coco_mpii'], average)


@pytest.mark.slow
@pytest.mark.parametrize('name', ['rtmpose_t_joint_synthetic', 'teacher_heatmap_mpii_synthetic'])
def test_two_processes_train_beside_frozen_stages(run_command, repository, project, name):
    work_dir = project / 'work_dirs' / f'{name}_2'
    run_command(
        *('bash', repository / 'tools' / 'dist_train.sh'),
        repository / 'configs' / 'unified' / f'{name}.py',
        *('2', '--work-dir', work_dir, '--cfg-options', *SHORT),
        *('train_dataloader.sampler.epoch_length=32', 'train_cfg.max_epochs=1'),
        cwd=project,
    )
    trained = torch.load(work_dir / 'epoch_1.pth', weights_only=True)['state_dict']
    initial = torch.load(
        repository / 'configs' / 'unified' / 'cspnext_t_synthetic.pth', weights_only=True
    )['state_dict']
    moved = {
        key.split('.')[1]
        for key, value in initial.items()
        if key.startswith('backbone.') and not torch.equal(trained[key].float(), value.float())
    }
    frozen = {'stem', 'stage1', 'stage2'} if 'joint' in name else {'stem', 'stage1'}
    assert moved == {'stem', 'stage1', 'stage2', 'stage3', 'stage4'} - frozen


def test_missing_data_says_which_and_how_to_make_them(run_command, repository, tmp_path):
    result = run_command(
        *('python', repository / 'tools' / 'train.py'),
        repository / 'configs' / 'unified' / 'rtmpose_t_joint_synthetic.py',
        cwd=tmp_path,
        check=False,
    )
    assert result.returncode != 0
    assert 'data/synthetic/coco/annotations/person_keypoints_train2017.json' in result.stderr
    assert 'make_synthetic.py' in result.stderr and 'Traceback' not in result.stderr


def test_missing_teacher_stops_before_training(run_command, repository, project):
    options = ['model.teachers.coco.checkpoint=nowhere/teacher.pth']
    command = (repository / 'tools' / 'train.py', repository / 'configs' / 'unified')
    result = run_command(
        *('python', command[0], command[1] / 'unified_rtmpose_t_synthetic.py'),
        *('--work-dir', 'work_dirs/no_teacher', '--cfg-options', *SHORT, *options),
        cwd=project,
        check=False,
    )
    assert result.returncode != 0 and 'nowhere/teacher.pth' in result.stderr
    assert not list((project / 'work_dirs').glob('no_teacher/*.pth'))
