import importlib.util
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmpose_ext.body_models import load_body_model, load_standin, write_smpl_file

TOOL = Path(__file__).parents[2] / 'tools/model_converters/clean_smpl.py'


@pytest.fixture
def run(monkeypatch):
    def run_tool(*arguments) -> None:
        spec = importlib.util.spec_from_file_location(TOOL.stem, TOOL)
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        monkeypatch.setattr(sys, 'argv', [TOOL.name, *map(str, arguments)])
        tool.main()

    return run_tool


@pytest.fixture
def official(standin_files, tmp_path, write_official_like):
    path = tmp_path / 'basicModel_neutral_lbs_10_207_0_v1.0.0.pkl'
    write_official_like(standin_files / 'SMPL_NEUTRAL.pkl', path)
    return path


def test_chumpy_file_becomes_plain_arrays_for_us_and_for_smplx(official, tmp_path, run_command):
    out = tmp_path / 'clean' / 'SMPL_NEUTRAL.npz'
    result = run_command('python', TOOL, official, out)
    assert '6890 vertices, 13776 faces, 10 shape directions' in result.stdout
    assert sorted(path.name for path in out.parent.iterdir()) == ['SMPL_NEUTRAL.npz']
    body, expected = load_body_model(out), load_standin()
    for key in ('v_template', 'shapedirs', 'J_regressor', 'weights', 'faces'):
        np.testing.assert_array_equal(getattr(body, key), getattr(load_body_model(official), key))
        np.testing.assert_allclose(getattr(body, key), getattr(expected, key), atol=1e-6)

    smplx = pytest.importorskip('smplx')
    with np.load(out, allow_pickle=False) as arrays:
        layer = smplx.SMPL('', data_struct=smplx.utils.Struct(**arrays))
    pose, betas = np.random.default_rng(0).normal(0, 0.4, (24, 3)), np.ones(10)
    with torch.no_grad():
        posed = layer(
            betas=torch.ones(1, 10),
            global_orient=torch.tensor(pose[:1], dtype=torch.float32),
            body_pose=torch.tensor(pose[1:].reshape(1, -1), dtype=torch.float32),
        )
    np.testing.assert_allclose(posed.vertices[0], body.skin(betas, pose)[0], atol=1e-5)


def test_pickle_that_smplx_opens_by_itself(official, tmp_path, run):
    smplx = pytest.importorskip('smplx')
    with pytest.raises(ModuleNotFoundError, match='chumpy'):
        smplx.SMPL(str(official))
    out = tmp_path / 'SMPL_NEUTRAL.pkl'
    run(official, out)
    layer = smplx.SMPL(str(out))
    np.testing.assert_allclose(layer.v_template, load_standin().v_template, atol=1e-6)


def test_existing_file_is_kept_unless_forced(official, tmp_path, run):
    out = tmp_path / 'SMPL_NEUTRAL.npz'
    out.write_bytes(b'mine')
    with pytest.raises(SystemExit, match=r'^error: .*SMPL_NEUTRAL\.npz exists; --force'):
        run(official, out)
    assert out.read_bytes() == b'mine'
    run(official, out, '--force')
    assert load_body_model(out).num_vertices == 6890


class Payload:
    def __reduce__(self):
        return print, ('was run',)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, 'no body model at'),
        (pickle.dumps({'v_template': Payload()}), 'nothing was run'),
        (pickle.dumps({'f': np.zeros((2, 3))}), 'got no v_template'),
        (b'\x80\x02}q', 'not a readable SMPL pickle'),
    ],
    ids=['missing', 'hostile', 'other', 'truncated'],
)
def test_bad_input_is_an_error_that_names_it_and_writes_nothing(
    tmp_path, run, capsys, content, message
):
    path, out = tmp_path / 'in.pkl', tmp_path / 'out' / 'SMPL_NEUTRAL.npz'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SystemExit) as error:
        run(path, out)
    assert str(error.value).startswith('error: ')
    assert message in str(error.value)
    assert str(path) in str(error.value)
    assert 'was run' not in capsys.readouterr().out
    assert not out.parent.exists()


def test_other_suffix_and_folder_are_errors(official, tmp_path, run):
    with pytest.raises(SystemExit, match=r"got the name 'smpl\.json', expected \.npz or \.pkl"):
        run(official, tmp_path / 'smpl.json')
    with pytest.raises(SystemExit, match='got a folder, expected a SMPL file'):
        run(tmp_path, tmp_path / 'x.npz')


def test_interrupted_write_leaves_the_old_file_and_no_other(tmp_path):
    out = tmp_path / 'SMPL_NEUTRAL.pkl'
    out.write_bytes(b'old')
    with pytest.raises(AttributeError):
        write_smpl_file(out, {'f': lambda: None})
    assert out.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [out]
