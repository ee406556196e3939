import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.fileio.backends import LocalBackend
from mmengine.logging.history_buffer import HistoryBuffer
from mmengine.runner import load_checkpoint
from mmengine.utils import get_installed_path, is_installed

from mmpose_ext import compat


class Poison:
    """Pickles to a call of any function."""

    def __init__(self, function, *arguments) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def saved(value, file: Path) -> Path:
    torch.save({'state_dict': {}, 'meta': value}, file)
    return file


def with_module_names_of_numpy_1(file: Path) -> Path:
    """The same checkpoint as numpy 1 would have written it."""
    renamed = file.with_suffix('.numpy1.pth')
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(renamed, 'w') as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith('data.pkl'):
                data = data.replace(b'numpy._core.multiarray\n', b'numpy.core.multiarray\n')
            new.writestr(name, data)
    return renamed


@pytest.mark.parametrize('rename', [lambda file: file, with_module_names_of_numpy_1])
def test_what_a_runner_saves_is_loaded(tmp_path, rename):
    history = HistoryBuffer()
    for value in (1.0, 2.0, 6.0):
        history.update(value)
    arrays = [np.arange(3).astype(kind) for kind in ('f2', 'f4', 'i1', 'i8', 'u1', 'u8', '?')]
    meta = dict(history=history, arrays=arrays, score=np.float64(0.5), names=np.array(['a', 'bc']))
    file = rename(saved(meta, tmp_path / 'checkpoint.pth'))

    loaded = torch.load(file, weights_only=True)['meta']

    assert loaded['history'].mean() == pytest.approx(3.0)
    assert loaded['history'].statistics('current') == 6.0
    assert loaded['score'] == 0.5
    for array, expected in zip((*loaded['arrays'], loaded['names']), (*arrays, meta['names'])):
        assert array.dtype == expected.dtype
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(
    'loader', [torch.load, lambda file: load_checkpoint(torch.nn.Module(), str(file))]
)
def test_code_in_a_checkpoint_does_not_run(tmp_path, loader):
    trace = tmp_path / 'trace'
    file = saved(Poison(os.mkdir, str(trace)), tmp_path / 'poisoned.pth')
    with pytest.raises(pickle.UnpicklingError):
        loader(file)
    assert not trace.exists()


@pytest.mark.parametrize(
    ('owner', 'name'),
    [(np.zeros(2), 'tofile'), (HistoryBuffer, '__class__'), (torch.Size, 'count')],
)
def test_getattr_serves_nothing_but_the_history(tmp_path, owner, name):
    file = saved(Poison(getattr, owner, name), tmp_path / 'poisoned.pth')
    with pytest.raises((pickle.UnpicklingError, ValueError)):
        torch.load(file, weights_only=True)


def test_applying_twice_changes_nothing():
    before = LocalBackend.put
    compat.apply()
    assert LocalBackend.put is before


def test_a_failed_write_leaves_the_old_file(tmp_path):
    target = tmp_path / 'checkpoint.pth'
    target.write_bytes(b'old')
    with pytest.raises(TypeError):
        LocalBackend().put('not bytes', str(target))
    assert target.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [target]


def test_a_written_file_has_the_usual_mode(tmp_path):
    LocalBackend().put(b'new', str(tmp_path / 'folder' / 'checkpoint.pth'))
    (tmp_path / 'plain').touch()
    written = tmp_path / 'folder' / 'checkpoint.pth'
    assert written.read_bytes() == b'new'
    assert written.stat().st_mode == (tmp_path / 'plain').stat().st_mode


def test_packages_are_found_where_python_finds_them():
    import mmpose

    import mmpose_ext

    assert get_installed_path('mmpose') == str(Path(mmpose.__file__).parent)
    assert get_installed_path('mmpose_ext') == str(Path(mmpose_ext.__file__).parent)
    assert is_installed('mmengine')
    assert not is_installed('no_such_package')
    with pytest.raises(ModuleNotFoundError, match='no_such_package'):
        get_installed_path('no_such_package')


def test_inferencer_is_imported_without_pkg_resources_and_beside_any_torchvision(run_command):
    run_command(
        'python',
        '-c',
        "import sys; sys.modules['pkg_resources'] = None\n"
        'import mmpose_ext, mmpose.apis, torchvision',
    )


def test_import_is_light(run_command):
    code = 'import sys, mmpose_ext; print(*{name.partition(".")[0] for name in sys.modules})'
    loaded = set(run_command('python', '-c', code).stdout.split())
    assert not loaded & {'mmcv', 'mmdet', 'mmpose', 'matplotlib', 'cv2', 'scipy', 'torchvision'}


def test_saving_through_a_buffer_round_trips(tmp_path):
    from mmengine.runner import save_checkpoint

    weights = {'weight': torch.arange(4.0)}
    save_checkpoint({'state_dict': weights}, str(tmp_path / 'a.pth'))
    loaded = torch.load(io.BytesIO((tmp_path / 'a.pth').read_bytes()))
    torch.testing.assert_close(loaded['state_dict'], weights)


def test_weights_of_separately_wrapped_modules_keep_their_names(run_command):
    code = (
        'import os, mmpose_ext, torch\n'
        'from mmengine.dist import init_dist\n'
        "names = ('RANK', 'LOCAL_RANK', 'MASTER_PORT')\n"
        "os.environ.update({n: '0' for n in names}, WORLD_SIZE='1', MASTER_ADDR='127.0.0.1')\n"
        "init_dist('pytorch', backend='gloo')\n"
        'from mmengine.model import BaseModel, MMSeparateDistributedDataParallel\n'
        'from mmengine.runner.checkpoint import _load_checkpoint_to_model\n'
        'class Model(BaseModel):\n'
        '    def __init__(self):\n'
        '        super().__init__()\n'
        '        self.first, self.second = torch.nn.Linear(1, 1), torch.nn.Linear(1, 2)\n'
        '    def forward(self): pass\n'
        'plain, wrapped = Model(), MMSeparateDistributedDataParallel(Model())\n'
        'saved = wrapped.module.state_dict()\n'
        'plain.load_state_dict(saved)\n'
        'ones = {name: torch.ones_like(value) for name, value in saved.items()}\n'
        '_load_checkpoint_to_model(wrapped.module, dict(state_dict=ones))\n'
        'assert all(bool((p == 1).all()) for p in wrapped.module.parameters())\n'
        "print('same names')\n"
    )
    assert 'same names' in run_command('python', '-c', code).stdout
