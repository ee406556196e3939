import numpy as np
import torch
from mmpose.datasets.transforms import PackPoseInputs

from mmpose_ext.datasets.transforms import PackUnionInputs
from mmpose_ext.registry import DATASETS

PIPELINE = [
    dict(type='mmpose_ext.LoadEncodedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmpose_ext.TopdownAffineCanvas', input_size=(96, 128), canvas_size=(128, 128)),
]
TARGET = dict(
    type='mmpose_ext.GenerateSimCCTarget',
    encoder=dict(type='SimCCLabel', input_size=(96, 128), sigma=(3, 3), normalize=False),
)


def union(data, pipeline, **options):
    sources = dict(coco=data.source('coco'), mpii=data.source('mpii'))
    return DATASETS.build(
        dict(
            type='mmpose_ext.UnionDataset',
            skeleton='union21',
            sources=sources,
            pipeline=pipeline,
            **options,
        )
    )


def test_a_training_sample_as_models_expect_it(data):
    dataset = union(data, [*PIPELINE, TARGET, dict(type='mmpose_ext.PackUnionInputs')])

    packed = dataset[5]

    assert packed['inputs'].shape == (3, 128, 128)
    assert packed['inputs'].dtype == torch.uint8
    sample = packed['data_samples']
    labels = sample.gt_instance_labels
    assert labels.keypoint_x_labels.shape == (1, 21, 192)
    assert labels.keypoint_y_labels.shape == (1, 21, 256)
    assert labels.keypoint_weights.shape == (1, 21)
    assert labels.label_tier.shape == (1, 21)
    assert labels.label_tier.dtype == torch.int8
    assert sample.metainfo['source'] == 'mpii'
    assert len(sample.metainfo['flip_indices']) == 21


def test_it_packs_what_mmpose_packs(data):
    results = union(data, [*PIPELINE, TARGET])[0]

    ours, stock = PackUnionInputs()(dict(results)), PackPoseInputs()(dict(results))

    assert torch.equal(ours['inputs'], stock['inputs'])
    ours, stock = ours['data_samples'], stock['data_samples']
    assert set(ours.metainfo) == {*stock.metainfo, 'source'}
    for key, value in stock.gt_instances.items():
        np.testing.assert_array_equal(ours.gt_instances[key], value)
    assert set(ours.gt_instance_labels.keys()) == {*stock.gt_instance_labels.keys(), 'label_tier'}
    for key, value in stock.gt_instance_labels.items():
        assert torch.equal(ours.gt_instance_labels[key], value)


def test_a_testing_sample_keeps_its_own_skeleton(data):
    dataset = union(data, [*PIPELINE, dict(type='mmpose_ext.PackUnionInputs')], test_mode=True)

    sample = dataset[4]['data_samples']

    assert sample.gt_instances.keypoints.shape == (1, 16, 2)
    assert sample.metainfo['source'] == 'mpii'
    assert len(sample.metainfo['flip_indices']) == 21
    assert 'label_tier' not in sample.gt_instance_labels
