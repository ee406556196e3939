import copy
import math

import numpy as np
import pytest
from mmengine.evaluator import BaseMetric
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.registry import EVALUATORS
from mmpose.structures import PoseDataSample

from mmpose_ext.evaluation import SourceRoutedEvaluator, UnionCocoMetric, UnionMpiiMetric
from mmpose_ext.registry import METRICS
from mmpose_ext.skeletons import MPII16, UNION21


@METRICS.register_module()
class RecordingMetric(BaseMetric):
    """Says how many samples it got, and spoils them and its metainfo."""

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            self.results.append(sample['value'])
            sample['value'] = -1
            sample['gt_instances']['array'][:] = -1

    def compute_metrics(self, results):
        self.dataset_meta['sigmas'] = None
        return dict(mean=float(np.mean(results)), count=len(results))


@METRICS.register_module()
class FixedMetric(BaseMetric):
    def __init__(self, **values):
        super().__init__()
        self.values = {key.replace('_', ' '): value for key, value in values.items()}

    def process(self, data_batch, data_samples):
        self.results += data_samples

    def compute_metrics(self, results):
        return self.values


def recording(source, name):
    return {name: dict(source=source, metric=dict(type='mmpose_ext.RecordingMetric'))}


def sample(source, value):
    return dict(source=source, id=value, value=value, gt_instances=dict(array=np.ones(2)))


def test_each_source_has_its_own_metric_of_the_same_class():
    evaluator = SourceRoutedEvaluator(recording('a', 'first') | recording('b', 'second'))
    meta = UNION21.metainfo()
    evaluator.dataset_meta = meta
    samples = [sample('a', 1), sample('b', 10), sample('a', 2), sample('b', 30), sample('a', 6)]
    for _ in range(3):
        evaluator.process(copy.deepcopy(samples[:3]))
        evaluator.process(copy.deepcopy(samples[3:]))
        results = evaluator.evaluate(5)
        assert results == {
            'first/mean': 3, 'first/count': 3, 'second/mean': 20, 'second/count': 2
        }  # fmt: skip
    assert meta == UNION21.metainfo()


def test_metrics_of_one_source_do_not_see_each_other_s_changes():
    evaluator = SourceRoutedEvaluator(recording('a', 'x') | recording('a', 'y'))
    evaluator.dataset_meta = UNION21.metainfo()
    given = [sample('a', 5)]
    evaluator.process(given)
    assert evaluator.evaluate(1) == {'x/mean': 5, 'x/count': 1, 'y/mean': 5, 'y/count': 1}
    assert given[0]['value'] == 5
    assert given[0]['gt_instances']['array'].tolist() == [1, 1]


def test_a_metric_may_take_every_sample():
    evaluator = SourceRoutedEvaluator(recording('a', 'x') | recording(None, 'all'))
    evaluator.dataset_meta = {}
    with pytest.raises(ValueError, match="sources {'b': 1}"):
        evaluator.process([sample('a', 1), sample('b', 2)])
    evaluator = SourceRoutedEvaluator(recording(None, 'all'))
    evaluator.dataset_meta = {}
    evaluator.process([sample('a', 1), sample('b', 2)])
    assert evaluator.evaluate(2)['all/count'] == 2


def test_unknown_missing_and_empty_sources_are_errors():
    evaluator = SourceRoutedEvaluator(recording('a', 'x') | recording('b', 'y'))
    with pytest.raises(ValueError, match="{'c': 2}, expected sources \\['a', 'b'\\]"):
        evaluator.process([sample('a', 1), sample('c', 2), sample('c', 3)])
    with pytest.raises(ValueError, match='{None: 1}'):
        evaluator.process([dict(id=1, value=1)])
    evaluator = SourceRoutedEvaluator(recording('a', 'x') | recording('b', 'y'))
    evaluator.process([sample('a', 1)])
    with pytest.raises(ValueError, match=r"no samples of sources \['b'\].*'a': 1, 'b': 0"):
        evaluator.evaluate(1)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="average 'avg' is of"):
        SourceRoutedEvaluator(recording('a', 'x'), averages=dict(avg=['z/mean']))
    evaluator = SourceRoutedEvaluator(recording('a', 'x'), averages=dict(avg=['x/median']))
    evaluator.dataset_meta = {}
    evaluator.process([sample('a', 1)])
    with pytest.raises(ValueError, match='x/median'):
        evaluator.evaluate(1)


def test_skeleton_goes_to_the_metrics_that_ask_for_it():
    metrics = dict(
        own=dict(source='a', metric=dict(type='mmpose_ext.UnionMpiiMetric', skeleton='mpii16')),
        common=dict(source='a', metric=dict(type='mmpose_ext.UnionMpiiMetric')),
        stock=dict(source='a', metric=dict(type='MpiiPCKAccuracy')),
    )
    own, common, _ = SourceRoutedEvaluator(metrics, skeleton='union21').metrics
    assert own.joints.mapping.source is MPII16
    assert common.joints.mapping.source is UNION21
    with pytest.raises(ValueError, match="metric type 'NoMetric', which is not registered"):
        SourceRoutedEvaluator(dict(x=dict(source='a', metric=dict(type='NoMetric'))))


# MPII PCKh and COCO AP in percent, and the average, of arXiv 2405.20084
PUBLISHED = {
    'table 1': [
        (87.75, 19.82, 53.79), (87.75, 53.23, 70.49), (77.62, 67.99, 72.81), (79.75, 62.03, 70.89),
        (89.69, 21.86, 55.78), (89.69, 57.48, 73.59), (81.93, 72.17, 77.05), (84.16, 68.63, 76.40),
    ],
    'table 2': [
        (80.21, 60.69, 70.45), (79.75, 62.03, 70.89), (85.46, 67.14, 76.30), (84.16, 68.63, 76.40)
    ],
}  # fmt: skip


@pytest.mark.parametrize('pck, ap, average', PUBLISHED['table 1'] + PUBLISHED['table 2'])
def test_averages_are_those_of_the_paper(pck, ap, average):
    evaluator = SourceRoutedEvaluator(
        dict(
            coco=dict(
                source='coco', metric=dict(type='mmpose_ext.FixedMetric', AP=ap / 100, AR=0.5)
            ),
            mpii=dict(source='mpii', metric=dict(type='mmpose_ext.FixedMetric', PCK=pck)),
        ),
        averages=dict(coco_mpii=['coco/AP', 'mpii/PCK']),
    )
    evaluator.process([sample('coco', 1), sample('mpii', 1)])
    result = evaluator.evaluate(2)['avg/coco_mpii']
    # The paper rounds halves to even in some rows and up in others.
    assert result == pytest.approx(average, abs=0.0051)


def test_an_unknown_part_makes_the_average_unknown():
    metrics = dict(
        a=dict(source='a', metric=dict(type='mmpose_ext.FixedMetric', PCK=math.nan, AP=1.0))
    )
    evaluator = SourceRoutedEvaluator(metrics, averages=dict(both=['a/PCK', 'a/AP']))
    evaluator.process([sample('a', 1)])
    assert math.isnan(evaluator.evaluate(1)['avg/both'])


def test_coco_mpii_and_halpe_in_one_run(pose_file, mpii_samples):
    init_default_scope('mmpose')
    coco, halpe = pose_file('coco17'), pose_file('halpe136', name='halpe.json', seed=4)
    halpe_metric = dict(
        type='mmpose_ext.UnionCocoMetric',
        ann_file=halpe.path,
        target='union21',
        annotated='halpe136',
    )
    coco_metric = dict(type='mmpose_ext.UnionCocoMetric', ann_file=coco.path)
    mpii_metric = dict(type='mmpose_ext.UnionMpiiMetric')
    evaluator = EVALUATORS.build(
        dict(
            type='mmpose_ext.SourceRoutedEvaluator',
            skeleton='union21',
            metrics=dict(
                coco=dict(source='coco', metric=coco_metric),
                coco_shared12=dict(source='coco', metric=coco_metric | dict(joints='shared12')),
                mpii=dict(source='mpii', metric=mpii_metric),
                mpii_shared12=dict(source='mpii', metric=mpii_metric | dict(joints='shared12')),
                halpe=dict(source='halpe', metric=halpe_metric | dict(sigmas='halpe136')),
                halpe_new=dict(source='halpe', metric=halpe_metric | dict(joints='new')),
            ),
            averages=dict(
                coco_mpii=['coco/AP', 'mpii/PCK'],
                shared12=['coco_shared12/AP', 'mpii_shared12/PCK'],
            ),
        )
    )
    samples = [
        *coco.samples(noise=6, source='coco'),
        *mpii_samples(noise=6),
        *halpe.samples(noise=6, source='halpe'),
    ]
    order = np.random.default_rng(0).permutation(len(samples))

    def run(batch):
        evaluator.dataset_meta = UNION21.metainfo()
        for start in range(0, len(order), batch):
            evaluator.process([as_data_sample(samples[i]) for i in order[start : start + batch]])
        return evaluator.evaluate(len(samples))

    first, second, third = run(4), run(7), run(len(samples))
    assert first == second == third
    alone = UnionCocoMetric(coco.path, skeleton='union21')
    alone.process(None, coco.samples(noise=6))
    assert first['coco/AP'] == alone.evaluate(1000)['coco/AP']
    alone = UnionMpiiMetric('union21')
    alone.process(None, mpii_samples(noise=6))
    assert first['mpii/PCK@0.1'] == alone.evaluate(1000)['mpii/PCK@0.1']
    assert first['avg/coco_mpii'] == (100 * first['coco/AP'] + first['mpii/PCK']) / 2
    assert (
        first['avg/shared12'] == (100 * first['coco_shared12/AP'] + first['mpii_shared12/PCK']) / 2
    )


def as_data_sample(values):
    values = dict(values)
    instances = {key: values.pop(key) for key in ('gt_instances', 'pred_instances')}
    data_sample = PoseDataSample(metainfo=values)
    for key, fields in instances.items():
        setattr(data_sample, key, InstanceData(**fields))
    return data_sample
