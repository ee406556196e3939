import copy
import functools
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from scipy.spatial.transform import Rotation

from mmpose_ext.body_models import regressor
from mmpose_ext.evaluation import MeshMetric
from mmpose_ext.evaluation.functional import GenderedBodies, MeshProtocol
from mmpose_ext.evaluation.metrics import mesh_metric as module
from mmpose_ext.registry import METRICS

# Columns of the 14 evaluated joints in Human3.6M's regressor, as 3DCrowdNet publishes them.
JOINTS14 = [1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 14, 15, 16]
GENDERS = ('neutral', 'male', 'female')


@functools.cache
def shared(**options):
    """Metrics hold nothing after an evaluation, and bodies take a while to load."""
    return MeshMetric('standin', **options)


def evaluate(samples, batch=8, **options):
    metric = shared(**options)
    for i in range(0, len(samples), batch):
        metric.process(None, samples[i : i + batch])
    return metric.evaluate(len(samples))


@pytest.fixture
def people(make_person):
    return [make_person(i, gender=GENDERS[i % 3]) for i in range(11)]


def distance(first, second):
    return 1e3 * np.linalg.norm(first - second, axis=-1).mean()


def aligned(source, target):
    """Rotation by SciPy's Kabsch, then the best scale for that rotation."""
    centred, wanted = source - source.mean(0), target - target.mean(0)
    turned = Rotation.align_vectors(wanted, centred)[0].apply(centred)
    return (turned * wanted).sum() / (centred**2).sum() * turned + target.mean(0)


def by_hand(sample, body, gender):
    """The errors of one person, from posed bodies of another implementation."""
    labels = sample['gt_instances']
    target, _ = body(gender).skin(labels['smpl_betas'][0], labels['smpl_pose'][0])
    predicted = sample['pred_instances']['vertices'][0]
    matrix, pelvis = regressor(body(), 'h36m17'), body().J_regressor[0]
    joints, wanted = matrix @ predicted, matrix @ target
    joints, wanted = (joints - joints[0])[JOINTS14], (wanted - wanted[0])[JOINTS14]
    vertices = distance(predicted - pelvis @ predicted, target - pelvis @ target)
    return distance(joints, wanted), distance(aligned(joints, wanted), wanted), vertices


def test_equals_a_loop_over_people(people, gendered_body):
    result = evaluate(people)
    rows = [by_hand(sample, gendered_body, sample['gender']) for sample in people]
    expected = dict(zip(('all/MPJPE', 'all/PA-MPJPE', 'all/MPVPE'), np.mean(rows, axis=0)))
    assert result == pytest.approx(expected, rel=1e-4)
    assert 20 < result['all/PA-MPJPE'] < result['all/MPJPE'] < 200


def test_ground_truth_may_be_neutral_for_all(people, gendered_body):
    neutral = evaluate(people, gender='neutral')
    rows = [by_hand(sample, gendered_body, 'neutral') for sample in people]
    assert list(neutral.values()) == pytest.approx(np.mean(rows, axis=0), rel=1e-4)
    assert neutral != pytest.approx(evaluate(people), rel=1e-3)


def test_the_batch_size_does_not_matter(people):
    assert evaluate(people, batch=1) == pytest.approx(evaluate(people, batch=11))


def test_a_moved_body_is_right_and_a_scaled_one_is_off_by_its_size(make_person, gendered_body):
    samples = [make_person(i, noise=0) for i in range(4)]
    for sample in samples:
        sample['pred_instances']['vertices'] += np.float32([3, -1, 2])
    assert list(evaluate(samples, gender='neutral').values()) == pytest.approx([0] * 3, abs=2e-3)
    sizes = []
    matrix, pelvis = regressor(gendered_body(), 'h36m17'), gendered_body().J_regressor[0]
    for sample in samples:
        vertices = sample['pred_instances']['vertices'][0]
        joints = matrix @ vertices
        sizes.append((distance(joints[JOINTS14], joints[0]), distance(vertices, pelvis @ vertices)))
        sample['pred_instances']['vertices'] = 1.1 * sample['pred_instances']['vertices']
    result = evaluate(samples, gender='neutral')
    joints, vertices = 0.1 * np.mean(sizes, axis=0)
    assert result['all/MPJPE'] == pytest.approx(joints, rel=1e-3)
    assert result['all/MPVPE'] == pytest.approx(vertices, rel=1e-3)
    assert result['all/PA-MPJPE'] == pytest.approx(0, abs=2e-3)


def test_a_mirrored_body_is_wrong(make_person):
    samples = [make_person(i, noise=0) for i in range(3)]
    for sample in samples:
        sample['pred_instances']['vertices'] = sample['pred_instances']['vertices'] * [-1, 1, 1]
    assert evaluate(samples, gender='neutral')['all/PA-MPJPE'] > 30


def test_protocol_of_vibe(people, gendered_body):
    """Hips' midpoint, neutral bodies, vertices where SMPL places them."""
    result = evaluate(people, protocol='vibe')
    rows = []
    for sample in people:
        pair = []
        for part in ('pred_instances', 'gt_instances'):
            values = sample[part]
            mesh, _ = gendered_body().skin(values['smpl_betas'][0], values['smpl_pose'][0])
            joints = regressor(gendered_body(), 'h36m17') @ mesh
            pair.append((mesh, (joints - joints[[1, 4]].mean(0))[JOINTS14]))
        (predicted, joints), (target, wanted) = pair
        aligned_joints = aligned(joints, wanted)
        rows.append(
            (
                distance(joints, wanted),
                distance(aligned_joints, wanted),
                distance(predicted, target),
            )
        )
    assert list(result.values()) == pytest.approx(np.mean(rows, axis=0), rel=1e-4)


@pytest.mark.parametrize(('root', 'columns'), [('pelvis', [0]), ('hip_midpoint', [1, 2])])
def test_other_joints_roots_and_measures(make_person, gendered_body, root, columns):
    samples = [make_person(i, noise=0.3) for i in range(5)]
    names = ('PCK@150', 'AUC', 'MPJPE')
    result = evaluate(samples, gender='neutral', joints='smpl24', root=root, metrics=names)
    distances = []
    for sample in samples:
        labels = sample['gt_instances']
        target, _ = gendered_body().skin(labels['smpl_betas'][0], labels['smpl_pose'][0])
        predicted = sample['pred_instances']['vertices'][0]
        matrix = gendered_body().J_regressor
        joints, wanted = matrix @ predicted, matrix @ target
        errors = (joints - joints[columns].mean(0)) - (wanted - wanted[columns].mean(0))
        distances.append(1e3 * np.linalg.norm(errors, axis=1))
    distances = np.stack(distances)
    assert result['all/MPJPE'] == pytest.approx(distances.mean(), rel=1e-4)
    assert result['all/PCK@150'] == pytest.approx(100 * (distances < 150).mean())
    curve = [100 * (distances < step).mean() for step in range(0, 151, 5)]
    assert result['all/AUC'] == pytest.approx(np.mean(curve))
    assert 5 < result['all/AUC'] < result['all/PCK@150'] < 100
    assert list(result) == [f'all/{name}' for name in names]


def test_subsets_are_averaged_apart(make_person):
    samples = [make_person(i) for i in range(6)]
    for i, sample in enumerate(samples):
        sample['subsets'] = ('indoors', 'crowd') if i < 2 else ('crowd',) if i < 5 else ()
        sample['occluded'] = i == 4
    result = evaluate(samples, gender='neutral')
    for name, members in dict(indoors=[0, 1], crowd=range(5), occluded=[4], all=range(6)).items():
        alone = [copy.deepcopy(samples[i]) for i in members]
        for sample in alone:
            sample['subsets'], sample['occluded'] = (), False
        expected = evaluate(alone, gender='neutral')
        for key, value in expected.items():
            assert result[key.replace('all', name)] == pytest.approx(value)
    assert len(result) == 12


def test_requested_subsets_are_reported_even_if_empty(make_person):
    samples = [make_person(0, subsets=('indoors',))]
    result = evaluate(samples, gender='neutral', subsets=('occluded',), metrics=('MPJPE',))
    assert list(result) == ['all/MPJPE', 'occluded/MPJPE']
    assert result['all/MPJPE'] > 0
    assert np.isnan(result['occluded/MPJPE'])
    samples[0]['subsets'] = ('all',)
    with pytest.raises(ValueError, match="0.jpg.*subsets got 'all'"):
        evaluate(samples, gender='neutral')


def test_people_without_labels_are_skipped_and_counted(make_person, printed):
    samples = [make_person(i) for i in range(6)]
    expected = evaluate(samples[:3], gender='neutral')
    samples[3]['gt_instances']['smpl_valid'][:] = 0
    del samples[4]['gt_instances']['smpl_pose']
    samples[5]['gt_instances']['smpl_valid'][:] = 0
    lines = printed(module)
    assert evaluate(samples, gender='neutral') == pytest.approx(expected)
    assert 'samples: 3 of 6' in lines[0]
    assert 'skipped: no valid SMPL annotation 3' in lines[0]
    nothing = evaluate(samples[3:], gender='neutral')
    assert np.isnan(list(nothing.values())).all()
    assert 'samples: 0 of 3' in lines[1]


def test_the_protocol_is_printed(people, printed):
    people[3]['bbox_source'] = people[4]['bbox_source'] = 'pose2d'
    del people[5]['bbox_source']
    lines = printed(module)
    result = evaluate(people, subsets=('occluded',))
    for text in (
        'protocol: standard, ',
        'boxes: gt 8, pose2d 2, unstated 1',
        "joints: 14 by Human3.6M's regressor (h36m14)",
        'joint root: pelvis',
        'no reflection',
        'minus its SMPL pelvis',
        'ground-truth body: annotated gender',
        'genders: female 3, male 4, neutral 4',
        'body model: standin',
        'samples: 11 of 11, skipped: none',
        f'{result["all/MPJPE"]:.2f}',
    ):
        assert text in lines[0]
    evaluate(people, protocol='vibe')
    assert 'joint root: hip_midpoint' in lines[1]
    assert 'unaligned' in lines[1]
    assert 'ground-truth body: neutral gender' in lines[1]
    evaluate(people, gender='neutral')
    assert 'protocol: standard with changes, ' in lines[2]


def test_repeated_samples_count_once(make_person):
    samples = [make_person(i) for i in range(3)]
    expected = evaluate(samples, gender='neutral')
    assert evaluate([*samples, samples[0]], gender='neutral') == pytest.approx(expected)
    other = make_person(0, noise=0.5)
    other['source'] = 'another'
    assert evaluate([*samples, other], gender='neutral') != pytest.approx(expected)


def test_no_vertices_are_kept(people):
    metric = shared(gender='neutral')
    metric.process(None, people)
    size = len(pickle.dumps(metric.results))
    metric.evaluate(len(people))
    assert size < 400 * len(people)


@pytest.mark.parametrize('kind', ['nan', 'shape', 'missing', 'label', 'gender', 'id'])
def test_bad_samples_are_named(make_person, kind):
    sample = make_person(7)
    metric = shared()
    message = "image '7.jpg', person 7: "
    if kind == 'nan':
        sample['pred_instances']['vertices'][0, 5] = np.nan
        message += r'pred_instances vertices got 3 values of 20670 that are NaN'
    elif kind == 'shape':
        sample['pred_instances']['vertices'] = np.zeros((1, 431, 3))
        message += r'pred_instances vertices got shape \(1, 431, 3\), expected \(1, 6890, 3\)'
    elif kind == 'missing':
        del sample['pred_instances']['vertices']
        message += "pred_instances has no 'vertices'"
    elif kind == 'label':
        sample['gt_instances']['smpl_pose'][0, 3, 0] = np.inf
        message += 'gt_instances smpl_pose got 1 values of 72'
    elif kind == 'gender':
        sample['gender'] = 'unknown'
        message += "gender got 'unknown', expected"
    else:
        del sample['id']
        message = "image '7.jpg', person None: the sample has no id"
    with pytest.raises(ValueError, match=message):
        metric.process(None, [make_person(1), sample])
    metric.results.clear()


def test_wrong_arguments_are_explained(tmp_path):
    for options, message in (
        (dict(protocol='mine'), "protocol got 'mine', expected one of"),
        (dict(joints='h36m16'), "joints got 'h36m16'"),
        (dict(root='head'), "root got 'head'"),
        (dict(mesh_root='root'), "mesh_root got 'root'"),
        (dict(gender='male'), "gender got 'male', expected one of"),
        (dict(metrics=('MPJPE', 'PVE')), 'metrics got .*PVE'),
        (dict(metrics=()), 'metrics got'),
    ):
        with pytest.raises(ValueError, match=message):
            MeshMetric('standin', **options)
    with pytest.raises(FileNotFoundError, match='SMPL is available from'):
        MeshMetric(str(tmp_path))
    single = tmp_path / 'SMPL_NEUTRAL.npz'
    single.touch()
    with pytest.raises(ValueError, match='expected the folder of SMPL_{NEUTRAL,MALE,FEMALE}'):
        GenderedBodies(single)


def test_a_body_without_the_regressor_is_explained(gendered_body):
    bare = replace(gendered_body(), regressors={})
    with pytest.raises(ValueError, match=r'put J_regressor_h36m\.npy beside the model file'):
        MeshProtocol().regressor(bare)
    other = replace(gendered_body(), regressors=dict(h36m17=np.zeros((16, 6890), np.float32)))
    with pytest.raises(ValueError, match="'h36m17' got 16 joints, expected 17"):
        MeshProtocol().regressor(other)


def test_reads_what_the_runner_hands_over(make_person):
    """Data samples with tensors, through MMEngine's evaluator and the registry."""
    samples = [make_person(i) for i in range(2)]
    expected = evaluate(samples, gender='neutral')
    handed = []
    for sample in samples:
        fields = {key: value for key, value in sample.items() if not key.endswith('instances')}
        element = PoseDataSample(metainfo=fields)
        element.gt_instances = InstanceData(**sample['gt_instances'])
        element.pred_instances = InstanceData(
            **{key: torch.as_tensor(value) for key, value in sample['pred_instances'].items()}
        )
        handed.append(element)
    config = dict(type='mmpose_ext.MeshMetric', body_model='standin', gender='neutral')
    evaluator = Evaluator(METRICS.build(dict(config, prefix='3dpw')))
    evaluator.process(data_samples=handed)
    result = evaluator.evaluate(2)
    assert result == pytest.approx({f'3dpw/{key}': value for key, value in expected.items()})
