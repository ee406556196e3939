import argparse

import pytest
import torch.distributed as dist
from mmengine.config import Config

from mmpose_ext.engine.command_line import (
    add_common_arguments,
    leave_process_group,
    merge_common_arguments,
)
from mmpose_ext.engine.config_checks import ConfigError


def merged(config: dict, *flags: str) -> Config:
    parser = argparse.ArgumentParser()
    parser.add_argument('config')
    add_common_arguments(parser)
    result = Config(config)
    merge_common_arguments(result, parser.parse_args(['configs/my_model.py', *flags]))
    return result


@pytest.mark.parametrize(
    ('config', 'flags', 'expected'),
    [
        ({'work_dir': 'from config'}, ['--work-dir', 'from flag'], 'from flag'),
        ({'work_dir': 'from config'}, [], 'from config'),
        ({}, [], 'work_dirs/my_model'),
    ],
)
def test_work_directory(config, flags, expected):
    assert merged(config, *flags).work_dir == expected


def test_drawing_turns_the_hook_on():
    config = {
        'default_hooks': {'visualization': {'type': 'PoseVisualizationHook', 'enable': False}}
    }
    hook = merged(config, '--show-dir', 'drawings', '--interval', '7').default_hooks.visualization
    assert hook.enable
    assert (hook.out_dir, hook.interval, hook.show) == ('drawings', 7, False)
    hook = merged(config, '--show', '--wait-time', '2.5').default_hooks.visualization
    assert hook.show
    assert hook.wait_time == 2.5


def test_drawing_without_the_hook_is_an_error():
    with pytest.raises(ConfigError, match='default_hooks.visualization'):
        merged({}, '--show')


@pytest.mark.parametrize('spelling', ['--local_rank', '--local-rank'])
def test_both_spellings_of_the_rank(monkeypatch, spelling):
    monkeypatch.delenv('LOCAL_RANK', raising=False)
    merged({}, f'{spelling}=3')
    import os

    assert os.environ.pop('LOCAL_RANK') == '3'


def test_the_process_group_is_left_where_there_is_one():
    dist.init_process_group('gloo', store=dist.HashStore(), rank=0, world_size=1)
    for _ in range(2):
        leave_process_group()
        assert not dist.is_initialized()
