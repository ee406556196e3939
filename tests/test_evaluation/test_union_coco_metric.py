import copy
import json

import numpy as np
import pytest
from mmengine.logging import MessageHub
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.evaluation.metrics import CocoMetric
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmpose_ext.evaluation import UnionCocoMetric
from mmpose_ext.skeletons import (
    COCO17,
    CROWDPOSE14,
    HALPE136,
    MPII16,
    SHARED12,
    UNION21,
    KeypointMap,
    sigmas_of,
)


def evaluate(metric, samples):
    metric.process(None, copy.deepcopy(samples))
    return metric.evaluate(len(samples))


def stock(ann_file, samples, skeleton=COCO17, **options):
    metric = CocoMetric(ann_file=ann_file, **options)
    metric.dataset_meta = parse_pose_metainfo(skeleton.metainfo())
    return evaluate(metric, samples)


def columns(samples, indices):
    samples = copy.deepcopy(samples)
    for sample in samples:
        predictions = sample['pred_instances']
        predictions['keypoints'] = predictions['keypoints'][:, indices]
        predictions['keypoint_scores'] = predictions['keypoint_scores'][:, indices]
    return samples


def restricted_file(people, names, path):
    """The same people with only some of the joints, written without the metric's help."""
    content = copy.deepcopy(people.content)
    indices = [people.skeleton.keypoints.index(name) for name in names]
    for annotation in content['annotations']:
        labels = np.array(annotation['keypoints']).reshape(-1, 3)[indices]
        annotation['keypoints'] = labels.ravel().tolist()
        annotation['num_keypoints'] = int((labels[:, 2] > 0).sum())
    path.write_text(json.dumps(content))
    return str(path)


def test_union_model_scores_as_its_coco_channels_do(pose_file):
    people = pose_file('coco17')
    samples = people.samples('union21', noise=8)
    expected = stock(people.path, columns(samples, range(17)))
    assert 0.05 < expected['coco/AP'] < 0.95
    metric = UnionCocoMetric(people.path, skeleton='union21', target='coco17')
    assert evaluate(metric, samples) == pytest.approx(expected, nan_ok=True)


def test_matches_pycocotools(pose_file):
    people = pose_file('coco17')
    samples = people.samples('coco17', noise=8)
    truth = COCO(people.path)
    detections = [
        dict(
            image_id=sample['img_id'],
            category_id=1,
            keypoints=np.insert(sample['pred_instances']['keypoints'][0], 2, 1, axis=1)
            .ravel()
            .tolist(),
            score=float(sample['pred_instances']['keypoint_scores'].mean()),
        )
        for sample in samples
    ]
    evaluation = COCOeval(truth, truth.loadRes(detections), 'keypoints')
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    metric = UnionCocoMetric(people.path, skeleton='coco17', nms_mode='none', keypoint_score_thr=0)
    result = evaluate(metric, samples)
    assert result['coco/AP'] == pytest.approx(evaluation.stats[0])
    assert result['coco/AP .75'] == pytest.approx(evaluation.stats[2])
    assert result['coco/AR'] == pytest.approx(evaluation.stats[5])


def test_ground_truth_padded_to_21_gives_the_same_ap(pose_file):
    people = pose_file('coco17')
    samples = people.samples('union21', noise=8)
    seventeen = UnionCocoMetric(people.path, skeleton='union21', score_mode='bbox')
    padded = UnionCocoMetric(
        people.path, skeleton='union21', target='union21', annotated='coco17', score_mode='bbox'
    )
    padded.coco.anns.update(
        {
            key: dict(annotation, keypoints=annotation['keypoints'][:51] + [0] * 12)
            for key, annotation in padded.coco.anns.items()
        }
    )
    assert evaluate(padded, samples) == pytest.approx(evaluate(seventeen, samples), nan_ok=True)


def test_three_evaluations_are_identical(pose_file):
    people = pose_file('halpe136')
    samples = people.samples('union21', noise=8)
    metric = UnionCocoMetric(
        people.path, skeleton='union21', target='union21', annotated='halpe136', sigmas='halpe136'
    )
    first, second, third = (evaluate(metric, samples) for _ in range(3))
    assert 0.05 < first['coco/AP'] < 0.95
    assert first == second == third


@pytest.mark.parametrize('model', ['coco17', 'union21'])
def test_shared_joints_equal_the_stock_metric_on_a_restricted_file(pose_file, tmp_path, model):
    people = pose_file('coco17')
    samples = people.samples(model, noise=8)
    shared = COCO17.subset(SHARED12, 'shared')
    expected = stock(
        restricted_file(people, SHARED12, tmp_path / 'restricted.json'),
        columns(samples, range(5, 17)),
        shared,
    )
    metric = UnionCocoMetric(people.path, skeleton=model, joints='shared12')
    assert evaluate(metric, samples) == pytest.approx(expected, nan_ok=True)


def test_absent_joints_are_charged_or_dropped(pose_file, tmp_path):
    people = pose_file('coco17')
    samples = people.samples('mpii16', noise=4)
    order = [MPII16.keypoints.index(name) for name in SHARED12]
    zeros = columns(samples, order)
    for sample in zeros:
        predictions = sample['pred_instances']
        predictions['keypoints'] = np.pad(predictions['keypoints'], ((0, 0), (5, 0), (0, 0)))
        predictions['keypoint_scores'] = np.pad(predictions['keypoint_scores'], ((0, 0), (5, 0)))
    charged = UnionCocoMetric(people.path, skeleton='mpii16')
    assert evaluate(charged, samples) == pytest.approx(stock(people.path, zeros), nan_ok=True)

    dropped = UnionCocoMetric(people.path, skeleton='mpii16', absent='drop')
    shared = UnionCocoMetric(people.path, skeleton='mpii16', joints='shared12')
    assert evaluate(dropped, samples) == evaluate(shared, samples)
    assert charged.joints.absent == COCO17.keypoints[:5]
    assert dropped.joints.absent == ()


def test_halpe_is_converted_by_name_with_the_thorax_between_the_shoulders(pose_file):
    people = pose_file('halpe136')
    metric = UnionCocoMetric(
        people.path, skeleton='union21', target='union21', annotated='halpe136'
    )
    for annotation in people.content['annotations']:
        labels = people.labels(annotation)
        converted = np.reshape(metric.coco.anns[annotation['id']]['keypoints'], (21, 3))
        np.testing.assert_allclose(converted[:17], labels[:17])
        np.testing.assert_allclose(converted[[17, 19, 20]], labels[[19, 18, 17]])
        np.testing.assert_allclose(converted[18, :2], labels[5:7, :2].mean(axis=0))
        assert converted[18, 2] == labels[5:7, 2].min()
    counts = sum(
        people.labels(annotation)[:, 2] > 0 for annotation in people.content['annotations']
    )
    assert metric.labels['pelvis'] == counts[HALPE136.keypoints.index('hip')]
    assert metric.labels['nose'] == counts[0]


def test_crowdpose_counts_the_joints_that_are_not_hidden(pose_file):
    people = pose_file('crowdpose14')
    for i, image in enumerate(people.content['images']):
        image['crowdIndex'] = i / 6
    for annotation in people.content['annotations']:
        annotation['num_keypoints'] = int((people.labels(annotation)[:, 2] == 2).sum())
    people.write()
    samples = people.samples('union21', noise=8)
    options = dict(iou_type='keypoints_crowd', use_area=False)
    mapping = KeypointMap.between(UNION21, CROWDPOSE14)
    expected = stock(
        people.path, columns(samples, list(mapping.source_indices)), CROWDPOSE14, **options
    )
    assert 0.05 < expected['coco/AP'] < 0.95
    metric = UnionCocoMetric(people.path, skeleton='union21', target='crowdpose14', **options)
    assert evaluate(metric, samples) == pytest.approx(expected, nan_ok=True)


def test_new_joints_alone(pose_file):
    people = pose_file('halpe136')
    metric = UnionCocoMetric(
        people.path, skeleton='union21', target='union21', annotated='halpe136', joints='new'
    )
    assert metric.joints.skeleton.keypoints == ('pelvis', 'thorax', 'upper_neck', 'head_top')
    samples = people.samples('union21', noise=0)
    spoiled = copy.deepcopy(samples)
    for sample in spoiled:
        sample['pred_instances']['keypoints'][:, :17] += 100
    assert evaluate(metric, spoiled) == evaluate(metric, samples)


def test_sigma_sets_change_the_result_as_oks_says(pose_file):
    people = pose_file('halpe136', images=1)
    people.content['annotations'] = people.content['annotations'][:1]
    annotation = people.content['annotations'][0]
    labels = people.labels(annotation)
    labels[:, 2] = 0
    labels[17] = (200, 100, 2)
    annotation.update(keypoints=labels.ravel().tolist(), area=10000.0)
    people.write()
    samples = people.samples('union21')
    samples[0]['pred_instances']['keypoints'][0, 20] += (0, 5)
    # One labelled joint, 5 % of the square root of the area away: OKS is .63 or .95.
    thresholds = np.arange(0.5, 1, 0.05)
    for name in ('halpe26', 'halpe136'):
        sigma = sigmas_of(UNION21, name)[20]
        oks = np.exp(-(5**2) / (2 * 10000 * (2 * sigma) ** 2))
        metric = UnionCocoMetric(
            people.path, skeleton='union21', target='union21', annotated='halpe136', sigmas=name
        )
        assert evaluate(metric, samples)['coco/AP'] == pytest.approx((oks >= thresholds).mean())


def test_dataset_meta_and_message_hub_have_no_influence(pose_file, monkeypatch):
    people, other = pose_file('coco17'), pose_file('coco17', name='other.json', seed=9)
    samples = people.samples('union21', noise=8)
    plain = evaluate(UnionCocoMetric(people.path, skeleton='union21'), samples)
    hub = MessageHub.get_current_instance().runtime_info
    monkeypatch.setitem(hub, 'union21_ann_file', other.path)
    monkeypatch.setitem(hub, 'coco_ann_file', other.path)
    meta = parse_pose_metainfo(UNION21.metainfo())
    before = copy.deepcopy(meta)
    metric = UnionCocoMetric(people.path, skeleton='union21')
    metric.dataset_meta = meta
    assert evaluate(metric, samples) == plain
    np.testing.assert_equal(meta, before)


def test_repeated_samples_count_once(pose_file):
    people = pose_file('coco17')
    samples = people.samples('union21', noise=8)
    metric = UnionCocoMetric(people.path, skeleton='union21')
    assert evaluate(metric, samples + samples[:3]) == evaluate(metric, samples)


def test_nothing_labelled_is_nan(pose_file):
    people = pose_file('halpe136', unlabelled=('neck', 'hip', 'head', 'left_shoulder'))
    metric = UnionCocoMetric(
        people.path, skeleton='union21', target='union21', annotated='halpe136', joints='new'
    )
    assert metric.labels == dict(pelvis=0, thorax=0, upper_neck=0, head_top=0)
    assert np.isnan(evaluate(metric, people.samples('union21'))['coco/AP'])


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(skeleton='union21', joints='all'), "joints='all'"),
        (dict(skeleton='union21', joints=['left_wing']), "no keypoint 'left_wing'"),
        (dict(skeleton='union21', absent='ignore'), "absent='ignore'"),
        (dict(skeleton='union21', gt_converter={}), 'gt_converter'),
        (dict(skeleton='union21', annotated='mpii16'), '51 keypoint values, expected 48'),
        (dict(skeleton='mpii16', joints=['nose', 'left_eye'], absent='drop'), 'predicts none of'),
        (
            dict(skeleton='union21', target='mpii16', annotated='coco17', sigmas='x'),
            "sigma set 'x'",
        ),
    ],
)
def test_wrong_arguments_are_explained(pose_file, options, message):
    with pytest.raises(ValueError, match=message):
        UnionCocoMetric(pose_file('coco17').path, **options)


def test_a_model_that_predicts_none_of_the_joints_scores_zero(pose_file):
    people = pose_file('coco17')
    metric = UnionCocoMetric(people.path, skeleton='mpii16', joints=['nose', 'left_eye'])
    assert evaluate(metric, people.samples('mpii16'))['coco/AP'] == 0


def test_predictions_of_another_skeleton_are_refused(pose_file):
    people = pose_file('coco17')
    metric = UnionCocoMetric(people.path, skeleton='coco17')
    with pytest.raises(ValueError, match=r"\(1, 21, 2\), expected \(N, 17, 2\).*'coco'"):
        metric.process(None, people.samples('union21'))


def test_predictions_that_are_not_finite_are_refused(pose_file):
    people = pose_file('coco17')
    samples = people.samples('union21')
    samples[2]['pred_instances']['keypoints'][0, 3, 1] = np.nan
    metric = UnionCocoMetric(people.path, skeleton='union21')
    with pytest.raises(ValueError, match='sample 3 are not finite'):
        metric.process(None, samples)


def test_damaged_annotations_are_named(pose_file, tmp_path):
    people = pose_file('coco17')
    people.content['annotations'][2]['keypoints'][6] = float('nan')
    people.write()
    with pytest.raises(ValueError, match=r"annotations.json: annotation 3 .*'right_eye'"):
        UnionCocoMetric(people.path, skeleton='coco17')
    with pytest.raises(FileNotFoundError, match='absent.json'):
        UnionCocoMetric(str(tmp_path / 'absent.json'), skeleton='coco17')
