from types import SimpleNamespace

import numpy as np
import pytest
import trimesh

from mmpose_ext.body_models import load_body_model
from mmpose_ext.engine import SavePredictedMeshHook
from mmpose_ext.engine.hooks import save_predicted_mesh_hook

VISUALIZER = dict(type='Visualizer')


def hook(**options):
    return dict(type='mmpose_ext.SavePredictedMeshHook', body_model=dict(path='standin'), **options)


def test_every_person_gets_files_of_each_format(make_runner, tmp_path, files):
    make_runner([2, 1], hook(formats=('ply', 'glb', 'npz')), VISUALIZER).test()
    assert files(tmp_path / 'work' / 'meshes') == {
        f'image{image}_{person}.{kind}'
        for image, person in ((0, 10), (0, 11), (1, 12))
        for kind in ('ply', 'glb', 'npz')
    }


def test_mesh_and_parameters_of_a_person_agree(make_runner, tmp_path):
    folder = tmp_path / 'elsewhere'
    make_runner([1], hook(out_dir=str(folder), formats=('ply', 'npz')), VISUALIZER).test()
    mesh = trimesh.load_mesh(folder / 'image0_10.ply', process=False)
    with np.load(folder / 'image0_10.npz') as found:
        vertices, _ = load_body_model('standin').skin(
            found['betas'][0], found['pose'][0], found['transl'][0]
        )
        assert found['ids'].tolist() == [10]
        assert found['camera'][0].tolist() == [[5000, 0, 48], [0, 5000, 32], [0, 0, 1]]
        assert found['image_size'].tolist() == [96, 64]
    np.testing.assert_allclose(mesh.vertices * [1, -1, -1], vertices, atol=1e-4)
    # The prediction is 160 m away from the virtual camera.
    assert mesh.vertices[:, 2].mean() == pytest.approx(-160, abs=0.2)


def test_people_of_an_image_share_a_file_and_a_camera(make_runner, tmp_path, files):
    make_runner([1, 3], hook(formats=('glb', 'npz'), per='image'), VISUALIZER).test()
    folder = tmp_path / 'work' / 'meshes'
    assert files(folder) == {
        f'image{image}_{image}.{kind}' for image in (0, 1) for kind in ('glb', 'npz')
    }
    scene = trimesh.load_scene(folder / 'image1_1.glb', process=False)
    assert set(scene.geometry) == {'person_11', 'person_12', 'person_13'}
    with np.load(folder / 'image1_1.npz') as found:
        assert found['ids'].tolist() == [11, 12, 13]
        assert (found['camera'] == found['camera'][0]).all()
        focal = found['camera'][0, 0, 0]
        assert focal == pytest.approx((96**2 + 64**2) ** 0.5)
        body = load_body_model('standin')
        for row, number in enumerate(found['ids']):
            vertices, _ = body.skin(*(found[key][row] for key in ('betas', 'pose', 'transl')))
            mesh = scene.geometry[f'person_{number}']
            np.testing.assert_allclose(mesh.bounds[0, 0], vertices[:, 0].min(), atol=1e-4)
            depth = vertices[:, 2].mean()
            assert depth == pytest.approx((150 + number) * focal / 5000, abs=0.05)


def test_every_nth_person_is_written(make_runner, tmp_path, files):
    make_runner([2, 3], hook(formats=('npz',), interval=2), VISUALIZER).test()
    assert files(tmp_path / 'work' / 'meshes') == {
        'image0_10.npz',
        'image1_12.npz',
        'image1_14.npz',
    }


def test_validation_writes_nothing(make_runner, tmp_path):
    make_runner([1], hook(), VISUALIZER).val()
    assert not (tmp_path / 'work' / 'meshes').exists()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(formats=('obj', 'stl')), r"format got \['stl'\], expected some of .*'npz'"),
        (dict(formats='obj'), "formats got 'obj'"),
        (dict(formats=()), r'formats got \(\)'),
        (dict(per='batch'), "per got 'batch'"),
        (dict(interval=0), 'interval got 0'),
    ],
)
def test_bad_settings_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SavePredictedMeshHook(**options)


def test_files_per_image_need_one_process(monkeypatch, tmp_path):
    monkeypatch.setattr(save_predicted_mesh_hook, 'get_world_size', lambda: 2)
    runner = SimpleNamespace(work_dir=str(tmp_path))
    SavePredictedMeshHook(per='person').before_test_epoch(runner)
    with pytest.raises(ValueError, match="per='image' got 2 processes"):
        SavePredictedMeshHook(per='image').before_test_epoch(runner)
