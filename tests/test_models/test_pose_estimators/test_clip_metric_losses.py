import pytest
import torch
from torch import nn

from mmpose_ext.models.pose_estimators.clip_metric_losses import ClipMetricLosses
from mmpose_ext.models.pose_estimators.video_mesh_targets import video_mesh_targets
from mmpose_ext.registry import MODELS


class ToyMetricLoss(nn.Module):
    """Remembers what it was called with."""

    def forward(self, features, labels, valid, video_ids, anchors=None):
        self.call = features, labels, valid, video_ids
        self.statistics = dict(ratio_median=features.detach().mean())
        return features.square().mean()


@pytest.fixture(scope='module', autouse=True)
def _toy():
    MODELS.register_module(module=ToyMetricLoss, force=True)
    yield
    MODELS._module_dict.pop('ToyMetricLoss')


@pytest.fixture(scope='module')
def prediction(video):
    model = video.build().eval()
    with torch.no_grad():
        return model.estimate(torch.randn(3, video.frames, video.channels))


def build(*features):
    loss = dict(type='mmpose_ext.ToyMetricLoss')
    return ClipMetricLosses([dict(feature=feature, loss=loss) for feature in features])


def targets_of(video):
    samples = video.samples(3)
    samples[0].gt_instances.joints_valid[:] = 0
    samples[2].gt_instances.joints_valid[1] = 0
    return video_mesh_targets(samples, 'neutral', torch.zeros(1))


def test_losses_see_clips_with_3d_labels_only(video, prediction):
    losses, targets = build('encoder', 'joints', 'rotations', 'hidden'), targets_of(video)
    results = losses(prediction, targets, ['a', 'b', 'c'])
    assert {name for name in results if 'loss' in name} == {
        f'loss_metric_{feature}' for feature in ('encoder', 'joints', 'rotations', 'hidden')
    }
    for name, loss in zip(losses.features, losses.losses):
        features, labels, valid, ids = loss.call
        assert ids == ['b', 'c']
        assert valid.tolist() == [[True] * 4, [True, False, True, True]]
        torch.testing.assert_close(results[f'loss_metric_{name}'], features.square().mean())
        torch.testing.assert_close(results[f'metric/{name}_ratio_median'], features.mean())
        joints = targets.joints[1:, :, 25:39]
        root = (joints[:, :, 2:3] + joints[:, :, 3:4]) / 2
        torch.testing.assert_close(labels, joints - root)
    encoder, joints, rotations, hidden = (loss.call[0] for loss in losses.losses)
    assert torch.equal(encoder, prediction.encoded[1:])
    assert torch.equal(hidden, prediction.hidden[1:])
    assert torch.equal(rotations, prediction.rotations[1:].flatten(2))
    assert joints.shape == (2, 4, 42)
    hips = joints.unflatten(2, (14, 3))[:, :, 2:4].sum(2)
    torch.testing.assert_close(hips, torch.zeros_like(hips), atol=1e-5, rtol=0)


def test_without_labelled_clips_the_loss_is_zero_with_a_gradient(video, prediction):
    targets = targets_of(video)
    targets = targets._replace(joints_valid=torch.zeros(3, 4))
    encoded = prediction.encoded.clone().requires_grad_()
    losses = build('encoder')
    loss = losses(prediction._replace(encoded=encoded), targets, ['a', 'b', 'c'])
    loss['loss_metric_encoder'].backward()
    assert loss['loss_metric_encoder'] == 0
    assert not encoded.grad.any()
    assert not hasattr(losses.losses[0], 'call')


def test_without_losses_there_is_nothing(video, prediction):
    assert build()(prediction, targets_of(video), ['a', 'b', 'c']) == {}


@pytest.mark.parametrize('features', [('vertices',), ('encoder', 'encoder')])
def test_unknown_and_repeated_features_are_refused(features):
    with pytest.raises(ValueError, match='metric_losses got the features'):
        build(*features)
