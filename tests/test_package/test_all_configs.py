import functools
import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from mmengine.config import Config, ConfigDict
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

import mmpose_ext
from mmpose_ext.engine.config_checks import check_dataset_type

CONFIGS = Path(mmpose_ext.__file__).parent.parent / 'configs'
every_config = pytest.mark.parametrize(
    'file',
    [file for file in sorted(CONFIGS.rglob('*.py')) if '_base_' not in file.parts],
    ids=lambda file: str(file.relative_to(CONFIGS)),
)


@functools.cache
def load(file):
    return Config.fromfile(file)


@functools.cache
def build(model):
    MODELS.build(ConfigDict(json.loads(model)))


def is_installed(step):
    return step.type != 'Albumentation' or find_spec('albumentations')


@every_config
def test_config_loads_and_can_be_written(file):
    config = load(file)
    check_dataset_type(config)
    assert config.default_scope == 'mmpose'
    again = Config.fromstring(config.pretty_text, file_format='.py')
    assert again.model == config.model


@every_config
def test_model_and_pipelines_build_without_weights_and_data(file):
    config = load(file)
    init_default_scope('mmpose')
    build(json.dumps(config.model, sort_keys=True))
    for split in ('train', 'val', 'test'):
        loader = config.get(f'{split}_dataloader')
        if loader is not None:
            Compose([step for step in loader.dataset.get('pipeline', []) if is_installed(step)])


def test_names_are_unique():
    """`mim train` finds a config by its name alone."""
    names = [file.name for file in CONFIGS.rglob('*.py') if '_base_' not in file.parts]
    assert len(names) == len(set(names))
