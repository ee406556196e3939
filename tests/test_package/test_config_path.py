from pathlib import Path

import pytest
from mmengine.config import Config

import mmpose_ext


def test_finds_a_config(repository):
    path = Path(mmpose_ext.cfg('_base_/default_runtime.py'))
    assert path == repository / 'configs' / '_base_' / 'default_runtime.py'


def test_a_misspelt_name_lists_the_close_ones():
    with pytest.raises(FileNotFoundError, match='did you mean .*_base_/default_runtime.py'):
        mmpose_ext.cfg('_base_/default_runtimes.py')


@pytest.mark.parametrize(
    'base',
    [
        "__import__('mmpose_ext').cfg('_base_/default_runtime.py')",
        "'mmpose_ext::_base_/default_runtime.py'",
    ],
)
def test_configs_anywhere_inherit(tmp_path, base):
    child = tmp_path / 'child.py'
    child.write_text(f'_base_ = {base}\nlog_level = "ERROR"\n')
    config = Config.fromfile(child)
    assert config.log_level == 'ERROR'
    assert config.default_hooks.curves.type == 'mmpose_ext.CurvesHook'
