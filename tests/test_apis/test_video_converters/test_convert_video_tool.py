"""The command line of the converters."""

import importlib.util

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from mmpose_ext.datasets.datasets.video import read_clip_file
from mmpose_ext.skeletons import MPI_INF_3DHP17, PENN13


@pytest.fixture(scope='module')
def tool(repository):
    file = repository / 'tools/dataset_converters/convert_video.py'
    spec = importlib.util.spec_from_file_location('convert_video', file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def penn(tmp_path, film):
    pixels = film.project(film.walker(8, PENN13.keypoints))
    visibility = np.ones((8, 13))
    visibility[3, :9] = 0
    (tmp_path / 'penn/labels').mkdir(parents=True)
    savemat(
        tmp_path / 'penn/labels/0001.mat',
        dict(x=pixels[..., 0], y=pixels[..., 1], visibility=visibility, train=1),
    )
    return tmp_path / 'penn'


def test_it_writes_the_file_and_says_what_is_left_out(tool, penn, tmp_path, capsys):
    out = tmp_path / 'clips/penn.npz'

    tool.main(['penn_action', str(penn), '--out', str(out), '--no-images'])

    assert len(read_clip_file(out)) == 7
    said = capsys.readouterr().out
    assert f'{out}: 7 frames of 1 tracks' in said
    assert 'left out: 1 frames with fewer than 6 visible joints' in said


def test_errors_are_one_line(tool, penn, tmp_path):
    with pytest.raises(SystemExit, match='^error: PennAction .*images are missing'):
        tool.main(['penn_action', str(penn), '--out', str(tmp_path / 'x.npz')])
    with pytest.raises(SystemExit, match='^error: .*does not exist'):
        tool.main(['vibe_db', str(tmp_path / 'amass_db.pt'), '--out', str(tmp_path / 'x.npz')])
    assert not list(tmp_path.glob('*.npz'))


def test_options_reach_the_converters(tool, tmp_path, film):
    folder = tmp_path / 'TS1'
    folder.mkdir()
    joints = film.walker(6, MPI_INF_3DHP17.keypoints)
    with h5py.File(folder / 'annot_data.mat', 'w') as file:
        file['annot2'] = film.project(joints)[:, None]
        file['univ_annot3'] = joints[:, None] * 1000
        file['valid_frame'] = np.eye(6)[:1].T
    out = tmp_path / 'test.npz'
    command = ['mpi_inf_3dhp_test', str(tmp_path), '--out', str(out), '--no-images', '--fps', '30']
    tool.main(command)
    assert read_clip_file(out).scored.tolist() == [1, 0, 0, 0, 0, 0]
    tool.main([*command, '--score', 'all'])
    table = read_clip_file(out)
    assert table.scored.tolist() == [1] * 6 and set(table.fps) == {30}


def test_names_of_the_files_are_those_that_configs_expect(tool):
    expected = {
        'mpi_inf_3dhp': 'mpi_inf_3dhp_train',
        'mpi_inf_3dhp_test': 'mpi_inf_3dhp_test',
        'penn_action': 'penn_action_train',
        'amass': 'amass',
        'insta_variety': 'insta_variety_train',
    }
    for dataset, name in expected.items():
        assert str(tool.parse_args([dataset, 'root']).out) == f'data/clips/{name}.npz'
    args = tool.parse_args(['3dpw', 'root', '--split', 'validation'])
    assert str(args.out) == 'data/clips/3dpw_validation.npz'
    args = tool.parse_args(['vibe_db', 'vibe/3dpw_val_db.pt'])
    assert str(args.out) == 'data/clips/vibe_3dpw_val.npz'
