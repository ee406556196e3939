import json

import numpy as np
import pytest
from mmdet.engine.hooks import PipelineSwitchHook
from mmengine.dataset import RepeatDataset
from mmpose.datasets import CombinedDataset
from mmpose.datasets.samplers import MultiSourceSampler

from mmpose_ext.datasets.label_tier import DERIVED, LABELLED, NONE, TEACHER
from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import UNION21

# From the papers' figures, not from the package: where each joint is annotated.
COCO_OF = dict(nose=0, left_shoulder=5, right_shoulder=6, left_hip=11, right_hip=12, left_ankle=15)
MPII_OF = dict(right_ankle=0, left_hip=3, pelvis=6, thorax=7, upper_neck=8, head_top=9)


def build(data, *names, skeleton='union21', **options):
    sources = {name: data.source(name) for name in names}
    sources |= options.pop('sources', {})
    return DATASETS.build(
        dict(type='mmpose_ext.UnionDataset', skeleton=skeleton, sources=sources, **options)
    )


def index(name):
    return UNION21.keypoints.index(name)


def test_sources_come_one_after_the_other_with_their_name(data):
    dataset = build(data, 'coco', 'mpii')

    assert len(dataset) == 7
    assert dataset.source_lengths == dict(coco=4, mpii=3)
    samples = [dataset.get_data_info(i) for i in range(7)]
    assert [sample['source'] for sample in samples] == ['coco'] * 4 + ['mpii'] * 3
    assert [sample['dataset_name'] for sample in samples] == ['coco'] * 4 + ['mpii'] * 3
    assert dataset.get_data_info(-1)['img_path'] == samples[-1]['img_path']


def test_keypoints_arrive_under_their_names(data):
    dataset = build(data, 'coco', 'mpii')

    coco, mpii = dataset.get_data_info(2), dataset.get_data_info(5)

    assert coco['keypoints'].dtype == np.float32
    for name, k in COCO_OF.items():
        assert tuple(coco['keypoints'][0, index(name)]) == data.point(2, k)
    for name, k in MPII_OF.items():
        assert tuple(mpii['keypoints'][0, index(name)]) == data.point(1, k)


def test_visibility_and_weight_are_separate_channels(data):
    dataset = build(data, 'coco', 'mpii')

    visible = dataset.get_data_info(1)['keypoints_visible'][0]
    assert tuple(visible[index('nose')]) == (0, 1)
    assert tuple(visible[index('left_eye')]) == (1, 1)
    assert tuple(visible[index('head_top')]) == (0, 0)
    visible = dataset.get_data_info(6)['keypoints_visible'][0]
    assert tuple(visible[index('right_ankle')]) == (0, 1)
    assert tuple(visible[index('nose')]) == (0, 0)


def test_derived_joints_are_midpoints_visible_with_both_parents(data):
    data.coco['annotations'][0]['keypoints'][11 * 3 + 2] = 0
    dataset = build(data, 'coco', derive=True)

    sample = dataset.get_data_info(1)
    hips = np.add(data.point(1, 11), data.point(1, 12)) / 2
    np.testing.assert_array_equal(sample['keypoints'][0, index('pelvis')], hips)
    assert sample['keypoints_visible'][0, index('pelvis'), 0] == 1
    first = dataset.get_data_info(0)['keypoints_visible'][0, :, 0]
    assert first[index('pelvis')] == 0
    assert first[index('thorax')] == 1


def test_a_source_can_derive_on_its_own(data):
    sources = dict(coco=data.source('coco', derive=True), mpii=data.source('mpii', derive=None))
    dataset = build(data, sources=sources)

    assert dataset.get_data_info(0)['label_tier'][0, index('pelvis')] == DERIVED
    assert dataset.get_data_info(4)['label_tier'][0, index('pelvis')] == LABELLED


def test_label_tiers_tell_who_knows_a_joint(data):
    dataset = build(data, 'coco', 'mpii', derive=True, teachers=dict(mpii='mpii16'))

    coco, mpii = dataset.get_data_info(0)['label_tier'], dataset.get_data_info(4)['label_tier']

    assert coco.shape == (1, 21)
    assert coco.dtype == np.int8
    assert coco[0].tolist() == [LABELLED] * 17 + [DERIVED, DERIVED, TEACHER, TEACHER]
    assert mpii[0].tolist() == [NONE] * 5 + [LABELLED] * 16


def test_one_based_sources_are_shifted_in_training_only(data):
    sources = dict(mpii=data.source('mpii', one_based=True))
    training = build(data, sources=sources).get_data_info(0)
    testing = build(data, sources=sources, test_mode=True).get_data_info(0)

    x, y = data.point(0, MPII_OF['head_top'])
    assert tuple(training['keypoints'][0, index('head_top')]) == (x - 1, y - 1)
    assert tuple(testing['keypoints'][0, MPII_OF['head_top']]) == (x, y)


def test_testing_keeps_the_ground_truth_of_the_source(data):
    dataset = build(data, 'coco', 'mpii', 'halpe', test_mode=True)

    coco, mpii, halpe = (dataset.get_data_info(i) for i in (0, 4, 7))

    assert coco['keypoints'].shape == (1, 17, 2)
    assert mpii['keypoints'].shape == (1, 16, 2)
    assert halpe['keypoints'].shape == (1, 136, 2)
    assert halpe['raw_ann_info']['id'] == 100
    for sample in (coco, mpii, halpe):
        assert sample['flip_indices'] == UNION21.flip_indices
        assert 'label_tier' not in sample


def test_detected_boxes_can_be_tested_on(data):
    detections = [
        dict(image_id=1, category_id=1, bbox=[1, 2, 30, 40], score=0.5),
        dict(image_id=1, category_id=1, bbox=[5, 5, 9, 9], score=0.25),
    ]
    (data.root / 'detections.json').write_text(json.dumps(detections))
    source = data.source('coco')
    source['dataset']['bbox_file'] = str(data.root / 'detections.json')

    dataset = build(data, sources=dict(coco=source), test_mode=True)

    assert len(dataset) == 2
    sample = dataset.get_data_info(0)
    np.testing.assert_allclose(sample['bbox'], [[1, 2, 31, 42]])
    np.testing.assert_allclose(sample['bbox_score'], [0.5])


def test_metainfo_is_that_of_the_union(data):
    dataset = build(data, 'coco', 'mpii')

    assert dataset.metainfo['dataset_name'] == 'union21'
    assert dataset.metainfo['num_keypoints'] == 21
    assert dataset.metainfo['CLASSES'][0]['name'] == 'person'
    assert dataset.get_data_info(4)['flip_indices'] == UNION21.flip_indices


def test_skipped_persons_are_counted_by_reason(data, capture_log):
    people = data.coco['annotations']
    people[0]['iscrowd'] = 1
    people[1].update(num_keypoints=0, keypoints=[0] * 51)
    people[2]['bbox'] = [10, 10, 0, 0]

    dataset = build(data, 'coco')

    assert len(dataset) == 1
    text = capture_log()
    assert '1 persons' in text
    assert '1 crowd regions, 1 without a labelled keypoint, 1 with an empty box' in text


def test_supervision_is_printed_with_counts(data, capture_log):
    build(data, 'coco', 'mpii', derive=True, teachers=dict(coach='mpii16'))

    rows = {line.split()[0]: line.split()[1:] for line in capture_log().splitlines() if line}
    assert rows['nose'] == ['labelled', '(3)', 'nobody']
    assert rows['pelvis'] == [
        'derived',
        '(4)',
        '+',
        'teacher',
        'coach',
        'labelled',
        '(3)',
        '+',
        'teacher',
        'coach',
    ]
    assert rows['head_top'] == ['teacher', 'coach', 'labelled', '(3)', '+', 'teacher', 'coach']


@pytest.mark.parametrize('serialize', [True, False])
def test_samples_do_not_share_what_transforms_change(data, serialize):
    dataset = build(data, 'coco', serialize_data=serialize)

    sample = dataset.get_data_info(0)
    for key in ('keypoints', 'keypoints_visible', 'bbox', 'label_tier'):
        sample[key][:] = 77

    for key in ('keypoints', 'keypoints_visible', 'bbox', 'label_tier'):
        assert (dataset.get_data_info(0)[key] != 77).all()


def test_it_is_a_combined_dataset_for_mmpose_and_mmdet(data):
    dataset = build(data, 'coco', 'mpii')
    assert isinstance(dataset, CombinedDataset)
    assert dataset.lens == [4, 3]

    sampler = MultiSourceSampler(dataset, batch_size=4, source_ratio=[1, 1], seed=0)
    batch = list(sampler)[:4]
    assert sum(i < 4 for i in batch) == 2

    repeated = RepeatDataset(dataset, times=3)
    assert len(repeated) == 21
    assert repeated[20]['source'] == 'mpii'

    class Loader:
        persistent_workers = False

    class Runner:
        epoch = 5
        train_dataloader = Loader()
        logger = type('Logger', (), dict(info=staticmethod(lambda text: None)))

    Runner.train_dataloader.dataset = dataset
    hook = PipelineSwitchHook(5, [dict(type='GetBBoxCenterScale')])
    hook.before_train_epoch(Runner)
    assert 'bbox_scale' in dataset[0]


def test_lazy_datasets_read_when_first_used(data):
    dataset = build(data, 'coco', lazy_init=True)

    assert dataset.metainfo['num_keypoints'] == 21
    assert len(dataset) == 4


def test_another_union_and_another_dataset_need_no_code(data):
    dataset = build(data, 'coco', 'mpii', skeleton='coco17')

    mpii = dataset.get_data_info(4)
    assert mpii['keypoints'].shape == (1, 17, 2)
    assert tuple(mpii['keypoints'][0, COCO_OF['left_hip']]) == data.point(0, MPII_OF['left_hip'])
    assert mpii['keypoints_visible'][0, COCO_OF['nose'], 1] == 0


def test_skeleton_of_a_source_may_come_from_its_dataset(data):
    source = data.source('mpii')
    del source['skeleton']

    dataset = build(data, sources=dict(mpii=source))

    assert dataset.get_data_info(0)['keypoints_visible'][0, :, 1].sum() == 16


def test_halpe_has_its_thorax_from_the_shoulders(data, capture_log):
    """MMPose's converter gives this pair mapping a wrong, and too short, list of flips."""
    sources = dict(halpe=data.source('halpe', derive=True))
    sample = build(data, sources=sources).get_data_info(0)

    assert sample['keypoints'].shape == (1, 21, 2)
    shoulders = np.add(data.point(0, 5), data.point(0, 6)) / 2
    np.testing.assert_array_equal(sample['keypoints'][0, index('thorax')], shoulders)
    assert tuple(sample['keypoints'][0, index('head_top')]) == (60, 20)
    assert sample['flip_indices'][-4:] == [17, 18, 19, 20]
    assert len(sample['flip_indices']) == 21

    build(data, sources=sources, test_mode=True)
    rows = {line.split()[0]: line.split()[1:] for line in capture_log().splitlines() if line}
    assert rows['thorax'] == ['derived', '(2)']
    assert rows['head_top'] == ['labelled', '(2)']
    assert rows['pelvis'] == ['labelled', '(0)']
