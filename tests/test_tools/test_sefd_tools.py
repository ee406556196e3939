"""The command lines with the configs of SEFD: a teacher, then its student in two processes."""

import csv
import json

import cv2
import pytest
import torch

# What users write to try another model: here one of a few thousand parameters.
_CONFIG = """
_base_ = __import__('mmpose_ext').cfg('sefd/{name}_synthetic.py')
model = dict(
    backbone=dict(_delete_=True, type='mmpose_ext.PoseGuidedResNet', depth=18, in_channels=4,
                  stem_channels=8, base_channels=8),
    neck=None,
    position_head=dict(_delete_=True, type='mmpose_ext.SoftArgmax3DHead', in_channels=64),
    mesh_head=dict(_delete_=True, type='mmpose_ext.GraphMeshHead', in_channels=64,
                   hidden_channels=16, num_blocks=1))
max_epochs = 1
train_cfg = dict(max_epochs=1, val_interval=1)
train_dataloader = dict(batch_size=20, num_workers=0, persistent_workers=False)
val_dataloader = dict(num_workers=0)
test_dataloader = dict(num_workers=0)
"""
_TEACHER = """
model['teacher'] = dict(config='my_teacher.py', checkpoint='work/teacher/epoch_1.pth')
"""
# Of the tiny set: Human3.6M's 40 training images and as many samples of COCO; 3DPW's test images.
_SAMPLES, _TEST_IMAGES = 80, 8


@pytest.fixture(scope='module')
def project(run_command, repository, tmp_path_factory):
    """A user's folder: generated people, and two configs of the user's own."""
    folder = tmp_path_factory.mktemp('my project')
    run_command(
        *('python', repository / 'tools' / 'make_synthetic.py', 'mesh', '--size', 'tiny'),
        *('--out', 'data/synthetic_mesh', '--workers', '0'),
        cwd=folder,
    )
    (folder / 'my_teacher.py').write_text(_CONFIG.format(name='teacher'))
    (folder / 'my_student.py').write_text(_CONFIG.format(name='student') + _TEACHER)
    return folder


def load(checkpoint):
    return torch.load(checkpoint, weights_only=True)


@pytest.mark.slow
def test_a_student_learns_from_a_teacher_resumes_and_is_tested(run_tool, project):
    run_tool(
        *('train.py', 'my_teacher.py', '--work-dir', 'work/teacher', '--no-validate'),
        *('--cfg-options', 'optim_wrapper.optimizer.lr=2e-4'),
        cwd=project,
    )
    teacher = load(project / 'work/teacher/epoch_1.pth')
    assert teacher['meta']['iter'] == _SAMPLES // 20
    assert teacher['optimizer']['param_groups'][0]['initial_lr'] == 2e-4

    run = ('my_student.py', '2', '--work-dir', 'work/student')
    result = run_tool('dist_train.sh', *run, cwd=project)
    assert 'starts with the weights of its teacher' in result.stdout + result.stderr
    result = run_tool(
        *('dist_train.sh', *run, '--resume', '--cfg-options', 'train_cfg.max_epochs=2'), cwd=project
    )
    assert 'resumed epoch: 1' in result.stdout + result.stderr
    first, second = (load(project / f'work/student/epoch_{n}.pth') for n in (1, 2))
    assert (first['meta']['iter'], second['meta']['iter']) == (_SAMPLES // 40, _SAMPLES // 20)
    # A student's checkpoint has the weights of a model without a teacher.
    weights = [checkpoint['state_dict'] for checkpoint in (teacher, first, second)]
    assert weights[0].keys() == weights[1].keys() == weights[2].keys()
    moved = [state['mesh_head.root.weight'] for state in weights]
    assert not torch.equal(moved[0], moved[1]) and not torch.equal(moved[1], moved[2])
    curves = read_curves(project / 'work/student/curves.csv')
    assert all(curves['train', epoch, 'loss_log_softmax_l1'] > 0 for epoch in ('1', '2'))

    # It is tested without its teacher's files, by one process as by the two that validated it.
    (project / 'work/teacher').rename(project / 'work/moved')
    run_tool(
        *('test.py', 'my_student.py', 'work/student/epoch_2.pth', '--work-dir', 'work/test'),
        *('--out', 'metrics.json', '--show-dir', 'drawn', '--interval', '2'),
        cwd=project,
    )
    metrics = json.loads((project / 'metrics.json').read_text())
    assert {'all/MPJPE', 'all/PA-MPJPE', 'all/MPVPE', 'occluded/MPJPE'} <= metrics.keys()
    for name, value in metrics.items():
        assert value == pytest.approx(curves['val', '2', name], rel=1e-4)
    drawn = sorted((project / 'work/test').glob('*/drawn/*.jpg'))
    assert len(drawn) == _TEST_IMAGES // 2
    assert all(cv2.imread(str(path)).std() > 0 for path in drawn)


def read_curves(file):
    """Values by phase, epoch and name; the last of an epoch."""
    with file.open(newline='') as stream:
        return {
            (row['phase'], row['epoch'], row['name']): float(row['value'])
            for row in csv.DictReader(stream)
        }
