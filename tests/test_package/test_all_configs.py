from pathlib import Path

import pytest
from mmengine.config import Config

import mmpose_ext
from mmpose_ext.engine.config_checks import check_dataset_type

CONFIGS = Path(mmpose_ext.__file__).parent.parent / 'configs'


@pytest.mark.parametrize(
    'file',
    [file for file in sorted(CONFIGS.rglob('*.py')) if '_base_' not in file.parts],
    ids=lambda file: str(file.relative_to(CONFIGS)),
)
def test_config_loads_and_can_be_written(file):
    config = Config.fromfile(file)
    check_dataset_type(config)
    assert config.default_scope == 'mmpose'
    again = Config.fromstring(config.pretty_text, file_format='.py')
    assert again.model == config.model


def test_names_are_unique():
    """`mim train` finds a config by its name alone."""
    names = [file.name for file in CONFIGS.rglob('*.py') if '_base_' not in file.parts]
    assert len(names) == len(set(names))
