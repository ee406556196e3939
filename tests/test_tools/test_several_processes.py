import json

import pytest
import torch


@pytest.mark.slow
def test_two_processes_without_gpu(toy_config, run_tool, tmp_path):
    work_dir = tmp_path / 'my work'
    result = run_tool(
        'dist_train.sh',
        toy_config,
        '2',
        '--work-dir',
        work_dir,
        '--cfg-options',
        'train_cfg.max_epochs=1',
        'some_list=[a,b]',
        cwd=tmp_path,
    )
    assert '1 SyncBatchNorm layers become BatchNorm' in result.stdout + result.stderr
    assert result.stdout.count('threads of gloo at exit: 0') == 2
    checkpoint = torch.load(work_dir / 'epoch_1.pth', weights_only=True)
    assert checkpoint['meta']['iter'] == 48 // 4 // 2
    assert all(not name.startswith('module.') for name in checkpoint['state_dict'])

    result = run_tool(
        'dist_test.sh',
        toy_config,
        work_dir / 'epoch_1.pth',
        '2',
        '--out',
        tmp_path / 'metrics.json',
        cwd=tmp_path,
    )
    assert result.stdout.count('threads of gloo at exit: 0') == 2
    assert 'AP' in json.loads((tmp_path / 'metrics.json').read_text())


@pytest.mark.parametrize(
    'tool', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh']
)
def test_too_few_arguments_show_the_usage(run_tool, tmp_path, tool):
    result = run_tool(tool, 'config.py', cwd=tmp_path, check=False)
    assert result.returncode == 2
    assert f'{tool} ' in result.stderr


@pytest.mark.parametrize(
    ('tool', 'arguments', 'expected'),
    [
        (
            'slurm_train.sh',
            ['gpu', 'my job', 'my config.py', 'my work', '--cfg-options', 'a=[1,2]'],
            ['train.py', 'my config.py', '--work-dir', 'my work', '--cfg-options', 'a=[1,2]'],
        ),
        (
            'slurm_test.sh',
            ['gpu', 'my job', 'my config.py', 'best one.pth', '--out', 'a b.json'],
            ['test.py', 'my config.py', 'best one.pth', '--out', 'a b.json'],
        ),
    ],
)
def test_slurm_gets_every_argument_whole(run_tool, tmp_path, tool, arguments, expected):
    fake = tmp_path / 'bin' / 'srun'
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    fake.chmod(0o755)
    result = run_tool(
        tool,
        *arguments,
        cwd=tmp_path,
        environment={
            'PATH': f'{fake.parent}:/usr/bin:/bin',
            'GPUS': '4',
            'SRUN_ARGS': '--qos=high --mem=8G',
        },
    )
    words = result.stdout.splitlines()
    assert words[:3] == ['--partition=gpu', '--job-name=my job', '--gres=gpu:4']
    assert '--ntasks=4' in words
    assert '--qos=high' in words
    assert '--mem=8G' in words
    start = next(i for i, word in enumerate(words) if word.endswith(expected[0]))
    assert words[start + 1 :] == [*expected[1:], '--launcher', 'slurm']


def test_several_machines_pass_their_address(run_tool, tmp_path):
    fake = tmp_path / 'python'
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    fake.chmod(0o755)
    variables = dict(
        NNODES='2', NODE_RANK='1', MASTER_ADDR='10.0.0.1', PORT='1234', PYTHON=str(fake)
    )
    words = run_tool('dist_train.sh', 'c.py', '8', cwd=tmp_path, environment=variables).stdout
    assert words.splitlines()[2:7] == [
        '--nnodes=2',
        '--node_rank=1',
        '--master_addr=10.0.0.1',
        '--master_port=1234',
        '--nproc_per_node=8',
    ]
