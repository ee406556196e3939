import numpy as np
import pytest
import torch

from mmpose_ext.body_models import (
    SMPLLayer,
    load_body_model,
    load_standin,
    spin_chain,
    spin_regressor,
    standin_vertex_ids,
)
from mmpose_ext.geometry import axis_angle_to_matrix
from mmpose_ext.skeletons import SPIN49

smplx = pytest.importorskip('smplx')

# SPIN's joints as numbers of a list of 54: SMPL's 24, the 21 vertices that smplx adds, nine rows
# of the extra regressor.
SOURCES = (
    *(24, 12, 17, 19, 21, 16, 18, 20, 0, 2, 5, 8, 1, 4, 7),
    *(25, 26, 27, 28, 29, 30, 31, 32, 33, 34),
    *(8, 5, 45, 46, 4, 7, 21, 19, 17, 16, 18, 20, 47, 48, 49, 50, 51, 52, 53, 24, 26, 25, 28, 27),
)
RNG = np.random.default_rng(0)
POSES = torch.tensor(RNG.normal(0, 0.5, (3, 24, 3)), dtype=torch.float32)
BETAS = torch.tensor(RNG.normal(size=(3, 10)), dtype=torch.float32)


@pytest.fixture(scope='module')
def layer():
    return SMPLLayer('standin', joints='spin49')


def test_joints_are_those_of_smplx_in_spins_order(layer, standin_files):
    reference = smplx.SMPL(str(standin_files), batch_size=3, vertex_ids=standin_vertex_ids())
    with torch.no_grad():
        output = reference(
            betas=BETAS, global_orient=POSES[:, 0], body_pose=POSES[:, 1:].flatten(1)
        )
    extra = np.load(standin_files / 'J_regressor_extra.npy') @ output.vertices.numpy()
    expected = np.concatenate([output.joints, extra], axis=1)[:, SOURCES]
    joints = layer(axis_angle_to_matrix(POSES), BETAS).joints
    assert joints.shape == (3, 49, 3)
    np.testing.assert_allclose(joints, expected, atol=1e-5)


def test_every_joint_has_one_source():
    rows = spin_regressor(load_standin()).sum(1) + spin_chain().sum(1)
    np.testing.assert_allclose(rows, 1, atol=1e-5)
    assert not (spin_regressor(load_standin()).any(1) & spin_chain().any(1)).any()


def test_joints_alone_are_those_of_the_whole_body_with_their_gradients(layer):
    results = []
    for joints in (lambda *body: layer(*body).joints, layer.joints):
        poses, betas = POSES.clone().requires_grad_(), BETAS.clone().requires_grad_()
        points = joints(axis_angle_to_matrix(poses), betas)
        points.square().sum().backward()
        results.append((points, poses.grad, betas.grad))
    torch.testing.assert_close(results[1][0], results[0][0], atol=2e-6, rtol=0)
    torch.testing.assert_close(results[1][1:], results[0][1:], atol=2e-3, rtol=1e-4)


def test_bones_keep_their_length_in_any_pose(layer):
    """What joints read off vertices do not: the flesh moves over the bone."""
    joints = layer.joints(axis_angle_to_matrix(POSES), torch.zeros(3, 10))
    ends = SPIN49.indices(['left_elbow', 'left_wrist', 'left_knee', 'left_ankle'])
    elbow, wrist, knee, ankle = joints[:, ends].unbind(1)
    for length in ((elbow - wrist).norm(dim=-1), (knee - ankle).norm(dim=-1)):
        torch.testing.assert_close(length, length[:1].expand(3), atol=1e-5, rtol=0)


def test_smpls_own_mesh_has_smplxs_vertices(tmp_path, standin_files):
    """A mesh with as many vertices as SMPL's but not the stand-in's counts as SMPL's."""
    arrays = dict(np.load(standin_files / 'SMPL_NEUTRAL.npz'))
    np.savez(tmp_path / 'SMPL_NEUTRAL.npz', **(arrays | dict(f=arrays['f'][::-1])))
    np.save(tmp_path / 'J_regressor_extra.npy', np.load(standin_files / 'J_regressor_extra.npy'))
    rows = spin_regressor(load_body_model(tmp_path))
    for name, vertex in dict(op_nose=332, nose=332, left_eye=2800, op_right_heel=6787).items():
        assert np.flatnonzero(rows[SPIN49.index(name)]).tolist() == [vertex]


def test_bodies_of_other_meshes_need_a_regressor_for_the_feet(small_body):
    with pytest.raises(ValueError, match="'halpe26'.*put J_regressor_halpe.npy beside"):
        SMPLLayer(small_body, joints='spin49')


def test_other_joints_are_refused():
    with pytest.raises(ValueError, match="joints got 'spin54', expected 'superset30' or 'spin49'"):
        SMPLLayer('standin', joints='spin54')
