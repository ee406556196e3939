import copy

import numpy as np
import pytest
import torch
from torch import nn

from mmpose_ext.body_models import SMPLLayer, load_body_model, load_standin, superset_regressor
from mmpose_ext.geometry import axis_angle_to_matrix

smplx = pytest.importorskip('smplx')

RNG = np.random.default_rng(0)
POSES = RNG.normal(0, 0.5, (3, 24, 3))
BETAS = RNG.normal(size=(3, 10))
TRANSLS = RNG.normal(size=(3, 3))


def tensor(array) -> torch.Tensor:
    return torch.tensor(array, dtype=torch.float32)


def posed(layer: SMPLLayer, poses=POSES, betas=BETAS, transls=TRANSLS):
    rotations = axis_angle_to_matrix(tensor(poses))
    return layer(rotations, tensor(betas), None if transls is None else tensor(transls))


@pytest.fixture(scope='module')
def layer():
    return SMPLLayer('standin')


@pytest.mark.parametrize('gender', ['neutral', 'male', 'female'])
def test_vertices_are_those_of_the_numpy_body(gender):
    vertices = posed(SMPLLayer('standin', gender)).vertices
    for i in range(3):
        expected, _ = load_standin(gender).skin(BETAS[i], POSES[i], TRANSLS[i])
        np.testing.assert_allclose(vertices[i], expected, atol=5e-6)


def test_written_files_are_what_smplx_makes_of_them(standin_files):
    reference = smplx.SMPL(str(standin_files), gender='female', batch_size=3)
    with torch.no_grad():
        expected = reference(
            betas=tensor(BETAS),
            global_orient=tensor(POSES[:, 0]),
            body_pose=tensor(POSES[:, 1:]).flatten(1),
            transl=tensor(TRANSLS),
        ).vertices
    layer = SMPLLayer(standin_files, 'female')
    np.testing.assert_allclose(posed(layer).vertices, expected, atol=5e-6)
    np.testing.assert_array_equal(layer.faces, reference.faces.astype(np.int64))


def test_pose_blend_shapes_and_the_first_ten_of_300_directions_are_used(small_body):
    layer, body = SMPLLayer(small_body), load_body_model(small_body)
    assert layer.num_vertices == 60
    assert layer.num_betas == 10
    vertices = posed(layer).vertices
    for i in range(3):
        expected, _ = body.skin(BETAS[i], POSES[i], TRANSLS[i])
        np.testing.assert_allclose(vertices[i], expected, atol=1e-4)


def test_joints_are_read_off_the_posed_vertices(layer):
    output = posed(layer)
    expected = superset_regressor(load_standin()) @ output.vertices.numpy()
    np.testing.assert_allclose(output.joints, expected, atol=1e-5)
    moved = posed(layer, transls=None)
    np.testing.assert_allclose(moved.joints + tensor(TRANSLS)[:, None], output.joints, atol=1e-5)


@pytest.mark.parametrize('body', ['standin', 'small'])
def test_joints_alone_are_those_of_the_whole_body(body, layer, small_body):
    layer = layer if body == 'standin' else SMPLLayer(small_body)
    rotations = axis_angle_to_matrix(tensor(POSES))
    expected = layer(rotations, tensor(BETAS)).joints
    torch.testing.assert_close(layer.joints(rotations, tensor(BETAS)), expected, atol=2e-6, rtol=0)


def test_joints_alone_have_the_gradients_of_the_whole_body(layer):
    gradients = []
    for joints in (lambda *body: layer(*body).joints, layer.joints):
        poses, betas = (tensor(value).requires_grad_() for value in (POSES, BETAS))
        joints(axis_angle_to_matrix(poses), betas).square().sum().backward()
        gradients.append((poses.grad, betas.grad))
    torch.testing.assert_close(gradients[1], gradients[0], atol=2e-3, rtol=1e-4)


def test_joints_alone_are_differentiable_with_pose_blend_shapes(small_body):
    layer = SMPLLayer(small_body).double()
    rotations = axis_angle_to_matrix(torch.tensor(POSES)).requires_grad_()
    betas = torch.tensor(BETAS, requires_grad=True)
    joints, expected = layer.joints(rotations, betas), layer(rotations, betas).joints
    assert joints.dtype == torch.float64
    weights = torch.tensor(RNG.normal(size=joints.shape))
    gradients = [
        torch.autograd.grad((points * weights).sum(), (rotations, betas))
        for points in (joints, expected)
    ]
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-5, rtol=1e-5)
    assert torch.autograd.gradcheck(layer.joints, (rotations, betas), fast_mode=True)


def test_rest_root_is_the_point_that_global_orientation_leaves(layer):
    roots = layer.rest_root(tensor(BETAS))
    poses = np.zeros((3, 24, 3))
    poses[:, 0] = [[3, 0, 0], [0, 1.5, 0], [0.3, -2, 1]]
    for i in range(3):
        body = load_standin()
        np.testing.assert_allclose(roots[i], body.rest_root(BETAS[i]), atol=1e-6)
        np.testing.assert_allclose(roots[i], body.shape(BETAS[i])[1][0], atol=1e-6)
        _, joints = body.skin(BETAS[i], poses[i])
        np.testing.assert_allclose(roots[i], joints[0], atol=1e-6)
    assert roots.norm(dim=1).min() > 0.1


def test_rest_root_takes_missing_betas_as_zero():
    body = load_standin()
    np.testing.assert_allclose(body.rest_root([1.0]), body.rest_root([1.0, 0, 0]), atol=1e-7)
    with pytest.raises(ValueError, match=r'betas got shape \(11,\)'):
        body.rest_root(np.zeros(11))


def test_gradients_flow_to_pose_shape_and_translation(small_body):
    layer = SMPLLayer(small_body).double()
    rotations = axis_angle_to_matrix(torch.tensor(POSES[:1])).requires_grad_()
    betas = torch.tensor(BETAS[:1], requires_grad=True)
    transl = torch.tensor(TRANSLS[:1], requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda *x: layer(*x).joints, (rotations, betas, transl), fast_mode=True
    )
    assert torch.autograd.gradcheck(layer.rest_root, betas)


def test_checkpoints_carry_nothing_of_the_body(layer, small_body):
    model = nn.ModuleDict({'body': layer})
    assert not model.state_dict()
    assert not list(model.parameters())
    assert not nn.ModuleDict({'body': SMPLLayer(small_body)}).state_dict()
    moved = copy.deepcopy(layer).double()
    assert moved.smpl.v_template.dtype == moved.joint_regressor.dtype == torch.float64


def test_autocast_does_not_cost_precision(layer):
    expected = posed(layer)
    with torch.autocast('cpu', torch.bfloat16):
        output = posed(layer)
    assert output.vertices.dtype == torch.float32
    np.testing.assert_allclose(output.vertices, expected.vertices, atol=1e-6)
    np.testing.assert_allclose(output.joints, expected.joints, atol=1e-6)


def test_nothing_is_printed(small_body, capsys):
    SMPLLayer(small_body)
    assert capsys.readouterr().out == ''


def test_wrong_shapes_are_errors(layer):
    rotations, betas = torch.eye(3).expand(2, 24, 3, 3), torch.zeros(2, 10)
    with pytest.raises(ValueError, match=r'rotations got shape \(2, 24, 3\), expected \(B, 24, 3'):
        layer(torch.zeros(2, 24, 3), betas)
    with pytest.raises(ValueError, match=r'betas got shape \(2, 9\), expected \(B, 10\)'):
        layer(rotations, betas[:, :9])
    with pytest.raises(ValueError, match=r'transl got shape \(3,\)'):
        layer(rotations, betas, torch.zeros(3))
