import numpy as np
import pytest

from mmpose_ext.evaluation import ProjectedPCKhMetric
from mmpose_ext.evaluation.metrics import projected_pckh_metric as module
from mmpose_ext.skeletons import LSP14, SUPERSET30

COLUMNS = SUPERSET30.indices(LSP14.keypoints)
HEAD_TOP, NECK = SUPERSET30.indices(['head_top', 'neck'])


@pytest.fixture
def labelled(make_person):
    """Persons whose 14 labels are off by random pixels; the labels are in the crop."""

    def make(count=8, noise=12.0):
        random = np.random.default_rng(0)
        samples = []
        for number in range(count):
            sample = make_person(number)
            pixels = sample['pred_instances']['keypoints'][0]
            labels = pixels + random.normal(0, noise, pixels.shape)
            matrix = sample['warp_mat']
            sample['image_labels'] = labels
            sample['gt_instances']['keypoints'] = (labels @ matrix[:, :2].T + matrix[:, 2])[None]
            visible = sample['gt_instances']['keypoints_visible']
            visible[0, COLUMNS] = random.random(len(COLUMNS)) < 0.8
            visible[0, [HEAD_TOP, NECK]] = 1
            samples.append(sample)
        return samples

    return make


def evaluate(samples, **options):
    metric = ProjectedPCKhMetric(**options)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def by_hand(samples, thr=0.6, columns=COLUMNS):
    """Right and labelled joints, one at a time: (joints, 2)."""
    counts = np.zeros((len(columns), 2))
    for sample in samples:
        labels, predicted = sample['image_labels'], sample['pred_instances']['keypoints'][0]
        head = np.hypot(*(labels[HEAD_TOP] - labels[NECK]))
        for row, column in enumerate(columns):
            if sample['gt_instances']['keypoints_visible'][0, column]:
                distance = np.hypot(*(labels[column] - predicted[column]))
                counts[row] += distance < thr * head, 1
    return counts


def test_equals_a_count_by_hand(labelled):
    samples = labelled()
    result = evaluate(samples)
    counts = by_hand(samples)
    right, total = counts.sum(axis=0)
    assert 20 < result['projected/mPCKh@0.6'] < 95
    assert result['projected/mPCKh@0.6'] == pytest.approx(100 * right / total)
    shares = 100 * counts[:, 0] / counts[:, 1]
    assert result['projected/joint mPCKh@0.6'] == pytest.approx(shares.mean())


def test_threshold_and_joints_can_be_chosen(labelled):
    samples = labelled()
    names = ['left_wrist', 'right_wrist']
    right, total = by_hand(samples, 0.3, SUPERSET30.indices(names)).sum(axis=0)
    result = evaluate(samples, thr=0.3, joints=names, prefix='lsp')
    assert result['lsp/mPCKh@0.3'] == pytest.approx(100 * right / total)
    with pytest.raises(ValueError, match="no keypoint 'thumb'"):
        ProjectedPCKhMetric(joints=['thumb'])


def test_persons_without_a_head_are_skipped_and_counted(labelled, printed):
    samples = labelled()
    expected = evaluate(samples[:6])
    samples[6]['gt_instances']['keypoints_visible'][0, NECK] = 0
    labels = samples[7]['gt_instances']['keypoints']
    labels[0, HEAD_TOP] = labels[0, NECK]
    lines = printed(module)
    assert evaluate(samples) == pytest.approx(expected)
    assert 'persons: 6 of 8' in lines[0]
    assert 'skipped: head size 0 1, neck or head top not labelled 1' in lines[0]
    nothing = evaluate(samples[6:])
    assert np.isnan(list(nothing.values())).all()


def test_the_head_size_may_be_that_of_the_samples(labelled):
    samples = labelled()
    for sample in samples:
        labels = sample['image_labels']
        size = np.hypot(*(labels[HEAD_TOP] - labels[NECK]))
        sample['gt_instances']['head_size'] = np.array([2 * size])
    right, total = by_hand(samples, thr=1.2).sum(axis=0)
    result = evaluate(samples, head='annotated')
    assert result['projected/mPCKh@0.6'] == pytest.approx(100 * right / total)
    del samples[0]['gt_instances']['head_size']
    with pytest.raises(ValueError, match="person 0: gt_instances has no 'head_size'"):
        evaluate(samples, head='annotated')
    with pytest.raises(ValueError, match="head got 'box'"):
        ProjectedPCKhMetric(head='box')


def test_the_protocol_is_printed(labelled, printed):
    samples = labelled()
    samples[0]['bbox_source'] = 'pose2d'
    lines = printed(module)
    result = evaluate(samples, protocol=dict(dataset='LSP'))
    for text in (
        'boxes: gt 7, pose2d 1',
        "joints: the model's 30 keypoints",
        'closer than 0.6 head sizes',
        'head size: annotated neck to head top',
        'persons: 8 of 8, skipped: none',
        'dataset: LSP',
        'left_wrist',
    ):
        assert text in lines[0]
    assert 'left_hand' not in lines[0]
    assert result


def test_repeated_samples_count_once(labelled):
    samples = labelled()
    assert evaluate(samples + samples[:3]) == pytest.approx(evaluate(samples))


def test_bad_samples_are_named(labelled):
    samples = labelled(2)
    samples[1]['gt_instances']['keypoints'][0, 3] = np.nan
    with pytest.raises(ValueError, match="image '1.jpg', person 1: gt_instances keypoints got 2"):
        evaluate(samples)
    samples = labelled(2)
    del samples[1]['warp_mat']
    with pytest.raises(ValueError, match="image '1.jpg', person 1: warp_mat got None"):
        evaluate(samples)
