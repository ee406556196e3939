import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from mmpose_ext.body_models import load_standin
from mmpose_ext.geometry import (
    axis_angle_to_matrix,
    image_camera,
    predicted_to_crop,
    predicted_to_image,
    project,
)
from mmpose_ext.models.pose_estimators import MeshEstimator
from mmpose_ext.models.pose_estimators.mesh_targets import mesh_targets
from mmpose_ext.registry import MODELS
from mmpose_ext.skeletons import GRAPH15, SUPERSET30

CROP = 64


def build(config: dict, seed: int = 0) -> MeshEstimator:
    torch.manual_seed(seed)
    model = MODELS.build(config)
    model.init_weights()
    return model


@pytest.fixture(scope='module')
def trained(mesh_config: Callable[..., dict], mesh_batch: Callable[..., dict]) -> MeshEstimator:
    """A model whose outputs are not those it starts with."""
    model = build(mesh_config())
    optimizer = OptimWrapper(torch.optim.Adam(model.parameters(), lr=1e-2))
    model.train()
    for step in range(3):
        model.train_step(mesh_batch(4, seed=step), optimizer)
    model.eval()
    return model


def losses(model: MeshEstimator, batch: dict) -> dict[str, Tensor]:
    return model(**model.data_preprocessor(copy.deepcopy(batch), True), mode='loss')


def predicted(model: MeshEstimator, batch: dict) -> list:
    return model.val_step(copy.deepcopy(batch))


def test_gradients_reach_every_trainable_parameter(
    mesh_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    model = build(mesh_config(in_channels=4))
    model.train()
    total, log = model.parse_losses(losses(model, mesh_batch(edge=1.0)))
    total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        # Zero-initialized residual branches get a gradient in their last norm only.
        assert parameter.grad.any() or name.startswith('backbone.layer'), name
    terms = [value for name, value in log.items() if name != 'loss']
    assert len(terms) == 7
    torch.testing.assert_close(sum(terms), log['loss'])


def test_it_learns_the_bodies_it_is_shown(
    mesh_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    """Losses, cameras and units agree: what minimizes them is the labelled body in its place."""
    model, batch = build(mesh_config()), mesh_batch(2)
    samples = batch['data_samples']
    fits = mesh_targets(samples, model._body, 'neutral', CROP, CROP, torch.zeros(1))
    for index, sample in enumerate(samples):
        labels = sample.gt_instances
        labels.keypoints = fits.fit_positions[[index], :, :2]
        labels.keypoints_visible = fits.fit_positions_mask[[index], :, 0]
        labels.joints_cam, labels.joints_cam_valid = fits.fit_joints[[index]], torch.ones(1, 30)
        labels.bboxes = torch.tensor([[0.0, 0.0, CROP, CROP]])
        batch['inputs']['joints'][index] = labels.keypoints[0]
    model.train()
    optimizer = OptimWrapper(torch.optim.Adam(model.parameters(), lr=3e-3))
    for _ in range(30):
        model.train_step(copy.deepcopy(batch), optimizer)
    inputs = model.data_preprocessor(batch)['inputs']
    for index, sample in enumerate(model.predict(inputs, samples)):
        errors = sample.pred_instances.joints[0] - fits.fit_joints[index].numpy()
        assert np.linalg.norm(errors, axis=1).mean() < 0.05
        errors = sample.pred_instances.keypoints[0] - fits.fit_positions[index, :, :2].numpy()
        assert np.linalg.norm(errors, axis=1).mean() < 0.05 * CROP


def test_predicted_arrays_describe_one_body(
    trained: MeshEstimator, mesh_batch: Callable[..., dict]
) -> None:
    for sample in predicted(trained, mesh_batch(2)):
        instances = sample.pred_instances
        assert len(instances) == 1
        body = load_standin()
        vertices, _ = body.skin(instances.smpl_betas[0], instances.smpl_pose[0])
        pelvis = body.J_regressor[0] @ vertices
        np.testing.assert_allclose(instances.vertices[0], vertices - pelvis, atol=1e-4)
        np.testing.assert_allclose(
            instances.smpl_rotations[0], axis_angle_to_matrix(instances.smpl_pose[0]), atol=1e-5
        )
        assert not instances.joints[0, SUPERSET30.index('pelvis')].any()
        np.testing.assert_allclose(
            instances.joints[0, :24], body.J_regressor @ vertices - pelvis, atol=1e-4
        )
        hands = instances.smpl_pose[0, SUPERSET30.indices(['left_hand', 'right_hand'])]
        assert not hands.any()
        assert instances.keypoint_scores.shape == (1, 30)
        assert instances.bbox_scores.tolist() == [1.0]


def test_keypoints_are_the_joints_through_the_crops_camera(
    trained: MeshEstimator, mesh_batch: Callable[..., dict]
) -> None:
    batch = mesh_batch(2)
    data = trained.data_preprocessor(copy.deepcopy(batch), False)
    prediction = trained(**data, mode='tensor')
    for index, sample in enumerate(predicted(trained, batch)):
        instances = sample.pred_instances
        left, top, right, bottom = instances.bboxes[0].tolist()
        xywh = torch.tensor([left, top, right - left, bottom - top])
        expected = predicted_to_image(
            prediction.joints[index], prediction.camera[index], xywh, CROP
        )
        torch.testing.assert_close(torch.from_numpy(instances.keypoints[0]), expected.detach())
        # What the losses compare is the same, in 64ths of the crop.
        pixels = predicted_to_crop(prediction.joints[index], prediction.camera[index], CROP)
        torch.testing.assert_close(prediction.projected[index], pixels * 64 / CROP)


def test_the_translation_puts_the_body_into_the_camera_of_the_image(
    trained: MeshEstimator, mesh_batch: Callable[..., dict]
) -> None:
    """Through it the joints are where the keypoints are, but for the depth within the body."""
    for sample in predicted(trained, mesh_batch(2)):
        instances = sample.pred_instances
        left, top, right, bottom = instances.bboxes[0].tolist()
        camera = image_camera((left, top, right - left, bottom - top), 640, 480)
        placed = instances.joints[0] + instances.transl[0]
        assert (placed[:, 2] > 1).all()
        distance = np.linalg.norm(project(placed, camera) - instances.keypoints[0], axis=1)
        assert distance.max() < 0.05 * (right - left)


def test_graph_joints_are_in_pixels_of_the_crop_and_metres(
    trained: MeshEstimator, mesh_batch: Callable[..., dict]
) -> None:
    batch = mesh_batch(2)
    data = trained.data_preprocessor(copy.deepcopy(batch), False)
    positions = trained(**data, mode='tensor').positions
    for index, sample in enumerate(predicted(trained, batch)):
        joints = sample.pred_instances.graph_joints[0]
        coordinates = positions.coordinates[index].detach().numpy()
        np.testing.assert_allclose(joints[:, :2], coordinates[:, :2] * CROP / 64, rtol=1e-5)
        np.testing.assert_allclose(joints[:, 2], coordinates[:, 2] / 32 - 1, atol=1e-5)
        own = sample.pred_instances.keypoint_scores[0, SUPERSET30.indices(GRAPH15.keypoints)]
        np.testing.assert_allclose(own, positions.scores[index, :, 0].detach(), rtol=1e-5)


def test_without_edges_a_four_channel_model_says_what_is_missing(
    mesh_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    model = build(mesh_config(in_channels=4))
    with pytest.raises(ValueError, match="without 'edge'.*RenderSMPLEdge"):
        losses(model, mesh_batch())


@MODELS.register_module()
class RedEdges(nn.Module):
    """An edge source that can be recognized."""

    def forward(self, images: Tensor) -> Tensor:
        assert 0 <= images.min() <= images.max() <= 1
        return images[:, :1]


def test_edges_are_divided_like_the_images_beside_them(
    mesh_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    plain = build(mesh_config(in_channels=4)).eval()
    divided = build(
        mesh_config(in_channels=4)
        | dict(data_preprocessor=dict(type='mmpose_ext.MeshDataPreprocessor', edge_std=0.25))
    ).eval()
    inputs = plain.data_preprocessor(mesh_batch(2, edge=0.5))['inputs']
    scaled = dict(inputs, edge=inputs['edge'] * 4)
    with torch.no_grad():
        seen, expected = divided.extract_feat(inputs), plain.extract_feat(scaled)
        other = plain.extract_feat(inputs)
    for a, b, c in zip(seen, expected, other):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)


def test_an_edge_source_sees_rgb_images_in_0_to_1(
    mesh_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    preprocessor = dict(
        type='mmpose_ext.MeshDataPreprocessor', mean=[120, 110, 100], std=[50, 60, 70]
    )
    options = dict(in_channels=4, data_preprocessor=preprocessor)
    learned = build(mesh_config(**options, edge=dict(type='mmpose_ext.RedEdges')))
    packed = build(mesh_config(**options))
    batch = mesh_batch(2, edge=1.0)
    batch['inputs']['edge'] = [image[2:].float() / 255 for image in batch['inputs']['img']]
    results = []
    for model in (learned, packed):
        model.eval()
        inputs = model.data_preprocessor(copy.deepcopy(batch))['inputs']
        results.append(model(inputs).vertices)
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-5)
    with pytest.raises(
        ValueError, match="in_channels got 3 with the edge source 'mmpose_ext.RedEdges'"
    ):
        build(mesh_config(edge=dict(type='mmpose_ext.RedEdges')))


def test_a_neck_may_give_the_heads_a_finer_map(
    mesh_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    neck = dict(type='mmpose_ext.FinestLevelNeck', in_channels=(8, 16, 32, 64), out_channels=12)
    config = mesh_config(neck=neck)
    config['position_head'] |= dict(in_channels=12)
    config['mesh_head'] |= dict(in_channels=12)
    model = build(config)
    data = model.data_preprocessor(mesh_batch(2))
    assert [stage.shape[-1] for stage in model.extract_feat(data['inputs'])] == [16, 8, 4, 2]
    assert model(**data).positions.bins.max() > 5, 'the map has 16 bins rather than 2'
    model.train()
    total, _ = model.parse_losses(losses(model, mesh_batch()))
    total.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_mixed_precision_keeps_bodies_and_losses_in_single_precision(
    mesh_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    model = build(mesh_config())
    model.train()
    inputs = model.data_preprocessor(mesh_batch(2))['inputs']
    with torch.autocast('cpu', dtype=torch.bfloat16):
        stages = model.extract_feat(inputs)
        prediction = model.estimate(stages, CROP)
    assert stages[-1].dtype == torch.bfloat16
    expected = model.estimate(tuple(stage.float() for stage in stages), CROP)
    for mine, reference in zip(prediction[1:], expected[1:]):
        assert mine.dtype == torch.float32
        assert torch.equal(mine, reference)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        terms = losses(model, mesh_batch(2))
    assert all(value.dtype == torch.float32 for value in terms.values())


def test_checkpoints_hold_nothing_of_the_body(mesh_config: Callable[..., dict]) -> None:
    model = build(mesh_config())
    parts = {key.split('.')[0] for key in model.state_dict()}
    assert parts == {'backbone', 'position_head', 'mesh_head'}
    other = build(mesh_config(body_model=dict(path='standin', gender='male')))
    other.load_state_dict(model.state_dict(), strict=True)


def test_crops_must_be_square(
    mesh_config: Callable[..., dict], mesh_batch: Callable[..., dict]
) -> None:
    batch = mesh_batch(2)
    batch['inputs']['img'] = [image[:, :32] for image in batch['inputs']['img']]
    with pytest.raises(ValueError, match=r'size \(h, w\) \(32, 64\), expected a square'):
        losses(build(mesh_config()), batch)


def test_an_unknown_mode_is_refused(mesh_config: Callable[..., dict]) -> None:
    with pytest.raises(ValueError, match="mode got 'train'"):
        build(mesh_config())({}, None, mode='train')
