import os
import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from mmpose_ext.body_models import load_body_model, load_standin, loading, regressor, write_standin


@pytest.mark.parametrize('suffix', ['.pkl', '.npz'])
@pytest.mark.parametrize('gender', ['neutral', 'male', 'female'])
def test_written_files_load_as_they_were(standin_files, suffix, gender):
    body = load_body_model(standin_files / f'SMPL_{gender.upper()}{suffix}', gender)
    expected = load_standin(gender)
    for key in ('v_template', 'shapedirs', 'J_regressor', 'weights', 'faces'):
        np.testing.assert_allclose(getattr(body, key), getattr(expected, key), atol=1e-6)
    assert body.posedirs is None
    np.testing.assert_array_equal(regressor(body, 'h36m17'), regressor(expected, 'h36m17'))


def test_folder_selects_the_gender(standin_files):
    assert load_body_model(standin_files, 'female').name.endswith('SMPL_FEMALE.npz')


def test_official_layout_loads_without_chumpy(standin_files, tmp_path, write_official_like):
    path = tmp_path / 'basicModel_neutral_lbs_10_207_0_v1.0.0.pkl'
    write_official_like(standin_files / 'SMPL_NEUTRAL.pkl', path)
    assert b'chumpy' in path.read_bytes()
    assert 'chumpy' not in sys.modules
    body, expected = load_body_model(path), load_standin()
    for key in ('v_template', 'shapedirs', 'J_regressor', 'weights'):
        np.testing.assert_allclose(getattr(body, key), getattr(expected, key), atol=1e-6)
    with pytest.raises(ValueError, match=r'put J_regressor_h36m\.npy beside the model file'):
        regressor(body, 'h36m17')


class Payload:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize('nested', [False, True])
def test_hostile_pickle_is_refused_and_not_run(tmp_path, nested):
    payload = Payload(tmp_path / 'was_run')
    path = tmp_path / 'SMPL_NEUTRAL.pkl'
    path.write_bytes(pickle.dumps({'v_template': payload} if nested else payload))
    with pytest.raises(ValueError, match=r'SMPL_NEUTRAL\.pkl.*mkdir.*nothing was run'):
        load_body_model(path)
    assert not (tmp_path / 'was_run').exists()


def test_hostile_npz_is_refused_and_not_run(tmp_path):
    array = np.empty(1, object)
    array[0] = Payload(tmp_path / 'was_run')
    np.savez(tmp_path / 'SMPL_NEUTRAL.npz', v_template=array)
    with pytest.raises(ValueError, match='plain arrays'):
        load_body_model(tmp_path)
    assert not (tmp_path / 'was_run').exists()


@pytest.mark.parametrize('suffix', ['.pkl', '.npz'])
@pytest.mark.parametrize('keep', [0, 1, 100, 0.5])
def test_truncated_file_is_an_error_that_names_it(standin_files, tmp_path, suffix, keep):
    content = (standin_files / f'SMPL_MALE{suffix}').read_bytes()
    size = keep if isinstance(keep, int) else int(keep * len(content))
    path = tmp_path / f'SMPL_MALE{suffix}'
    path.write_bytes(content[:size])
    with pytest.raises(ValueError, match=f'SMPL_MALE{suffix}'):
        load_body_model(path, 'male')


def test_sparse_regressor_with_indices_out_of_range_is_an_error(standin_files, tmp_path):
    content = pickle.loads((standin_files / 'SMPL_NEUTRAL.pkl').read_bytes())
    matrix = sparse.csc_matrix(content['J_regressor'])
    matrix.indices[3] = 10**6
    content['J_regressor'] = matrix
    (tmp_path / 'broken.pkl').write_bytes(pickle.dumps(content, protocol=2))
    with pytest.raises(ValueError, match='J_regressor is damaged'):
        load_body_model(tmp_path / 'broken.pkl')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'weights': None}, 'weights got object, expected numbers'),
        ({'v_template': np.zeros((6890, 2))}, r'v_template got shape \(6890, 2\)'),
        ({'J_regressor': np.full((24, 6890), np.inf)}, 'J_regressor got NaN or infinite'),
        ({'kintree_table': np.zeros((2, 52), int)}, 'not of SMPL-H'),
    ],
)
def test_other_content_is_an_error(standin_files, tmp_path, change, message):
    content = pickle.loads((standin_files / 'SMPL_NEUTRAL.pkl').read_bytes())
    path = tmp_path / 'other.pkl'
    path.write_bytes(pickle.dumps({**content, **change}, protocol=2))
    with pytest.raises(ValueError, match=message):
        load_body_model(path)


def test_missing_key_is_an_error(tmp_path):
    (tmp_path / 'x.pkl').write_bytes(pickle.dumps({'f': np.zeros((1, 3), int)}))
    with pytest.raises(ValueError, match='got no v_template'):
        load_body_model(tmp_path / 'x.pkl')


@pytest.mark.parametrize('name', ['nothing', 'nothing.pkl'])
def test_missing_file_says_where_to_get_smpl(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=r'https://smpl\.is\.tue\.mpg\.de'):
        load_body_model(tmp_path / name)


def test_default_is_the_standin_with_one_warning(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loading._warn_standin.cache_clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        first, second = load_body_model(), load_body_model(gender='male')
    assert first is load_standin()
    assert second is load_standin('male')
    assert len(caught) == 1
    assert 'stand-in' in str(caught[0].message)


def test_default_is_the_users_smpl_where_there_is_one(tmp_path, monkeypatch):
    write_standin(tmp_path / 'data/body_models/smpl')
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert load_body_model().name.endswith('SMPL_NEUTRAL.npz')


def test_regressor_of_another_mesh_is_an_error(standin_files, tmp_path):
    path = tmp_path / 'SMPL_NEUTRAL.npz'
    path.write_bytes((standin_files / 'SMPL_NEUTRAL.npz').read_bytes())
    np.save(tmp_path / 'J_regressor_extra.npy', np.zeros((9, 431)))
    with pytest.raises(ValueError, match=r'J_regressor_extra\.npy: got shape \(9, 431\)'):
        load_body_model(path)
