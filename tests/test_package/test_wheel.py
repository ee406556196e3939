import sys
import zipfile
from pathlib import Path

import pytest

CHILD = """
_base_ = __import__('mmpose_ext').cfg('_base_/default_runtime.py')
custom_imports = dict(imports=['mmpose_ext', 'toy_training'], allow_failed_imports=False)
dataset_type = 'ToyDataset'
model = dict(type='ToyModel')
train_cfg = dict(by_epoch=False, max_iters=2)
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='InfiniteSampler'),
    dataset=dict(type='ToyDataset', length=16),
)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=2))
"""


@pytest.fixture(scope='module')
def wheel(repository, tmp_path_factory, run_command) -> Path:
    """A wheel of a copy of the repository, whose own folder stays clean."""
    folder = tmp_path_factory.mktemp('wheel')
    source = folder / 'source'
    run_command('git', 'clone', '-q', repository, source)
    run_command(
        *('python', '-m', 'pip', 'wheel', '-q', '--no-deps', '--no-build-isolation'),
        *('--wheel-dir', folder, source),
    )
    return next(folder.glob('*.whl'))


@pytest.mark.slow
def test_wheel_has_what_mim_and_the_body_need(wheel):
    assert wheel.name.startswith('mmpose_ext-')
    names = zipfile.ZipFile(wheel).namelist()
    for name in (
        '.mim/model-index.yml',
        '.mim/configs/_base_/default_runtime.py',
        '.mim/configs/unified/metafile.yml',
        '.mim/tools/train.py',
        '.mim/tools/dist_train.sh',
        'body_models/data/standin.npz',
    ):
        assert f'mmpose_ext/{name}' in names
    assert not [name for name in names if name.startswith('tests') or '__pycache__' in name]


@pytest.mark.slow
def test_a_child_of_the_installed_wheel_trains(wheel, tmp_path, repository, run_command):
    site = tmp_path / 'site'
    run_command('python', '-m', 'pip', 'install', '-q', '--no-deps', '--target', site, wheel)
    config = tmp_path / 'child.py'
    config.write_text(CHILD)
    toys = tmp_path / 'toys'
    toys.mkdir()
    toy = repository / 'tests' / 'test_tools' / 'toy_training.py'
    (toys / 'toy_training.py').write_text(toy.read_text())
    paths = {'PYTHONPATH': f'{site}:{toys}'}
    where = 'import mmpose_ext; print(mmpose_ext.__file__)'
    found = run_command('python', '-c', where, environment=paths, cwd=tmp_path).stdout
    assert found.strip() == str(site / 'mmpose_ext' / '__init__.py')

    tool = site / 'mmpose_ext' / '.mim' / 'tools' / 'train.py'
    run_command(sys.executable, tool, config, environment=paths, cwd=tmp_path)
    assert (tmp_path / 'work_dirs' / 'child' / 'iter_2.pth').exists()
