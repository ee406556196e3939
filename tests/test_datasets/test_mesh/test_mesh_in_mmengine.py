"""The mesh datasets where MMEngine looks for a dataset: builders, workers, subsets."""

import copy
import pickle

import numpy as np
import pytest
import torch
from mmengine.runner import Runner

from mmpose_ext.datasets import BaseMeshDataset
from mmpose_ext.registry import DATASETS
from mmpose_ext.skeletons import COCO17, SUPERSET30

PIPELINE = [
    dict(type='mmpose_ext.LoadEncodedImage'),
    dict(type='mmpose_ext.MeshTopdownAffine', input_size=(64, 64)),
    dict(type='mmpose_ext.RenderSMPLEdge', space='crop', body_model='standin'),
    dict(type='mmpose_ext.CorruptPose2D'),
    dict(type='mmpose_ext.PackMeshInputs'),
]
TEST_PIPELINE = [
    dict(type='LoadImage'),
    dict(
        type='mmpose_ext.MeshTopdownAffine',
        input_size=(64, 64),
        scale=0,
        rotate_prob=0,
        flip_prob=0,
        color=0,
    ),
    dict(type='mmpose_ext.PackMeshInputs'),
]


def coco_config(folder, **arguments):
    return dict(
        type='mmpose_ext.CocoMesh',
        ann_file='annotations.json',
        smpl_file='fits.json',
        data_root=str(folder.root),
        data_prefix=dict(img='coco_images'),
        body_model='standin',
        **arguments,
    )


@pytest.fixture
def both(human36m, scene):
    """Human3.6M's and COCO's files in one folder."""
    return scene.coco_scene(
        human36m, COCO17, scene.joints_named(COCO17.keypoints), subfolder='coco_images'
    )


def loader_config(folder, num_workers=2):
    human36m = dict(
        type='mmpose_ext.Human36MMesh',
        subjects=(1,),
        data_root=str(folder.root),
        data_prefix=dict(img='images'),
        body_model='standin',
    )
    return dict(
        batch_size=4,
        num_workers=num_workers,
        persistent_workers=False,
        sampler=dict(type='DefaultSampler', shuffle=True),
        worker_init_fn=dict(type='mmpose_ext.seed_worker'),
        dataset=dict(
            type='mmpose_ext.BalancedMixedDataset',
            groups=[[human36m], [coco_config(folder)]],
            pipeline=PIPELINE,
        ),
    )


def read_epoch(loader, epoch):
    """An epoch as training reads it: the sampler's epoch is set, the main process reseeded."""
    loader.sampler.set_epoch(epoch)
    torch.manual_seed(100 + epoch)
    batches = list(loader)
    sources = [[s.metainfo['source'] for s in batch['data_samples']] for batch in batches]
    joints = torch.stack([pose for batch in batches for pose in batch['inputs']['joints']])
    images = torch.stack([image for batch in batches for image in batch['inputs']['img']])
    return sources, joints, images


def test_a_loader_with_workers_gives_the_mix_and_resumes_exactly(both):
    config = loader_config(both)
    run = Runner.build_dataloader(copy.deepcopy(config), seed=5)
    _, first_joints, _ = read_epoch(run, 0)
    sources, joints, images = read_epoch(run, 1)

    resumed = Runner.build_dataloader(copy.deepcopy(config), seed=5)
    resumed_sources, resumed_joints, resumed_images = read_epoch(resumed, 1)

    flat = [source for batch in sources for source in batch]
    assert flat.count('h36m') == flat.count('coco') == 4
    assert sources == resumed_sources
    assert torch.equal(joints, resumed_joints) and torch.equal(images, resumed_images)
    assert not torch.equal(joints, first_joints)


def test_batches_hold_what_the_model_reads(both):
    batch = next(iter(Runner.build_dataloader(loader_config(both, num_workers=0), seed=0)))

    shapes = {name: tuple(values[0].shape) for name, values in batch['inputs'].items()}
    assert shapes == dict(img=(3, 64, 64), edge=(1, 64, 64), joints=(30, 2), joints_mask=(30, 1))
    assert all(edge.max() == 1 for edge in batch['inputs']['edge'])
    for sample in batch['data_samples']:
        valid = sample.gt_instances.joints_cam_valid.sum()
        assert valid == (17 if sample.metainfo['source'] == 'h36m' else 0)


def test_test_samples_keep_the_files_body(both):
    config = coco_config(both, test_mode=True) | dict(pipeline=TEST_PIPELINE)
    dataset = DATASETS.build(config)

    plain = dataset.get_data_info(1)
    sample = dataset[1]['data_samples']

    np.testing.assert_array_equal(sample.gt_instances.smpl_pose[0], plain['smpl']['pose'])
    np.testing.assert_array_equal(sample.gt_instances.smpl_transl[0], plain['smpl']['transl'])
    assert sample.metainfo['bbox_source'] == 'gt' and sample.metainfo['warp_flip'] is False
    box = sample.gt_instances.bboxes[0]
    assert box[2] - box[0] == pytest.approx(box[3] - box[1])


def test_samples_survive_serialisation_pickling_and_subsets(both):
    dataset = DATASETS.build(coco_config(both))
    as_list = DATASETS.build(coco_config(both, serialize_data=False))
    first = DATASETS.build(coco_config(both, indices=1))
    unpickled = pickle.loads(pickle.dumps(dataset))

    assert len(dataset) == len(as_list) == len(unpickled) == 3 and len(first) == 1
    for other in (as_list, unpickled, dataset.get_subset([0, 1, 2])):
        for n in range(3):
            one, two = dataset.get_data_info(n), other.get_data_info(n)
            assert one.keys() == two.keys()
            np.testing.assert_array_equal(one['keypoints'], two['keypoints'])
            np.testing.assert_array_equal(one['smpl']['pose'], two['smpl']['pose'])
    assert dataset.get_subset([2]).get_data_info(0)['id'] == dataset.get_data_info(2)['id']
    assert dataset.get_data_info(-1)['sample_idx'] == 2


def test_samples_are_independent_of_each_other_and_of_the_dataset(both):
    dataset = DATASETS.build(coco_config(both))

    before = dataset.get_data_info(0)
    changed = dataset.get_data_info(0)
    for key in ('keypoints', 'keypoints_visible', 'bbox', 'camera', 'neighbours'):
        changed[key] += 7
    changed['smpl']['pose'] += 1
    changed['persons'][0]['camera'] += 1
    after = dataset.get_data_info(0)

    for key in ('keypoints', 'keypoints_visible', 'bbox', 'camera', 'neighbours'):
        np.testing.assert_array_equal(before[key], after[key])
    np.testing.assert_array_equal(before['smpl']['pose'], after['smpl']['pose'])
    np.testing.assert_array_equal(before['persons'][0]['camera'], after['persons'][0]['camera'])


def test_the_metainfo_is_that_of_the_superset(both):
    info = DATASETS.build(coco_config(both)).metainfo

    assert info['num_keypoints'] == 30
    assert [info['keypoint_id2name'][k] for k in range(30)] == list(SUPERSET30.keypoints)
    assert info['flip_indices'] == SUPERSET30.flip_indices


def test_a_users_dataset_reads_people_and_has_the_rest(both):
    class OwnMesh(BaseMeshDataset):
        SOURCE = 'own'

        def read_people(self):
            return DATASETS.build(coco_config(both)).people

    dataset = OwnMesh(ann_file='anything', body_model='standin', bbox_source='pose2d')

    sample = dataset.get_data_info(2)
    assert sample['source'] == 'own' and sample['bbox_source'] == 'pose2d'
    assert sample['smpl_valid'] == 1
