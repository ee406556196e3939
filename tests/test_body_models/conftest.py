"""Files of bodies."""

import pickle
import sys
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from mmpose_ext.body_models import load_standin, write_standin


@pytest.fixture(scope='session')
def standin_files(tmp_path_factory) -> Path:
    """A folder with the stand-in as files, to be read only."""
    folder = tmp_path_factory.mktemp('smpl')
    write_standin(folder)
    return folder


@pytest.fixture(scope='session')
def small_body(tmp_path_factory) -> Path:
    """A folder with a body of another mesh, 300 shape directions and pose blend shapes."""
    rng = np.random.default_rng(1)
    folder = tmp_path_factory.mktemp('small')
    standin, vertices = load_standin(), 60

    def rows(count, columns):
        matrix = rng.random((count, columns))
        return matrix / matrix.sum(1, keepdims=True)

    np.savez(
        folder / 'SMPL_NEUTRAL.npz',
        v_template=rng.normal(size=(vertices, 3)),
        shapedirs=rng.normal(size=(vertices, 3, 300)),
        posedirs=rng.normal(0, 0.01, (vertices, 3, 207)),
        J_regressor=rows(24, vertices),
        weights=rows(vertices, 24),
        kintree_table=np.array([standin.parents, np.arange(24)]),
        f=rng.integers(0, vertices, (40, 3)),
    )
    np.save(folder / 'J_regressor_coco.npy', rows(17, vertices))
    np.save(folder / 'J_regressor_extra.npy', rows(9, vertices))
    return folder


@pytest.fixture
def write_official_like(monkeypatch) -> Callable[[Path, Path], None]:
    """Rewrite a file as the official ones are: chumpy objects, a sparse regressor, protocol 2."""

    def write(source: Path, target: Path) -> None:
        ch = types.ModuleType('chumpy.ch')
        reordering = types.ModuleType('chumpy.reordering')
        ch.Ch = type('Ch', (), {'__module__': 'chumpy.ch'})
        reordering.Select = type('Select', (), {'__module__': 'chumpy.reordering'})
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, 'chumpy', types.ModuleType('chumpy'))
            patch.setitem(sys.modules, 'chumpy.ch', ch)
            patch.setitem(sys.modules, 'chumpy.reordering', reordering)
            content = pickle.loads(source.read_bytes())
            content['J_regressor'] = sparse.csc_matrix(content['J_regressor'])
            for key in ('v_template', 'weights'):
                value = ch.Ch()
                value.x = content[key]
                value._dirty_vars = {'x'}
                content[key] = value
            whole = ch.Ch()
            whole.x = np.concatenate([content['shapedirs'], content['shapedirs']], axis=-1)
            part = reordering.Select()
            part.a = whole
            part.idxs = np.arange(whole.x.size).reshape(whole.x.shape)[..., :10].ravel()
            part.preferred_shape = content['shapedirs'].shape
            content['shapedirs'] = part
            target.write_bytes(pickle.dumps(content, protocol=2))

    return write
