import contextlib
import copy

import numpy as np
import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import nn

from mmpose_ext.geometry import (
    matrix_to_axis_angle,
    project_points,
    weak_image_intrinsics,
    weak_to_crop,
)
from mmpose_ext.registry import MODELS


@pytest.fixture(scope='module', autouse=True)
def _toy_networks():
    """A backbone and a mask encoder that average pixels."""

    class ToyVectors(nn.Module):
        def __init__(self, in_channels, out_channels):
            super().__init__()
            self.linear = nn.Linear(in_channels, out_channels)

        def forward(self, images):
            return self.linear(images.mean(dim=(2, 3)))

    MODELS.register_module(module=ToyVectors, force=True)
    yield
    MODELS._module_dict.pop('ToyVectors')


def toy(in_channels, out_channels):
    return dict(type='mmpose_ext.ToyVectors', in_channels=in_channels, out_channels=out_channels)


@pytest.fixture(scope='module')
def plain(video):
    """An estimator that tests do not train."""
    return video.build().eval()


@pytest.fixture(scope='module')
def adversary(video):
    """An estimator with a discriminator, to be copied."""
    return video.build(discriminator=video.discriminator())


def adam(model):
    return OptimWrapper(torch.optim.Adam(model.parameters(), lr=1e-3))


def optimizers(model, generator_lr=1e-2, discriminator_lr=1e-2):
    parts = dict(generator=[], discriminator=[])
    for name, parameter in model.named_parameters():
        parts['discriminator' if 'discriminator' in name else 'generator'].append(parameter)
    rates = dict(generator=generator_lr, discriminator=discriminator_lr)
    return OptimWrapperDict(
        **{
            part: OptimWrapper(torch.optim.SGD(parameters, lr=rates[part]))
            for part, parameters in parts.items()
        }
    )


def state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def changed(model, before):
    return {name for name, value in model.state_dict().items() if not value.equal(before[name])}


def test_prediction_is_consistent(plain, video):
    features = torch.randn(2, video.frames, video.channels)
    prediction = plain(dict(features=features))
    assert prediction.vertices.shape == (2, video.frames, 6890, 3)
    assert prediction.joints.shape == (2, video.frames, 49, 3)
    output = plain.body(prediction.rotations[1], prediction.betas[1])
    torch.testing.assert_close(prediction.vertices[1], output.vertices, atol=1e-5, rtol=0)
    torch.testing.assert_close(prediction.joints[1], output.joints, atol=1e-5, rtol=0)
    torch.testing.assert_close(
        prediction.projected, weak_to_crop(prediction.joints, prediction.camera)
    )
    alone = plain.estimate(features, with_vertices=False)
    assert alone.vertices is None
    torch.testing.assert_close(alone.joints, prediction.joints, atol=1e-5, rtol=0)
    determinants = torch.linalg.det(prediction.rotations)
    torch.testing.assert_close(determinants, torch.ones_like(determinants))


def test_six_numbers_of_the_head_are_columns(video):
    """A body turned by a quarter about z: its x axis, the first column, points along y."""
    model = video.build().eval()
    turned = torch.tensor([0.0, -1, 1, 0, 0, 0])
    with torch.no_grad():
        model.head.init_pose[0, :6] = turned
        model.head.pose.weight.zero_()
    rotations = model.estimate(torch.zeros(1, 1, video.channels)).rotations
    expected = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    torch.testing.assert_close(rotations[0, 0, 0], expected)


@pytest.mark.parametrize(('clips', 'frames'), [(1, 1), (1, 4), (2, 1)])
def test_one_clip_and_one_frame(video, adversary, clips, frames):
    model = copy.deepcopy(adversary)
    motion = dict(inputs=dict(motion=torch.zeros(1, 1, 69)))
    data = dict(kp3d=video.stream(clips, frames=frames), motion=motion)
    if frames > 1:
        data['motion'] = video.motion(1)
    logged = model.train_step(data, optimizers(model))
    assert all(torch.as_tensor(value).isfinite() for value in logged.values())
    predicted = model.eval().val_step(video.stream(clips, frames=frames))
    assert predicted[0].pred_instances.joints.shape == (frames, 49, 3)


def test_predictions_have_a_row_per_frame_and_agree_with_each_other(plain, video):
    samples = plain.val_step(video.stream(2))
    shapes = dict(smpl_pose=(24, 3), smpl_betas=(10,), smpl_rotations=(24, 3, 3), camera=(3,))
    shapes |= dict(vertices=(6890, 3), joints=(49, 3), keypoints=(49, 2), keypoint_scores=(49,))
    shapes |= dict(transl=(3,), bboxes=(4,))
    for sample in samples:
        people = sample.pred_instances
        for name, shape in shapes.items():
            assert people[name].shape == (video.frames, *shape), name
            assert isinstance(people[name], np.ndarray)
        np.testing.assert_array_equal(people.bboxes, sample.gt_instances.bboxes)
        pixels = project_points(
            people.joints + people.transl[:, None], weak_image_intrinsics(people.bboxes)
        )
        np.testing.assert_allclose(people.keypoints, pixels, atol=1e-2)
        np.testing.assert_allclose(
            matrix_to_axis_angle(people.smpl_rotations), people.smpl_pose, atol=1e-5
        )


def test_training_lowers_the_loss(video):
    model = video.build()
    optimizer, data = adam(model), video.stream(2)
    losses = [model.train_step(data, optimizer)['loss'].item() for _ in range(15)]
    assert losses[-1] < 0.95 * losses[0]


def test_streams_together_are_what_they_are_alone(video):
    """One forward of all clips in the order 2D, 3D, target."""
    model = video.build().eval()
    data = dict(
        target=video.stream(1, seed=3), kp3d=video.stream(2, seed=1), kp2d=video.stream(3, seed=2)
    )
    data = model.data_preprocessor(data)
    batch = model.clip_batch(data)
    assert batch.streams == dict(kp2d=slice(0, 3), kp3d=slice(3, 5), target=slice(5, 6))
    for name, rows in batch.streams.items():
        alone = model.estimate(data[name]['inputs']['features'], with_vertices=False)
        torch.testing.assert_close(batch.prediction.joints[rows], alone.joints)
        labels = data[name]['data_samples'][0].gt_instances
        np.testing.assert_array_equal(batch.targets.joints[rows][0], labels.joints)
    assert batch.video_ids == ['video0', 'video1', 'video2', 'video0', 'video1', 'video0']


def test_of_the_2d_stream_only_2d_labels_are_learned_from(video):
    model = video.build().eval()
    data = model.data_preprocessor(dict(kp2d=video.stream(2), kp3d=video.stream(1)))
    targets = model.clip_batch(data).targets
    for name in ('joints_valid', 'smpl_valid', 'betas_valid'):
        assert getattr(targets, name).tolist() == [[0.0] * 4, [0.0] * 4, [1.0] * 4], name
    assert targets.keypoints_visible[:2].any()


@pytest.mark.parametrize('gendered_betas', [False, True])
def test_shapes_of_another_gender_are_learned_from_as_published_if_asked(video, gendered_betas):
    model = video.build(gendered_betas=gendered_betas).eval()
    data = model.data_preprocessor(video.stream(2, gender='male'))
    batch = model.clip_batch(dict(kp3d=data))
    betas = torch.stack(
        [torch.from_numpy(sample.gt_instances.smpl_betas) for sample in data['data_samples']]
    )
    expected = 0.06 * (batch.prediction.betas - betas).square().mean()
    found = model.generator_losses(batch)
    torch.testing.assert_close(found['loss_shape'], expected * gendered_betas)
    assert found['loss_pose'] > 0


def test_each_step_leaves_the_other_network_untouched(video, adversary):
    data = dict(kp3d=video.stream(2), motion=video.motion(3))
    for generator_lr, discriminator_lr in ((1e-2, 0.0), (0.0, 1e-2)):
        model = copy.deepcopy(adversary)
        before = state(model)
        model.train_step(data, optimizers(model, generator_lr, discriminator_lr))
        parts = {name.split('.')[0] for name in changed(model, before)}
        assert parts == ({'encoder', 'head'} if generator_lr else {'discriminator'})
        assert all(parameter.requires_grad for parameter in model.parameters())


def test_gradients_of_each_step_stay_in_its_network(video, adversary, monkeypatch):
    model = copy.deepcopy(adversary)
    wrappers, seen = optimizers(model), {}
    for part in ('generator', 'discriminator'):
        update = wrappers[part].update_params

        def spy(loss, part=part, update=update):
            for parameter in model.parameters():
                parameter.grad = None
            loss.backward(retain_graph=True)
            seen[part] = {
                name.split('.')[0]
                for name, parameter in model.named_parameters()
                if parameter.grad is not None
            }
            model.zero_grad()
            update(loss)

        monkeypatch.setattr(wrappers[part], 'update_params', spy)
    model.train_step(dict(kp3d=video.stream(2), motion=video.motion(3)), wrappers)
    assert seen == dict(generator={'encoder', 'head'}, discriminator={'discriminator'})


def test_adversarial_losses_are_the_published_ones(video, adversary):
    model = copy.deepcopy(adversary).eval()
    data = model.data_preprocessor(dict(kp3d=video.stream(2), motion=video.motion(3)))
    batch = model.clip_batch(data)
    rotations = batch.prediction.rotations[:, :, 1:]
    fake = matrix_to_axis_angle(rotations).reshape(2, video.frames, 69)
    expected = 0.5 * (model.discriminator(fake) - 1).square().mean()
    torch.testing.assert_close(model.generator_losses(batch)['loss_adversarial'], expected)

    real = data['motion']['inputs']['motion']
    logged = model.train_step(
        dict(kp3d=video.stream(2), motion=video.motion(3)), optimizers(model, 0.0, 0.0)
    )
    for name, loss in (
        ('real', (model.discriminator(real) - 1).square().mean()),
        ('fake', model.discriminator(fake).square().mean()),
    ):
        torch.testing.assert_close(logged[f'loss_discriminator_{name}'], 0.5 * loss.detach())
    terms = sum(
        value
        for name, value in logged.items()
        if name.startswith('loss_') and 'discriminator' not in name
    )
    torch.testing.assert_close(logged['loss'], terms)


def test_discriminator_learns_to_tell_motions_apart(video, adversary):
    model = copy.deepcopy(adversary)
    data = dict(kp3d=video.stream(2), motion=video.motion(4))
    wrappers = OptimWrapperDict(
        generator=optimizers(model, generator_lr=0.0)['generator'],
        discriminator=OptimWrapper(torch.optim.Adam(model.discriminator.parameters(), lr=1e-2)),
    )
    losses = []
    for _ in range(20):
        logged = model.train_step(data, wrappers)
        losses.append(sum(logged[f'loss_discriminator_{name}'].item() for name in ('real', 'fake')))
    assert losses[-1] < losses[0] / 2


def test_body_keeps_its_precision_under_autocast(video):
    model = video.build().eval()
    features = torch.randn(2, video.frames, video.channels)
    with torch.autocast('cpu', torch.bfloat16):
        prediction = model.estimate(features)
        expected = model.estimate(prediction.encoded)
    assert prediction.joints.dtype == prediction.projected.dtype == torch.float32
    plain = model.body(prediction.rotations[0], prediction.betas[0])
    torch.testing.assert_close(prediction.vertices[0], plain.vertices, atol=1e-5, rtol=0)
    assert expected.joints.isfinite().all()


class HalfPrecision(OptimWrapper):
    """MMEngine's for automatic mixed precision, which it does not offer for CPUs."""

    @contextlib.contextmanager
    def optim_context(self, model):
        with super().optim_context(model), torch.autocast('cpu', torch.bfloat16):
            yield


def test_mixed_precision_training_step(video, adversary):
    model = copy.deepcopy(adversary)
    wrappers = OptimWrapperDict(
        **{name: HalfPrecision(wrapper.optimizer) for name, wrapper in optimizers(model).items()}
    )
    data = dict(kp3d=video.stream(2), motion=video.motion(2))
    full = copy.deepcopy(adversary).train_step(data, optimizers(model, 0.0, 0.0))
    half = model.train_step(data, wrappers)
    for name, value in full.items():
        torch.testing.assert_close(half[name], value, rtol=0.05, atol=0.02, msg=name)


def test_images_go_through_the_backbone(video):
    model = video.build(backbone=toy(3, video.channels))
    data = video.stream(2)
    images = [torch.randint(0, 256, (video.frames, 3, 8, 8), dtype=torch.uint8) for _ in range(2)]
    data['inputs'] = dict(img=images)
    inputs = model.data_preprocessor(data)['inputs']
    features = model.extract_feat(inputs)
    for clip in range(2):
        for frame in range(video.frames):
            alone = model.backbone(inputs['img'][clip, frame][None])[0]
            torch.testing.assert_close(features[clip, frame], alone)
    before = state(model)
    model.train_step(data, adam(model))
    assert any(name.startswith('backbone') for name in changed(model, before))
    ready = torch.randn(1, video.frames, video.channels)
    assert model.extract_feat(dict(features=ready)) is ready


@pytest.mark.parametrize('fusion', ['hadamard', 'residual'])
def test_masks_are_joined_frame_by_frame(video, fusion):
    model = video.build(mask_encoder=toy(1, video.channels), fusion=fusion)
    features = torch.randn(2, video.frames, video.channels)
    masks = torch.rand(2, video.frames, 1, 8, 8)
    joined = model.extract_feat(dict(features=features, mask=masks))
    vector = model.mask_encoder(masks[1, 2][None])[0]
    own = features[1, 2]
    torch.testing.assert_close(joined[1, 2], own * vector if fusion == 'hadamard' else own + vector)
    with pytest.raises(ValueError, match="expected 'mask' too for the mask_encoder"):
        model.extract_feat(dict(features=features))


def test_without_an_encoder_frames_are_estimated_by_themselves(video):
    model = video.build(encoder=None).eval()
    features = torch.randn(2, video.frames, video.channels)
    whole = model.estimate(features, with_vertices=False)
    frame = model.estimate(features[1:, 2:3], with_vertices=False)
    torch.testing.assert_close(whole.joints[1, 2], frame.joints[0, 0])


def test_checkpoints_carry_nothing_of_the_body(adversary):
    parts = {name.split('.')[0] for name in adversary.state_dict()}
    assert parts == {'encoder', 'head', 'discriminator'}


def test_bad_inputs_are_clear_errors(video, plain, adversary):
    with pytest.raises(ValueError, match=r"streams \['kp3d', 'music'\], expected some of"):
        plain(mode='loss', kp3d=video.stream(1), music={})
    with pytest.raises(ValueError, match=r"streams \['motion'\].*clips among them"):
        plain(mode='loss', **dict(motion=video.motion(1)))
    with pytest.raises(ValueError, match="without a backbone, expected 'features', or 'img'"):
        plain(dict(img=torch.zeros(1, 2, 3, 8, 8)))
    with pytest.raises(ValueError, match="mode got 'train', expected 'loss'"):
        plain(dict(features=torch.zeros(1, 1, video.channels)), mode='train')
    with pytest.raises(ValueError, match=r'shape \(1, 2, 3\), expected \(B, T, 16\)'):
        plain(dict(features=torch.zeros(1, 2, 3)))
    data = plain.data_preprocessor(
        dict(kp2d=video.stream(1), kp3d=video.stream(1, frames=video.frames + 1))
    )
    with pytest.raises(ValueError, match="inputs of the stream 'kp3d' got the shapes"):
        plain(mode='loss', **data)
    model = copy.deepcopy(adversary)
    with pytest.raises(ValueError, match="expected 'motion' too for the discriminator"):
        model.train_step(dict(kp3d=video.stream(1)), optimizers(model))
    with pytest.raises(ValueError, match='GANOptimWrapperConstructor'):
        model.train_step(dict(kp3d=video.stream(1), motion=video.motion(1)), adam(model))
    for options in (dict(fusion='hadamard'), dict(mask_encoder=toy(1, video.channels))):
        with pytest.raises(ValueError, match='expected both or neither'):
            video.build(**options)
