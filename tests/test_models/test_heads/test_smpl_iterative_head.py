import numpy as np
import pytest
import torch

from mmpose_ext.geometry import interleaved_to_columns, rotation_6d_to_matrix
from mmpose_ext.registry import MODELS


def build(**options):
    torch.manual_seed(0)
    config = dict(type='mmpose_ext.SMPLIterativeHead', in_channels=12, hidden_channels=8)
    return MODELS.build(config | options)


@pytest.fixture
def features():
    return torch.randn(2, 4, 12, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def mean_params(tmp_path):
    rng = np.random.default_rng(0)
    arrays = dict(pose=rng.normal(size=144), shape=rng.normal(size=10), cam=[0.8, 0.1, 0.2])
    np.savez(tmp_path / 'smpl_mean_params.npz', **arrays)
    return tmp_path / 'smpl_mean_params.npz', arrays


def test_size_is_the_published_one():
    head = MODELS.build(dict(type='mmpose_ext.SMPLIterativeHead'))
    assert sum(parameter.numel() for parameter in head.parameters()) == 3_469_469


def test_three_corrections_without_activations(features, mean_params):
    head = build(mean_params=str(mean_params[0])).eval()

    def layer(module, values):
        return values @ module.weight.detach().numpy().T + module.bias.detach().numpy()

    arrays = mean_params[1]
    for b, t in np.ndindex(2, 4):
        pose, betas, camera = (np.float32(arrays[key]) for key in ('pose', 'shape', 'cam'))
        for _ in range(3):
            state = np.concatenate([features[b, t].numpy(), pose, betas, camera])
            hidden = layer(head.fc2, layer(head.fc1, state))
            pose = pose + layer(head.pose, hidden)
            betas = betas + layer(head.betas, hidden)
            camera = camera + layer(head.camera, hidden)
        result = [value[b, t].detach().numpy().ravel() for value in head(features)]
        for got, expected in zip(result, (pose, betas, camera, hidden)):
            np.testing.assert_allclose(got, expected, atol=1e-5)


def test_without_corrections_a_body_stands_upright_and_faces_the_camera(features):
    head = build()
    for layer in (head.pose, head.betas, head.camera):
        torch.nn.init.zeros_(layer.weight)
    pose6d, betas, camera, _ = head(features)
    rotations = rotation_6d_to_matrix(interleaved_to_columns(pose6d))
    # SMPL's up, y, becomes up in the camera, -y; its front, z, turns to the camera, -z.
    half_turn = torch.diag(torch.tensor([1.0, -1.0, -1.0]))
    torch.testing.assert_close(rotations[:, :, 0], half_turn.expand(2, 4, 3, 3))
    torch.testing.assert_close(rotations[:, :, 1:], torch.eye(3).expand(2, 4, 23, 3, 3))
    assert not betas.any()
    torch.testing.assert_close(camera, torch.tensor([0.9, 0, 0]).expand(2, 4, 3))


def test_six_numbers_are_columns():
    """A quarter turn about z takes x to y and y to -x: the columns are (0, 1, 0), (-1, 0, 0)."""
    pose6d = torch.tensor([0.0, -1, 1, 0, 0, 0])
    turned = rotation_6d_to_matrix(interleaved_to_columns(pose6d))
    torch.testing.assert_close(turned, torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]))


def test_training_starts_near_the_mean(features):
    head = build().eval()
    pose6d, betas, camera, _ = head(features)
    assert (pose6d.flatten(2) - head.init_pose).abs().max() < 0.1
    assert (camera - head.init_cam).abs().max() < 0.1


def test_checkpoints_carry_the_mean(mean_params):
    head = build()
    head.load_state_dict(build(mean_params=mean_params[0]).state_dict())
    np.testing.assert_allclose(head.init_pose[0], mean_params[1]['pose'], rtol=1e-6)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda arrays: arrays.pop('cam'), r"has no \['cam'\], it has \['pose', 'shape'\]"),
        (lambda arrays: arrays.update(pose=np.zeros(72)), "'pose' got 72 numbers, expected 144"),
        (lambda arrays: arrays.update(shape=np.full(10, np.nan)), "'shape' got 10 numbers"),
    ],
)
def test_damaged_mean_params_are_refused(tmp_path, mean_params, change, message):
    arrays = dict(mean_params[1])
    change(arrays)
    np.savez(tmp_path / 'damaged.npz', **arrays)
    with pytest.raises(ValueError, match=f'damaged.npz.*{message}'):
        build(mean_params=tmp_path / 'damaged.npz')


def test_missing_mean_params_and_other_widths_are_errors(tmp_path, features):
    with pytest.raises(FileNotFoundError, match='smpl_mean_params.npz of SPIN'):
        build(mean_params=tmp_path / 'no.npz')
    with pytest.raises(ValueError, match=r'shape \(2, 4, 11\), expected \(..., 12\)'):
        build()(features[..., :11])
