from collections.abc import Callable

import numpy as np
import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from torch import Tensor

from mmpose_ext.models.losses import CrossDomainMetricLoss
from mmpose_ext.models.pose_estimators.cross_domain_losses import CrossDomainLosses
from mmpose_ext.models.video_batch import centred_lsp14, select_clips
from mmpose_ext.registry import MODELS

FRAMES, CHANNELS = 4, 8
CROSS = dict(feature='encoder', loss=dict(type='mmpose_ext.CrossDomainMetricLoss'))
JOINTS = dict(feature='joints', loss=dict(type='mmpose_ext.CrossDomainMetricLoss', form='thesis'))
IN_BATCH = dict(feature='encoder', loss=dict(type='mmpose_ext.InBatchTripletMetricLoss'))
KEYS = {f'loss_{name}' for name in ('keypoints2d', 'keypoints3d', 'pose', 'shape')}


def config(name: str = 'FewShotVideoMeshEstimator', **options: object) -> dict:
    """Config of a network of a few thousand parameters without dropout."""
    model = dict(
        type=f'mmpose_ext.{name}',
        encoder=dict(type='mmpose_ext.TemporalGRUEncoder', in_channels=CHANNELS, hidden_channels=8),
        head=dict(
            type='mmpose_ext.SMPLIterativeHead',
            in_channels=CHANNELS,
            hidden_channels=8,
            dropout=0.0,
        ),
        body_model=dict(path='standin'),
    )
    return model | options


@pytest.fixture(scope='module')
def build() -> Callable[..., torch.nn.Module]:
    """Build a network; the same weights in every call."""

    def make(**options: object) -> torch.nn.Module:
        torch.manual_seed(0)
        return MODELS.build(config(**options))

    return make


def stream(clips: int, seed: int, labelled: bool = True) -> dict:
    """A batch of clips as a dataloader gives it."""
    generator = np.random.default_rng(seed)

    def normal(*shape: int, scale: float = 1.0) -> np.ndarray:
        return (scale * generator.normal(size=shape)).astype(np.float32)

    samples, features = [], []
    for clip in range(clips):
        sample = PoseDataSample(metainfo=dict(video_id=f'{seed}_{clip}', gender='neutral'))
        marks = np.full(FRAMES, labelled, dtype=np.float32)
        sample.gt_instances = InstanceData(
            keypoints=normal(FRAMES, 49, 2, scale=0.3),
            keypoints_visible=np.ones((FRAMES, 49), dtype=np.float32),
            joints=normal(FRAMES, 49, 3, scale=0.3),
            joints_valid=marks,
            smpl_pose=normal(FRAMES, 24, 3, scale=0.3),
            smpl_betas=normal(FRAMES, 10),
            smpl_valid=marks,
        )
        samples.append(sample)
        features.append(torch.from_numpy(normal(FRAMES, CHANNELS)))
    return dict(inputs=dict(features=features), data_samples=samples)


@pytest.fixture
def streams() -> dict[str, dict]:
    """Seven source clips, three shots and two clips with 2D labels."""
    return dict(kp3d=stream(7, 1), kp2d=stream(2, 2, labelled=False), target=stream(3, 3))


def losses(model: torch.nn.Module, streams: dict[str, dict]) -> dict[str, Tensor]:
    return model(**model.data_preprocessor(streams, True), mode='loss')


def test_shots_add_cross_domain_losses(build: Callable, streams: dict) -> None:
    model = build(cross_domain_losses=[CROSS, JOINTS], metric_losses=[IN_BATCH])
    found = losses(model, streams)
    cross = {'loss_cross_domain_encoder', 'loss_cross_domain_joints'}
    assert {name for name in found if 'loss' in name} == KEYS | cross | {'loss_metric_encoder'}
    assert 'metric/cross_domain_encoder_ratio_median' in found
    assert 'metric/cross_domain_joints_within_over_cross' in found
    total, _ = model.parse_losses(found)
    torch.testing.assert_close(total, sum(v for name, v in found.items() if 'loss' in name))


@pytest.mark.parametrize('candidate', ['random_frame', 'all_frames'])
def test_values_are_those_of_the_loss_on_the_right_frames(
    build: Callable, streams: dict, candidate: str
) -> None:
    """With one labelled frame per clip there is nothing to draw."""
    frames = dict(kp3d=[1, 3, 0, 2, 1, 1, 3], target=[2, 0, 3])
    for name, numbers in frames.items():
        for sample, frame in zip(streams[name]['data_samples'], numbers):
            sample.gt_instances.joints_valid[:] = np.arange(FRAMES) == frame
    model = build(cross_domain_losses=[CROSS], candidate=candidate, metric_weight=0.25)
    batch = model.clip_batch(model.data_preprocessor(streams, True))
    own = {}
    for name, numbers in frames.items():
        clips = select_clips(batch.prediction, batch.streams[name]).encoded
        labels = select_clips(batch.targets, batch.streams[name]).joints
        rows = torch.arange(len(numbers)), torch.tensor(numbers)
        own[name] = clips[rows], centred_lsp14(labels)[rows]
    expected = CrossDomainMetricLoss()(*own['target'], *own['kp3d'])
    found = model.generator_losses(batch)['loss_cross_domain_encoder']
    torch.testing.assert_close(found, 0.25 * expected)


class Recorder(torch.nn.Module):
    """Keeps what a cross-domain loss is called with."""

    def __init__(self) -> None:
        super().__init__()
        self.statistics: dict = {}

    def forward(self, *tensors: Tensor) -> Tensor:
        self.tensors = tensors
        return tensors[0].sum()


@pytest.mark.parametrize(('candidate', 'count'), [('random_frame', 7), ('all_frames', 28)])
def test_anchors_are_shots_and_candidates_are_source_frames(
    build: Callable, streams: dict, candidate: str, count: int
) -> None:
    model = build(cross_domain_losses=[CROSS], candidate=candidate)
    recorder = model.cross_domain_losses.losses[0] = Recorder()
    batch = model.clip_batch(model.data_preprocessor(streams, True))
    seen = set()
    for _ in range(30):
        model.generator_losses(batch)
        anchors, _, candidates, labels = recorder.tensors
        assert (len(anchors), len(candidates), len(labels)) == (3, count, count)
        for name, rows in (('target', anchors), ('kp3d', candidates)):
            clips = batch.prediction.encoded[batch.streams[name]]
            for clip, own in enumerate(rows.unflatten(0, (len(clips), -1))):
                for row in own:
                    assert torch.any((clips[clip] == row).all(dim=-1))
        same = (batch.prediction.encoded[batch.streams['target']] == anchors[:, None]).all(-1)
        seen.add(tuple(same.int().argmax(dim=1).tolist()))
    assert len(seen) > 5


def test_no_shots_is_the_source_model(build: Callable, streams: dict) -> None:
    plain = build(name='VideoMeshEstimator')
    model = build(cross_domain_losses=[CROSS])
    assert plain.state_dict().keys() == model.state_dict().keys()
    model.load_state_dict(plain.state_dict())
    del streams['target']
    expected, found = losses(plain, streams), losses(model, streams)
    assert expected.keys() == found.keys() == KEYS
    for name, value in expected.items():
        assert torch.equal(value, found[name])


def test_a_baseline_arm_differs_by_its_weight_only(build: Callable, streams: dict) -> None:
    plain = losses(build(name='VideoMeshEstimator'), streams)
    found = losses(build(cross_domain_losses=[CROSS], metric_weight=0), streams)
    assert plain.keys() == found.keys()
    assert all(torch.equal(plain[name], found[name]) for name in plain)


@pytest.mark.parametrize(
    ('options', 'kept'),
    [
        (dict(supervise_target=False), ['kp2d', 'kp3d']),
        (dict(supervise_source=False), ['target']),
    ],
)
def test_supervision_of_one_domain(
    build: Callable, streams: dict, options: dict, kept: list[str]
) -> None:
    # The encoder's GRU sees a clip at a time, so the other clips change nothing.
    plain = build(name='VideoMeshEstimator')
    expected = losses(plain, {name: streams[name] for name in kept})
    found = losses(build(cross_domain_losses=[CROSS], **options), streams)
    for name in KEYS:
        torch.testing.assert_close(found[name], expected[name])
    assert 'loss_cross_domain_encoder' in found


def test_metric_loss_alone_trains_on_both_domains(build: Callable, streams: dict) -> None:
    options = dict(supervise_target=False, supervise_source=False)
    model = build(cross_domain_losses=[CROSS], **options)
    found = losses(model, streams)
    assert {name for name in found if 'loss' in name} == {'loss_cross_domain_encoder'}
    before = {name: value.clone() for name, value in model.encoder.named_parameters()}
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
    logged = model.train_step(streams, wrapper)
    assert torch.isfinite(logged['loss'])
    assert any(
        not torch.equal(value, before[name]) for name, value in model.encoder.named_parameters()
    )
    del streams['target']
    with pytest.raises(ValueError, match='none is learned from'):
        losses(model, streams)


@pytest.mark.parametrize('supervise_source', [True, False])
def test_discriminator_takes_turns(build: Callable, streams: dict, supervise_source: bool) -> None:
    model = build(
        discriminator=dict(type='mmpose_ext.MotionDiscriminator', hidden_channels=8),
        cross_domain_losses=[CROSS],
        supervise_source=supervise_source,
    )
    streams['motion'] = dict(inputs=dict(motion=[torch.randn(FRAMES, 69) for _ in range(2)]))
    parts = dict(
        generator=[v for name, v in model.named_parameters() if 'discriminator' not in name],
        discriminator=list(model.discriminator.parameters()),
    )
    before = {name: [v.clone() for v in values] for name, values in parts.items()}
    wrapper = OptimWrapperDict(
        **{name: OptimWrapper(torch.optim.SGD(v, lr=1e-3)) for name, v in parts.items()}
    )
    logged = model.train_step(streams, wrapper)
    assert {'loss_adversarial', 'loss_cross_domain_encoder'} <= logged.keys()
    for name, values in parts.items():
        assert any(not torch.equal(new, old) for new, old in zip(values, before[name]))


def test_shots_without_3d_labels_are_no_anchors(build: Callable, streams: dict) -> None:
    streams['target'] = stream(2, 4, labelled=False)
    found = losses(build(cross_domain_losses=[CROSS]), streams)
    assert found['loss_cross_domain_encoder'] == 0
    assert not any(name.startswith('metric/') for name in found)
    assert found['loss_cross_domain_encoder'].requires_grad


def test_one_shot_and_one_source_clip_are_enough_to_run(build: Callable) -> None:
    found = losses(build(cross_domain_losses=[CROSS]), dict(kp3d=stream(1, 1), target=stream(1, 2)))
    assert found['loss_cross_domain_encoder'] == 0
    assert found['loss_keypoints3d'] > 0


def test_bad_options_are_named(build: Callable, streams: dict) -> None:
    with pytest.raises(ValueError, match=r"cross_domain_losses got the features \['mesh'\]"):
        build(cross_domain_losses=[CROSS | dict(feature='mesh')])
    with pytest.raises(ValueError, match="candidate got 'frame'"):
        build(cross_domain_losses=[CROSS], candidate='frame')
    with pytest.raises(ValueError, match='metric_weight got -1'):
        build(metric_weight=-1)
    with pytest.raises(ValueError, match='something to learn from'):
        build(supervise_target=False, supervise_source=False)
    del streams['kp3d']
    with pytest.raises(ValueError, match="expected 'kp3d' too for cross_domain_losses"):
        losses(build(cross_domain_losses=[CROSS]), streams)


def test_cross_domain_losses_hold_no_weights() -> None:
    assert not CrossDomainLosses([CROSS, JOINTS], 'all_frames').state_dict()
