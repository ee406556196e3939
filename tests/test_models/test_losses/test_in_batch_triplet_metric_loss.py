import math

import pytest
import torch
from torch import Tensor

from mmpose_ext.models.losses import InBatchTripletMetricLoss
from mmpose_ext.models.losses.in_batch_triplet_metric_loss import draw_anchors, positive_mask
from mmpose_ext.registry import MODELS

CLIPS, FRAMES, CHANNELS, JOINTS = 4, 9, 6, 3
STRATEGIES = ('exclude_nearby', 'include_nearby', 'both')
FORMS = (
    dict(form='log_ratio'),
    dict(form='log_ratio', delta=None),
    dict(form='log_ratio', delta=0.3),
    dict(form='thesis'),
    dict(form='thesis', p=2),
    dict(form='thesis_centered'),
)
TINY = dict(eps_f=1e-9, eps_y=1e-9)


@pytest.fixture
def batch() -> dict:
    """Four clips of two videos in float64; the last clip lacks some labels."""
    generator = torch.Generator().manual_seed(0)
    valid = torch.ones(CLIPS, FRAMES, dtype=torch.bool)
    valid[3, 2:5] = False
    labels = torch.randn(CLIPS, FRAMES, JOINTS, 3, generator=generator, dtype=torch.double)
    labels[3, 2:5] = torch.nan
    return dict(
        features=torch.randn(CLIPS, FRAMES, CHANNELS, generator=generator, dtype=torch.double),
        labels=labels,
        valid=valid,
        video_ids=['a', 'b', 'a', 'c'],
        anchors=torch.tensor([0, 4, 7, 8]),
    )


def penalty(ratio: float, form: str, delta: float | None = 1.0, p: float = 1) -> float:
    logarithm = math.log(ratio)
    if form == 'thesis':
        return math.log(1 + ratio) ** p
    if form == 'thesis_centered':
        return (math.log(1 + ratio) - math.log(2)) ** 2
    if delta is None:
        return logarithm**2
    if abs(logarithm) <= delta:
        return logarithm**2 / 2
    return delta * (abs(logarithm) - delta / 2)


def triple_loop(
    batch: dict,
    strategy: str = 'exclude_nearby',
    negative_scope: str = 'video',
    reduction: str = 'mean',
    **form: object,
) -> float:
    """The formula as it stands in the text, one triplet after the other."""
    features, labels = batch['features'], batch['labels']

    def distance(values: Tensor, first: tuple, second: tuple) -> float:
        return math.sqrt(float((values[first] - values[second]).square().mean()))

    per_anchor = []
    for clip, frame in enumerate(batch['anchors'].tolist()):
        anchor = clip, frame
        if not batch['valid'][anchor]:
            continue
        values = []
        for other in range(FRAMES):
            gap = abs(other - frame)
            wanted = dict(exclude_nearby=gap > 3, include_nearby=0 < gap <= 3, both=gap > 0)
            if not wanted[strategy] or not batch['valid'][clip, other]:
                continue
            for far_clip in range(CLIPS):
                same = batch['video_ids'][far_clip] == batch['video_ids'][clip]
                if far_clip == clip or (same and negative_scope == 'video'):
                    continue
                for far in range(FRAMES):
                    if not batch['valid'][far_clip, far]:
                        continue
                    i, j = (clip, other), (far_clip, far)
                    ratio = distance(features, anchor, i) / distance(features, anchor, j)
                    ratio *= distance(labels, anchor, j) / distance(labels, anchor, i)
                    values.append(penalty(ratio, **form))
        if values:
            per_anchor.append(sum(values) / len(values))
    total = sum(per_anchor)
    return total / len(per_anchor) if reduction == 'mean' else total


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('strategy', STRATEGIES)
@pytest.mark.parametrize('chunk', [None, 2])
def test_equals_the_triple_loop(batch: dict, form: dict, strategy: str, chunk: int | None) -> None:
    loss = InBatchTripletMetricLoss(strategy=strategy, chunk=chunk, **form, **TINY)
    expected = triple_loop(batch, strategy, **form)
    torch.testing.assert_close(float(loss(**batch)), expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize('scope', ['video', 'clip'])
@pytest.mark.parametrize('reduction', ['mean', 'sum'])
def test_scope_and_reduction(batch: dict, scope: str, reduction: str) -> None:
    options = dict(negative_scope=scope, anchor_reduction=reduction)
    loss = InBatchTripletMetricLoss(loss_weight=0.5, **options, **TINY)
    expected = triple_loop(batch, negative_scope=scope, reduction=reduction, form='log_ratio') / 2
    torch.testing.assert_close(float(loss(**batch)), expected, rtol=1e-9, atol=0)
    numbered = batch | dict(video_ids=torch.tensor([5, 2, 5, 9]))
    assert float(loss(**numbered)) == float(loss(**batch))


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('detach', [False, True])
def test_gradients_are_those_of_finite_differences(batch: dict, form: dict, detach: bool) -> None:
    loss = InBatchTripletMetricLoss(**form, detach_anchor=detach)
    anchors = batch['anchors']
    held = batch['features'].clone()

    def value(features: Tensor) -> Tensor:
        if detach:
            # What finite differences see of a constant anchor is an anchor that does not move.
            features = features.clone()
            rows = torch.arange(CLIPS), anchors
            features[rows] = held[rows]
        return loss(**(batch | dict(features=features)))

    assert torch.autograd.gradcheck(value, batch['features'].requires_grad_(), fast_mode=True)


def test_detached_anchors_get_gradients_only_as_negatives(batch: dict) -> None:
    features = batch['features'].requires_grad_()
    lonely = batch | dict(features=features, video_ids=['a', 'b', 'a', 'a'])
    lonely['valid'] = batch['valid'].clone()
    lonely['valid'][1] = False
    lonely['valid'][1, 4] = True
    # The only negative of the three clips of video a is the anchor of clip 1.
    for detach, moves in ((False, True), (True, False)):
        loss = InBatchTripletMetricLoss(detach_anchor=detach)(**lonely)
        (gradient,) = torch.autograd.grad(loss, features)
        assert bool(gradient[0, 0].abs().sum() > 0) is moves
        assert gradient[1, 4].abs().sum() > 0


@pytest.mark.parametrize('form', [dict(form='log_ratio'), dict(delta=None)])
def test_zero_exactly_where_distances_are_proportional(batch: dict, form: dict) -> None:
    labels = batch['labels'].nan_to_num()
    labels[3] = labels[2] + 1
    batch = batch | dict(labels=labels, valid=torch.ones(CLIPS, FRAMES))
    proportional = -3 * labels.flatten(2) + 7
    loss = InBatchTripletMetricLoss(**form, **TINY)
    assert loss(**(batch | dict(features=proportional))) < 1e-12
    # One frame of one clip is enough to be noticed.
    proportional[1, 0] += 0.01
    assert loss(**(batch | dict(features=proportional))) > 1e-9


@pytest.mark.parametrize('strategy', STRATEGIES)
@pytest.mark.parametrize('form', FORMS)
def test_units_of_features_and_labels_do_not_count(batch: dict, form: dict, strategy: str) -> None:
    loss = InBatchTripletMetricLoss(strategy=strategy, **form, **TINY)
    value = loss(**batch)
    scaled = dict(features=40 * batch['features'], labels=0.01 * batch['labels'])
    torch.testing.assert_close(loss(**(batch | scaled)), value, rtol=1e-9, atol=0)
    torch.testing.assert_close(
        loss(**(batch | dict(features=batch['features'] + 5))), value, rtol=1e-6, atol=0
    )


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('case', ['static_clip', 'all_equal', 'equal_labels', 'duplicate'])
def test_zero_distances_are_harmless(batch: dict, form: dict, case: str) -> None:
    features, labels = batch['features'].float(), batch['labels'].float()
    if case == 'static_clip':
        features[1], labels[1] = features[1, :1], labels[1, :1]
    elif case == 'all_equal':
        features[:] = 1.5
    elif case == 'equal_labels':
        labels = torch.zeros_like(labels)
    else:
        features[2], labels[2] = features[1], labels[1]
    features.requires_grad_()
    value = InBatchTripletMetricLoss(**form)(**(batch | dict(features=features, labels=labels)))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(features.grad).all()


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('case', ['one_clip', 'one_video', 'short', 'no_labels', 'no_anchor'])
def test_nothing_to_compare_is_exactly_zero(batch: dict, form: dict, case: str) -> None:
    if case == 'one_clip':
        batch = {name: value[:1] for name, value in batch.items()}
    elif case == 'one_video':
        batch['video_ids'] = ['a'] * CLIPS
    elif case == 'short':
        # T <= 2 s + 1 leaves nothing outside the neighbourhood of an anchor in the middle.
        batch = batch | {name: batch[name][:, :7] for name in ('features', 'labels', 'valid')}
        batch['anchors'] = torch.full((CLIPS,), 3)
    elif case == 'no_labels':
        batch['valid'] = torch.zeros(CLIPS, FRAMES, dtype=torch.bool)
        batch['labels'] = torch.full_like(batch['labels'], torch.nan)
        batch['anchors'] = None
    else:
        batch['valid'][torch.arange(CLIPS), batch['anchors']] = False
    features = batch['features'].clone().requires_grad_()
    loss = InBatchTripletMetricLoss(**form)
    value = loss(**(batch | dict(features=features)))
    value.backward()
    assert value == 0
    assert torch.all(features.grad == 0)
    assert loss.statistics == {}


def test_anchors_without_pairs_do_not_dilute_the_mean(batch: dict) -> None:
    loss = InBatchTripletMetricLoss()
    without = {name: value[:3] for name, value in batch.items()}
    unlabelled = batch | dict(valid=batch['valid'].clone())
    unlabelled['valid'][3] = False
    torch.testing.assert_close(loss(**unlabelled), loss(**without))


@pytest.mark.parametrize(
    ('strategy', 'expected'),
    [
        ('exclude_nearby', [12, 11, 9, 9, 9, 12]),
        ('include_nearby', [3, 4, 6, 6, 6, 3]),
        ('both', [15] * 6),
    ],
)
def test_number_of_positives(strategy: str, expected: list[int]) -> None:
    anchors = torch.tensor([0, 1, 3, 8, 12, 15])
    assert positive_mask(anchors, 16, strategy, 3).sum(dim=1).tolist() == expected


def test_excluding_nearby_frames_excludes_nearby_frames() -> None:
    """The labels that the text of the thesis exchanges are those of its table."""
    anchor = torch.tensor([8])
    far = positive_mask(anchor, 16, 'exclude_nearby', 3)[0]
    near = positive_mask(anchor, 16, 'include_nearby', 3)[0]
    assert far.nonzero().flatten().tolist() == [0, 1, 2, 3, 4, 12, 13, 14, 15]
    assert near.nonzero().flatten().tolist() == [5, 6, 7, 9, 10, 11]


def test_anchors_are_uniform_over_valid_frames() -> None:
    valid = torch.tensor([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0]], dtype=torch.bool)
    generator = torch.Generator().manual_seed(0)
    drawn = torch.stack([draw_anchors(valid, generator) for _ in range(2000)])
    counts = torch.stack([(drawn == frame).sum(dim=0) for frame in range(4)])
    # Five standard deviations of a binomial distribution.
    assert torch.all((counts[:, 0] - 500).abs() < 5 * math.sqrt(2000 * 3 / 16))
    assert counts[[0, 2], 1].tolist() == [0, 0]
    assert abs(int(counts[1, 1]) - 1000) < 5 * math.sqrt(500)
    again = torch.Generator().manual_seed(0)
    assert torch.equal(draw_anchors(valid, again), drawn[0])


def test_half_precision_and_autocast_change_nothing(batch: dict) -> None:
    features = batch['features'].bfloat16()
    loss = InBatchTripletMetricLoss()
    expected = loss(**(batch | dict(features=features.float())))
    leaf = features.clone().requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        value = loss(**(batch | dict(features=leaf)))
    value.backward()
    assert value.dtype == torch.float32
    assert torch.equal(value, expected)
    assert leaf.grad.dtype == torch.bfloat16
    assert leaf.grad.abs().sum() > 0


def test_features_of_other_processes_are_not_gathered(
    batch: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise AssertionError('processes talked to each other')

    for name in ('all_gather', 'all_gather_into_tensor', 'all_reduce', 'broadcast'):
        monkeypatch.setattr(torch.distributed, name, fail)
    monkeypatch.setattr(torch.distributed, 'is_initialized', lambda: True)
    assert torch.isfinite(InBatchTripletMetricLoss()(**batch))


def test_statistics_show_a_collapse(batch: dict) -> None:
    labels = batch['labels'].nan_to_num()
    batch = batch | dict(labels=labels, valid=torch.ones(CLIPS, FRAMES, dtype=torch.bool))
    loss = InBatchTripletMetricLoss()
    loss(**(batch | dict(features=labels.flatten(2))))
    torch.testing.assert_close(float(loss.statistics['ratio_median']), 1.0, rtol=1e-3, atol=0)
    torch.testing.assert_close(
        loss.statistics['within_over_cross'], loss.statistics['label_within_over_cross']
    )
    centres = labels.flatten(2).mean(dim=1, keepdim=True)
    loss(**(batch | dict(features=centres + 0.01 * (labels.flatten(2) - centres))))
    assert loss.statistics['ratio_median'] < 0.1
    statistics = loss.statistics
    assert statistics['within_over_cross'] < 0.1 * statistics['label_within_over_cross']
    assert not any(value.requires_grad for value in statistics.values())


def test_is_built_from_a_config(batch: dict) -> None:
    config = dict(type='mmpose_ext.InBatchTripletMetricLoss', form='thesis', strategy='both')
    assert MODELS.build(config)(**batch) > 0


@pytest.mark.parametrize(
    'options',
    [
        dict(form='thesiss'),
        dict(strategy='nearby'),
        dict(negative_scope='batch'),
        dict(anchor_reduction='none'),
        dict(skip_step=-1),
        dict(delta=0),
        dict(eps_f=0),
        dict(chunk=0),
        dict(p=0.5, form='thesis'),
        dict(p=2),
    ],
)
def test_bad_options_are_named(options: dict) -> None:
    with pytest.raises(ValueError, match=f'{next(iter(options))} got'):
        InBatchTripletMetricLoss(**options)


def test_bad_shapes_are_named(batch: dict) -> None:
    loss = InBatchTripletMetricLoss()
    with pytest.raises(ValueError, match='labels got'):
        loss(**(batch | dict(labels=batch['labels'][:, :5])))
    with pytest.raises(ValueError, match=r'video_ids got \(3,\), expected \(4,\)'):
        loss(**(batch | dict(video_ids=['a', 'b', 'c'])))
