import copy

import numpy as np
import pytest
from mmpose.evaluation.metrics import MpiiPCKAccuracy

from mmpose_ext.evaluation import UnionMpiiMetric
from mmpose_ext.skeletons import MPII16, SHARED12, UNION21

# MPII order: 0 to 5 right ankle to left ankle, 6 pelvis, 7 thorax, 8 neck, 9 head, 10 to 15 arms
SHARED_COLUMNS = [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]


def evaluate(metric, samples):
    metric.process(None, copy.deepcopy(samples))
    return metric.evaluate(len(samples))


def by_hand(samples, names, thr, order, shift=1):
    """PCKh of the named joints, one joint of one person at a time."""
    right = total = 0
    for sample in samples:
        labels = sample['gt_instances']
        for name in names:
            column = MPII16.keypoints.index(name)
            if not labels['keypoints_visible'][0, column]:
                continue
            total += 1
            if name in order:
                predicted = sample['pred_instances']['keypoints'][0, order.index(name)] + shift
                distance = np.hypot(*(predicted - labels['keypoints'][0, column]))
                right += distance < thr * labels['head_size'].item()
    return 100 * right / total


def test_equals_the_stock_metric(mpii_samples):
    samples = mpii_samples(model='mpii16', noise=6)
    expected = evaluate(MpiiPCKAccuracy(prefix='mpii'), samples)
    result = evaluate(UnionMpiiMetric('mpii16'), samples)
    assert 5 < expected['mpii/PCK'] < 95
    assert {key: result[key] for key in expected} == pytest.approx(expected)


def test_union_model_by_hand(mpii_samples):
    samples = mpii_samples(noise=6)
    result = evaluate(UnionMpiiMetric('union21'), samples)
    order = list(UNION21.keypoints)
    mean = [name for name in MPII16.keypoints if name not in ('pelvis', 'thorax')]
    assert result['mpii/PCK'] == pytest.approx(by_hand(samples, mean, 0.5, order))
    assert result['mpii/PCK@0.1'] == pytest.approx(by_hand(samples, mean, 0.1, order))
    assert result['mpii/Pelvis PCK'] == pytest.approx(by_hand(samples, ['pelvis'], 0.5, order))
    assert result['mpii/Thorax PCK'] == pytest.approx(by_hand(samples, ['thorax'], 0.5, order))
    assert result['mpii/Upper neck PCK@0.1'] == pytest.approx(
        by_hand(samples, ['upper_neck'], 0.1, order)
    )
    wrists = [by_hand(samples, [f'{side}_wrist'], 0.5, order) for side in ('left', 'right')]
    assert result['mpii/Wrist PCK'] == pytest.approx(np.mean(wrists))


def test_shared_joints(mpii_samples):
    samples = mpii_samples(noise=6)
    result = evaluate(UnionMpiiMetric('union21', joints='shared12'), samples)
    expected = by_hand(samples, SHARED12, 0.5, list(UNION21.keypoints))
    assert result['mpii/PCK'] == pytest.approx(expected)
    assert 'mpii/Head PCK' not in result
    assert {MPII16.keypoints[i] for i in SHARED_COLUMNS} == set(SHARED12)


def test_model_without_head_is_charged_or_excused(mpii_samples):
    samples = mpii_samples(model='coco17', noise=6)
    charged = evaluate(UnionMpiiMetric('coco17'), samples)
    dropped = evaluate(UnionMpiiMetric('coco17', absent='drop'), samples)
    shared = evaluate(UnionMpiiMetric('coco17', joints='shared12'), samples)
    assert charged['mpii/Head PCK'] == 0
    assert np.isnan(dropped['mpii/Head PCK'])
    assert np.isnan(dropped['mpii/Upper neck PCK@0.1'])
    assert dropped['mpii/PCK'] == pytest.approx(shared['mpii/PCK'])
    order = ['?'] * 5 + list(SHARED12)
    mean = [name for name in MPII16.keypoints if name not in ('pelvis', 'thorax')]
    assert charged['mpii/PCK'] == pytest.approx(by_hand(samples, mean, 0.5, order))
    assert charged['mpii/PCK'] < shared['mpii/PCK']


def test_an_absent_joint_is_wrong_even_at_the_image_corner(mpii_samples):
    samples = mpii_samples(model='coco17')
    for sample in samples:
        sample['gt_instances']['keypoints'][0, 9] = 1
        sample['gt_instances']['keypoints_visible'][:] = 1
    assert evaluate(UnionMpiiMetric('coco17'), samples)['mpii/Head PCK'] == 0


@pytest.mark.parametrize('one_based', [True, False])
def test_labels_may_count_from_one(mpii_samples, one_based):
    samples = mpii_samples(noise=0)
    for sample in samples:
        sample['gt_instances']['head_size'][:] = 10
    # At 0.1 of a head of 10 px a shift of one pixel on both axes is too far.
    result = evaluate(UnionMpiiMetric('union21', one_based=one_based), samples)
    assert result['mpii/PCK@0.1'] == (100 if one_based else 0)
    assert result['mpii/PCK'] == 100


def test_parts_nobody_labelled_are_nan(mpii_samples):
    samples = mpii_samples()
    for sample in samples:
        sample['gt_instances']['keypoints_visible'][0, 9] = 0
    result = evaluate(UnionMpiiMetric('union21'), samples)
    assert np.isnan(result['mpii/Head PCK'])
    assert np.isfinite(result['mpii/PCK'])


def test_visibility_may_carry_a_weight_channel(mpii_samples):
    samples = mpii_samples(noise=6)
    expected = evaluate(UnionMpiiMetric('union21'), samples)
    for sample in samples:
        visible = sample['gt_instances']['keypoints_visible']
        sample['gt_instances']['keypoints_visible'] = np.stack([visible, np.ones_like(visible)], -1)
    assert evaluate(UnionMpiiMetric('union21'), samples) == expected


def test_repeated_samples_count_once(mpii_samples):
    samples = mpii_samples(noise=6)
    expected = evaluate(UnionMpiiMetric('union21'), samples)
    assert evaluate(UnionMpiiMetric('union21'), samples + samples[:5]) == expected


def test_wrong_samples_are_explained(mpii_samples):
    metric = UnionMpiiMetric('union21')
    with pytest.raises(ValueError, match=r'expected \(N, 21, 2\)'):
        metric.process(None, mpii_samples(model='coco17'))
    samples = mpii_samples(1)
    samples[0]['gt_instances']['keypoints'] = np.zeros((1, 21, 2))
    with pytest.raises(ValueError, match=r'\(1, 21, 2\), expected \(1, 16, 2\)'):
        metric.process(None, samples)
    samples = mpii_samples(1)
    del samples[0]['gt_instances']['head_size']
    with pytest.raises(ValueError, match='mpii_gt_val.mat'):
        metric.process(None, samples)
