import importlib.util
import sys
from collections import namedtuple

import pytest


@pytest.fixture(scope='module')
def setup(repository):
    spec = importlib.util.spec_from_file_location(
        'setup_environment', repository / 'tools' / 'setup_environment.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_wrong_python_is_named(setup, monkeypatch, tmp_path):
    version = namedtuple('Version', 'major minor')(3, 9)
    monkeypatch.setattr(sys, 'version_info', version)
    with pytest.raises(setup.SetupError, match=r'expected 3\.10 to 3\.12.*make setup PYTHON='):
        setup.check_machine(tmp_path, True)


def test_missing_compiler_is_named_with_its_cure(setup, monkeypatch, tmp_path):
    monkeypatch.setattr(setup.shutil, 'which', lambda tool: None)
    with pytest.raises(setup.SetupError, match='gcc and g\\+\\+ not found.*build-essential'):
        setup.check_machine(tmp_path, True)


def test_full_disk_is_named(setup, monkeypatch, tmp_path):
    usage = namedtuple('Usage', 'free')(10**9)
    monkeypatch.setattr(setup.shutil, 'disk_usage', lambda folder: usage)
    with pytest.raises(setup.SetupError, match='1 GB free'):
        setup.check_machine(tmp_path, True)


@pytest.mark.parametrize(
    ('output', 'advice'),
    [
        ('Temporary failure in name resolution', 'check the network'),
        ('OSError: [Errno 28] No space left on device', 'disk is full'),
        ('c++: fatal error: Killed signal terminated program', 'MAX_JOBS=1'),
        ('fatal error: Python.h: No such file or directory', 'python3-dev'),
        ('something else', 'continues with this step'),
    ],
)
def test_failures_say_what_to_do(setup, tmp_path, output, advice):
    log = tmp_path / 'mmcv.log'
    log.write_text(f'building\n{output}\n')
    message = setup._explain('mmcv', log)
    assert output in message
    assert str(log) in message
    assert advice in message


def test_a_folder_that_is_no_environment_is_not_touched(setup, tmp_path):
    precious = tmp_path / 'data'
    precious.mkdir()
    (precious / 'file').touch()
    with pytest.raises(setup.SetupError, match='no virtual environment'):
        setup.make_virtual_environment(setup.Environment(precious))
    assert (precious / 'file').exists()


def test_pins_cover_what_is_installed_by_name(setup):
    pins = setup.pins()
    assert pins['mmcv'] == '2.1.0'
    assert {
        'torch',
        'torchvision',
        'setuptools',
        'mmengine',
        'mmdet',
        'mmpose',
        'xtcocotools',
    } <= set(pins)


def test_constraints_hold_the_torch_that_is_there(setup, tmp_path, monkeypatch):
    environment = setup.Environment(tmp_path)
    environment.state.mkdir()
    monkeypatch.setattr(setup.Environment, 'output', lambda self, code: '2.9.1+cu128')
    setup.write_constraints(environment)
    lines = environment.constraints.read_text().splitlines()
    assert [line for line in lines if line.startswith('torch')] == ['torch==2.9.1+cu128']
    assert 'mmcv==2.1.0' in lines


def test_the_signature_follows_the_torch(setup):
    assert setup.signature('') == setup.signature('')
    assert setup.signature('') != setup.signature('torch==2.9.1')
