import numpy as np
import pytest

from mmpose_ext.body_models import (
    JOINTS,
    KEYPOINT_SETS,
    load_body_model,
    load_standin,
    superset_regressor,
)
from mmpose_ext.skeletons import SUPERSET30


def test_superset_of_the_resting_body_has_smpls_joints_and_a_face_in_its_place():
    body = load_standin()
    matrix = superset_regressor(body)
    assert matrix.shape == (30, 6890)
    np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-5)
    points = dict(zip(SUPERSET30.keypoints, matrix @ body.v_template))
    _, joints = body.shape(np.zeros(1))
    for name, joint in zip(JOINTS, joints):
        np.testing.assert_allclose(points[name], joint, atol=1e-6)
    for part in ('eye', 'ear', 'hip', 'wrist'):
        assert points[f'left_{part}'][0] > 0.02
        np.testing.assert_allclose(
            points[f'left_{part}'] * [-1, 1, 1], points[f'right_{part}'], atol=1e-4
        )
    assert points['head_top'][1] > points['left_eye'][1] > points['neck'][1]
    assert points['head_top'][1] > points['head'][1] + 0.1
    assert points['head_top'][1] > body.v_template[:, 1].max() - 0.02
    assert abs(points['nose'][0]) < 0.01
    assert points['nose'][2] > points['left_eye'][2] > points['left_ear'][2]


def test_superset_of_written_files_is_that_of_the_standin(standin_files):
    np.testing.assert_allclose(
        superset_regressor(load_body_model(standin_files, 'male')),
        superset_regressor(load_standin('male')),
        atol=1e-6,
    )


def test_face_of_smpls_own_mesh_is_at_the_vertices_of_3dcrowdnet(standin_files, tmp_path):
    with np.load(standin_files / 'SMPL_NEUTRAL.npz') as arrays:
        other_mesh = dict(arrays, f=arrays['f'][::-1])
    np.savez(tmp_path / 'SMPL_NEUTRAL.npz', **other_mesh)
    with pytest.raises(ValueError, match=r'put J_regressor_extra\.npy beside the model file'):
        superset_regressor(load_body_model(tmp_path))
    extra = np.zeros((9, 6890))
    extra[KEYPOINT_SETS['spin9'].index('head_top'), 411] = 1
    np.save(tmp_path / 'J_regressor_extra.npy', extra)
    matrix = superset_regressor(load_body_model(tmp_path))
    names = ['nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'head_top']
    rows = matrix[SUPERSET30.indices(names)]
    np.testing.assert_array_equal(rows.argmax(1), [331, 2802, 6262, 3489, 3990, 411])
    np.testing.assert_array_equal(rows.sum(1), 1)
    assert np.count_nonzero(rows) == 6


def test_face_of_another_mesh_comes_from_its_coco_regressor(small_body, tmp_path):
    matrix = superset_regressor(load_body_model(small_body))
    coco = np.load(small_body / 'J_regressor_coco.npy')
    np.testing.assert_allclose(matrix[SUPERSET30.index('left_ear')], coco[3], atol=1e-7)
    for name in ('SMPL_NEUTRAL.npz', 'J_regressor_extra.npy'):
        (tmp_path / name).write_bytes((small_body / name).read_bytes())
    with pytest.raises(ValueError, match=r'put J_regressor_coco\.npy beside the model file'):
        superset_regressor(load_body_model(tmp_path))
