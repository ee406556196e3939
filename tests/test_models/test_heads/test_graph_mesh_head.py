import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates
from torch import nn

from mmpose_ext.geometry import interleaved_to_columns, rotation_6d_to_matrix
from mmpose_ext.models.heads import (
    GraphConvolution,
    GraphMeshHead,
    JointPositions,
    normalized_adjacency,
)
from mmpose_ext.models.heads.graph_mesh_head import sample_features
from mmpose_ext.skeletons import GRAPH15


def positions(batch: int, size: int = 4, seed: int = 0) -> JointPositions:
    generator = torch.Generator().manual_seed(seed)
    bins = torch.rand(batch, 15, 3, generator=generator) * (size - 1)
    scores = torch.rand(batch, 15, 1, generator=generator)
    return JointPositions(bins.requires_grad_(), bins, scores.requires_grad_())


def test_the_adjacency_is_the_published_one() -> None:
    adjacency = normalized_adjacency(GRAPH15)
    assert torch.equal(adjacency, adjacency.T)
    assert torch.linalg.eigvalsh(adjacency).abs().max().item() == pytest.approx(1)
    # Bones and left-right pairs by number, as 3DCrowdNet lists them.
    bones = [(0, 1), (1, 3), (3, 5), (0, 2), (2, 4), (4, 6), (0, 7), (7, 8), (7, 9), (9, 11)]
    bones += [(11, 13), (7, 10), (10, 12), (12, 14)]
    pairs = [(1, 2), (3, 4), (5, 6), (9, 10), (11, 12), (13, 14)]
    matrix = np.eye(15)
    for first, second in bones + pairs:
        matrix[first, second] = matrix[second, first] = 1
    degrees = matrix.sum(1)
    assert degrees.tolist() == [4, 4, 4, 4, 4, 3, 3, 5, 2, 4, 4, 4, 4, 3, 3]
    expected = np.diag(degrees**-0.5) @ matrix @ np.diag(degrees**-0.5)
    np.testing.assert_allclose(adjacency, expected, atol=1e-12)


@pytest.mark.parametrize('training', [True, False])
def test_each_joint_has_a_linear_layer_and_a_batch_norm_of_its_own(training: bool) -> None:
    torch.manual_seed(0)
    adjacency = normalized_adjacency(GRAPH15)
    layer = GraphConvolution(adjacency, 6, 5).train(training)
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    nn.init.uniform_(layer.norm.weight, 0.5, 2)
    nn.init.normal_(layer.norm.bias)
    layer.norm.running_mean.normal_()
    layer.norm.running_var.uniform_(0.5, 2)
    inputs = torch.randn(8, 15, 6)
    columns, means = [], []
    for joint in range(15):
        linear, norm = nn.Linear(6, 5), nn.BatchNorm1d(5).train(training)
        linear.weight.data, linear.bias.data = layer.weight[joint].T, layer.bias[joint]
        part = slice(joint * 5, joint * 5 + 5)
        norm.weight.data, norm.bias.data = layer.norm.weight[part], layer.norm.bias[part]
        norm.running_mean = layer.norm.running_mean[part].clone()
        norm.running_var = layer.norm.running_var[part].clone()
        columns.append(norm(linear(inputs[:, joint])))
        means.append(norm.running_mean)
    expected = torch.zeros(8, 15, 5)
    for joint in range(15):
        for other in range(15):
            expected[:, joint] += adjacency[joint, other].float() * columns[other]
    torch.testing.assert_close(layer(inputs), expected.relu(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(layer.norm.running_mean, torch.cat(means))


def test_features_are_interpolated_at_x_and_y_of_the_joints() -> None:
    features = torch.randn(2, 3, 5, 7, dtype=torch.float64)
    generator = np.random.default_rng(0)
    bins = generator.uniform(0, [6, 4, 9], size=(2, 4, 3))
    sampled = sample_features(features, torch.from_numpy(bins))
    for sample in range(2):
        for channel in range(3):
            expected = map_coordinates(
                features[sample, channel].numpy(), bins[sample, :, 1::-1].T, order=1
            )
            np.testing.assert_allclose(sampled[sample, :, channel], expected, atol=1e-12)


def test_the_graph_sees_features_then_position_then_score() -> None:
    head = GraphMeshHead(6, hidden_channels=4, num_blocks=1)
    seen = []
    head.graph.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    features, places = torch.randn(2, 6, 4, 4), positions(2)
    head(features, places)
    torch.testing.assert_close(seen[0][..., :6], sample_features(features, places.bins))
    assert torch.equal(seen[0][..., 6:9], places.bins)
    assert torch.equal(seen[0][..., 9:], places.scores)


def test_gradients_reach_the_features_but_not_the_positions() -> None:
    head = GraphMeshHead(6, hidden_channels=4, num_blocks=1)
    features, places = torch.randn(4, 6, 4, 4, requires_grad=True), positions(4)
    sum(output.square().sum() for output in head(features, places)).backward()
    assert features.grad.abs().sum() > 0
    assert places.bins.grad is None
    assert places.scores.grad is None
    assert all(parameter.grad is not None for parameter in head.parameters())


def test_training_starts_from_an_upright_person_who_faces_the_camera() -> None:
    head = GraphMeshHead(6)
    head.init_weights()
    head.eval()
    parameters = head(torch.zeros(2, 6, 4, 4), positions(2))
    rotation = rotation_6d_to_matrix(interleaved_to_columns(parameters.root))[0]
    # The body's axes: its left is the image's right, its head is up, its face is towards us.
    torch.testing.assert_close(rotation, torch.diag(torch.tensor([1.0, -1, -1])), rtol=0, atol=0.2)
    assert parameters.camera[0, 2].item() == pytest.approx(1.7, abs=0.2)


def test_published_initialization_is_possible() -> None:
    head = GraphMeshHead(6, root_bias=(0,) * 6, camera_bias=(0,) * 3)
    head.init_weights()
    for layer in (head.root, head.latent, head.betas, head.camera):
        assert not layer.bias.any()
        assert layer.weight.std().item() == pytest.approx(0.01, rel=0.1)
    assert head.graph[0].weight.std().item() == pytest.approx(0.01, rel=0.1)
