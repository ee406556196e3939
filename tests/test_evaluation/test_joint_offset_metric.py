import copy
import math

import numpy as np
import pytest
from mmengine import Config
from mmpose.evaluation.metrics import PCKAccuracy

from mmpose_ext.evaluation import JointOffsetMetric, SourceRoutedEvaluator
from mmpose_ext.evaluation.evaluators import source_routed_evaluator
from mmpose_ext.evaluation.metrics import joint_offset_metric
from mmpose_ext.registry import METRICS
from mmpose_ext.skeletons import COCO17, SHARED12, UNION21, KeypointMap, get_skeleton


def make_samples(target, model='union21', count=9, noise=0.0, shift=None, seed=0, source='x'):
    """Labels of random people, and predictions that miss them by chance and by a known offset.

    Args:
        shift: For each joint of the target its offset as a share of the box's longer side.
    """
    random = np.random.default_rng(seed)
    target, model = get_skeleton(target), get_skeleton(model)
    mapping = KeypointMap.between(target, model)
    samples = []
    for i in range(count):
        width, height = random.uniform(60, 200, 2)
        corner = random.uniform(0, 300, 2)
        labels = random.uniform(corner, corner + (width, height), (target.num_keypoints, 2))
        visible = (random.random(target.num_keypoints) < 0.8).astype(np.float32)
        moved = labels.copy()
        for name, offset in (shift or {}).items():
            moved[target.index(name)] += np.array(offset) * max(width, height)
        predicted, _ = mapping.apply(moved, visible)
        predicted = predicted + random.normal(0, 1, predicted.shape) * noise
        predicted[~mapping.mapped] = random.uniform(0, 400, (np.sum(~mapping.mapped), 2))
        samples.append(
            dict(
                id=i,
                source=source,
                gt_instances=dict(
                    keypoints=labels[None],
                    keypoints_visible=visible[None],
                    bboxes=np.array([[*corner, *(corner + (width, height))]]),
                ),
                pred_instances=dict(
                    keypoints=predicted[None], keypoint_scores=np.ones((1, model.num_keypoints))
                ),
            )
        )
    return samples


def evaluate(metric, samples):
    metric.process(None, copy.deepcopy(samples))
    return metric.evaluate(len(samples))


def by_hand(samples, label, prediction, shift=0):
    """Offsets of one joint, one person at a time; ``label`` and ``prediction`` are its columns."""
    offsets = []
    for sample in samples:
        labels = sample['gt_instances']
        if labels['keypoints_visible'][0, label]:
            x1, y1, x2, y2 = labels['bboxes'][0]
            size = x2 - x1 if x2 - x1 > y2 - y1 else y2 - y1
            x, y = sample['pred_instances']['keypoints'][0, prediction]
            true_x, true_y = labels['keypoints'][0, label]
            offsets.append(((x + shift - true_x) / size, (y + shift - true_y) / size))
    return offsets


def standard_error(values):
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return math.sqrt(variance / len(values))


def test_a_constant_offset_is_recovered():
    shift = dict(head_top=(0.03, -0.08), head_bottom=(-0.09, 0.07), left_ear=(0.2, 0))
    samples = make_samples('posetrack18', shift=shift)
    result = evaluate(JointOffsetMetric('union21', 'posetrack18'), samples)
    for name, (dx, dy) in shift.items():
        assert result[f'offset/dx {name}'] == pytest.approx(dx)
        assert result[f'offset/dy {name}'] == pytest.approx(dy)
        assert result[f'offset/dx_error {name}'] == pytest.approx(0, abs=1e-9)
        assert result[f'offset/dy_error {name}'] == pytest.approx(0, abs=1e-9)
    assert result['offset/dx right_ear'] == pytest.approx(0, abs=1e-9)
    assert result['offset/PCK@0.1 head_top'] == 100
    # 0.09 and 0.07 are each below the threshold, but not their hypotenuse.
    assert result['offset/PCK@0.1 head_bottom'] == 0
    assert result['offset/PCK@0.1 left_ear'] == 0
    assert result['offset/PCK@0.1 right_ear'] == 100
    assert result['offset/PCK@0.1'] == pytest.approx(100 * 15 / 17)


@pytest.mark.parametrize('target', ['coco17', 'mpii16', 'crowdpose14', 'posetrack18', 'halpe136'])
def test_every_number_by_hand(target):
    samples = make_samples(target, noise=12)
    metric = JointOffsetMetric('union21', target, absent='drop')
    result = evaluate(metric, samples)
    target = get_skeleton(target)
    aliases = dict(top_head='head_top', head='head_top', neck='upper_neck', hip='pelvis')
    aliases['head_bottom'] = 'upper_neck'
    columns = {
        name: UNION21.keypoints.index(aliases.get(name, name))
        for name in target.keypoints
        if aliases.get(name, name) in UNION21.keypoints
    }
    pck = []
    for name, column in columns.items():
        offsets = by_hand(samples, target.keypoints.index(name), column)
        pck.append(100 * sum(math.hypot(*offset) < 0.1 for offset in offsets) / len(offsets))
        dx, dy = zip(*offsets)
        expected = {
            'PCK@0.1': pck[-1],
            'dx': sum(dx) / len(dx),
            'dy': sum(dy) / len(dy),
            'dx_error': standard_error(dx),
            'dy_error': standard_error(dy),
            'labelled': len(offsets),
        }
        found = {key: result[f'offset/{key} {name}'] for key in expected}
        assert found == pytest.approx(expected), name
    assert 5 < result['offset/PCK@0.1'] < 95
    assert result['offset/PCK@0.1'] == pytest.approx(sum(pck) / len(pck))
    assert len(result) == 1 + 6 * len(columns)


@pytest.mark.parametrize('thr', [0.05, 0.1])
def test_the_mean_is_that_of_the_stock_metric(thr):
    samples = make_samples('coco17', model='coco17', noise=12)
    expected = evaluate(PCKAccuracy(thr=thr, prefix='stock'), samples)['stock/PCK']
    result = evaluate(JointOffsetMetric('coco17', 'coco17', thr=thr), samples)
    assert 0.05 < expected < 0.95
    assert result[f'offset/PCK@{thr}'] == pytest.approx(100 * expected)


def test_chosen_joints():
    samples = make_samples('crowdpose14')
    new = evaluate(JointOffsetMetric('union21', 'crowdpose14', joints='new'), samples)
    assert {key.split()[1] for key in new if ' ' in key} == {'top_head', 'neck'}
    shared = evaluate(JointOffsetMetric('union21', 'crowdpose14', joints='shared12'), samples)
    assert {key.split()[1] for key in shared if ' ' in key} == set(SHARED12)
    with pytest.raises(ValueError, match="no keypoint 'nose'"):
        JointOffsetMetric('union21', 'crowdpose14', joints=['nose'])


def test_a_joint_may_be_compared_with_one_of_another_name():
    samples = make_samples('aic14')
    neck, thorax = UNION21.indices(['upper_neck', 'thorax'])
    for sample in samples:
        box = sample['gt_instances']['bboxes'][0]
        size = max(box[2] - box[0], box[3] - box[1])
        label = sample['gt_instances']['keypoints'][0, 13]
        sample['pred_instances']['keypoints'][0, neck] = label + np.array((0, -0.04)) * size
        sample['pred_instances']['keypoints'][0, thorax] = label + np.array((0.01, 0.02)) * size
    for other, dy in (('upper_neck', -0.04), ('thorax', 0.02)):
        metric = JointOffsetMetric('union21', 'aic14', joints='new', aliases=dict(neck=other))
        result = evaluate(metric, samples)
        assert result['offset/dy neck'] == pytest.approx(dy)
        assert result['offset/PCK@0.1'] == 100
    plain = evaluate(JointOffsetMetric('union21', 'aic14', joints='new', absent='drop'), samples)
    assert 'offset/dy neck' not in plain
    with pytest.raises(ValueError, match="no keypoint 'collar'"):
        JointOffsetMetric('union21', 'aic14', aliases=dict(neck='collar'))
    with pytest.raises(ValueError, match=r"give \['right_knee'\] to several"):
        JointOffsetMetric('union21', 'aic14', aliases=dict(left_knee='right_knee'))


def test_a_joint_that_is_not_predicted_is_wrong_and_has_no_offset():
    samples = make_samples('posetrack18', model='coco17')
    result = evaluate(JointOffsetMetric('coco17', 'posetrack18'), samples)
    assert result['offset/PCK@0.1 head_top'] == 0
    assert math.isnan(result['offset/dx head_top'])
    assert math.isnan(result['offset/dy_error head_top'])
    assert result['offset/PCK@0.1'] == pytest.approx(100 * 15 / 17)


def test_what_nobody_labelled_is_nan():
    samples = make_samples('crowdpose14')
    for sample in samples:
        sample['gt_instances']['keypoints_visible'][0, 12] = 0
        sample['gt_instances']['keypoints'][0, 12] = 0
    result = evaluate(JointOffsetMetric('union21', 'crowdpose14', joints='new'), samples)
    for key in ('PCK@0.1', 'dx', 'dy', 'dx_error', 'dy_error'):
        assert math.isnan(result[f'offset/{key} top_head'])
        assert not math.isnan(result[f'offset/{key} neck'])
    assert result['offset/labelled top_head'] == 0
    assert result['offset/PCK@0.1'] == result['offset/PCK@0.1 neck']
    alone = JointOffsetMetric('union21', 'crowdpose14', joints=['top_head'])
    assert math.isnan(evaluate(alone, samples)['offset/PCK@0.1'])


def test_one_label_has_an_offset_but_no_error():
    samples = make_samples('crowdpose14', count=1)
    samples[0]['gt_instances']['keypoints_visible'][:] = 1
    result = evaluate(JointOffsetMetric('union21', 'crowdpose14'), samples)
    assert result['offset/dx neck'] == pytest.approx(0, abs=1e-9)
    assert math.isnan(result['offset/dx_error neck'])


def test_labels_may_count_from_one():
    samples = make_samples('mpii16', noise=3)
    result = evaluate(JointOffsetMetric('union21', 'mpii16', one_based=True), samples)
    pelvis = by_hand(samples, 6, UNION21.keypoints.index('pelvis'), shift=1)
    assert result['offset/dx pelvis'] == pytest.approx(np.mean([dx for dx, _ in pelvis]))
    assert result['offset/dy pelvis'] == pytest.approx(np.mean([dy for _, dy in pelvis]))


def test_left_and_right_are_measured_apart():
    samples = make_samples('coco17', shift=dict(left_hip=(0.05, 0), right_hip=(-0.05, 0)))
    result = evaluate(JointOffsetMetric('union21', 'coco17', joints='shared12'), samples)
    assert result['offset/dx left_hip'] == pytest.approx(0.05)
    assert result['offset/dx right_hip'] == pytest.approx(-0.05)


def test_two_sources_in_one_run(monkeypatch):
    printed = []
    for module in (joint_offset_metric, source_routed_evaluator):
        monkeypatch.setattr(module, 'print_log', lambda text, logger: printed.append(text))
    samples = [
        *make_samples('coco17', source='coco', shift=dict(left_hip=(0.02, 0))),
        *make_samples('crowdpose14', source='crowdpose', shift=dict(top_head=(0, -0.04)), seed=1),
    ]
    metric = dict(type='mmpose_ext.JointOffsetMetric')
    evaluator = SourceRoutedEvaluator(
        dict(
            hips=dict(
                source='coco', metric=dict(metric, target='coco17', joints=['left_hip', 'nose'])
            ),
            heads=dict(source='crowdpose', metric=dict(metric, target='crowdpose14', joints='new')),
        ),
        skeleton='union21',
    )
    # A distributed sampler repeats samples; sources count their ids apart.
    for sample in [*samples, *samples[:3]]:
        evaluator.process([sample])
    results = evaluator.evaluate(len(samples))
    assert results['hips/dx left_hip'] == pytest.approx(0.02)
    assert results['heads/dy top_head'] == pytest.approx(-0.04)
    left_hip = COCO17.keypoints.index('left_hip')
    expected = sum(s['gt_instances']['keypoints_visible'][0, left_hip] for s in samples[:9])
    assert results['hips/labelled left_hip'] == expected
    rows = [line.split() for text in printed for line in text.splitlines()]
    assert ['samples', 'mean', 'nose', 'left_hip'] in rows
    assert ['hips@0.1', '9', '100.00', '100.00', '100.00'] in rows
    top_head = next(row for row in rows if row[:1] == ['top_head'])
    assert [float(cell) for cell in top_head[2:]] == [100, 0, 0, -4, 0]


def test_shards_of_two_processes_give_the_numbers_of_one():
    samples = make_samples('crowdpose14', noise=5)
    expected = evaluate(JointOffsetMetric('union21', 'crowdpose14'), samples)
    padded = [*samples, samples[0]]
    shards = [JointOffsetMetric('union21', 'crowdpose14') for _ in range(2)]
    for rank, metric in enumerate(shards):
        metric.process(None, padded[rank::2])
    gathered = [item for pair in zip(*(metric.results for metric in shards)) for item in pair]
    found = shards[0].compute_metrics(gathered)
    assert {f'offset/{key}': value for key, value in found.items()} == pytest.approx(expected)


def test_visibility_may_carry_a_weight_channel():
    samples = make_samples('crowdpose14', noise=5)
    expected = evaluate(JointOffsetMetric('union21', 'crowdpose14'), samples)
    for sample in samples:
        visible = sample['gt_instances']['keypoints_visible']
        sample['gt_instances']['keypoints_visible'] = np.stack([visible, np.ones_like(visible)], -1)
    assert evaluate(JointOffsetMetric('union21', 'crowdpose14'), samples) == expected


def test_wrong_samples_are_explained():
    metric = JointOffsetMetric('union21', 'crowdpose14')
    with pytest.raises(ValueError, match=r'\(1, 17, 2\), expected \(1, 14, 2\)'):
        metric.process(None, make_samples('coco17', count=1))
    samples = make_samples('crowdpose14', count=1)
    samples[0]['gt_instances']['bboxes'][:] = 5
    with pytest.raises(ValueError, match='empty box'):
        metric.process(None, samples)
    samples = make_samples('crowdpose14', count=1)
    samples[0]['gt_instances']['keypoints'][:] = 0
    samples[0]['gt_instances']['keypoints_visible'][:] = 1
    with pytest.raises(ValueError, match='bbox_file'):
        metric.process(None, samples)


@pytest.mark.parametrize(
    'name, expected',
    [
        (
            'new',
            dict(
                crowdpose_new=('top_head', 'neck'),
                aic_new=('head_top', 'neck'),
                aic_neck_as_thorax=('neck',),
                posetrack18_new=('nose', 'head_bottom', 'head_top', 'left_ear', 'right_ear'),
            ),
        ),
        ('shared', dict.fromkeys(('coco_shared12', 'mpii_shared12'), SHARED12)),
    ],
)
def test_joints_of_the_configs(repository, name, expected):
    file = repository / 'configs' / 'unified' / f'unified_rtmpose_t_{name}_joints.py'
    config = Config.fromfile(file)
    sources = config.test_dataloader.dataset.sources
    found = {}
    for key, entry in config.test_evaluator.metrics.items():
        assert entry.source in sources
        if entry.metric.type == 'mmpose_ext.JointOffsetMetric':
            metric = METRICS.build({**entry.metric, 'skeleton': config.test_evaluator.skeleton})
            assert metric.target.keypoints == get_skeleton(sources[entry.source].skeleton).keypoints
            assert not metric.joints.absent
            found[key] = set(metric.names)
    assert found == {key: set(names) for key, names in expected.items()}
