import copy

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.structures import PoseDataSample

from mmpose_ext.models.data_preprocessors import BatchedPoseDataPreprocessor
from mmpose_ext.registry import MODELS

OPTIONS = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True)


def sample(index, instances=1):
    rng = np.random.default_rng(index)

    def values(*shape):
        return torch.from_numpy(rng.random(shape, np.float32))

    result = PoseDataSample(metainfo=dict(img_shape=(64, 48), flip_indices=[1, 0]))
    result.gt_instances = InstanceData(
        bboxes=rng.random((instances, 4), np.float32), keypoints_visible=values(instances, 2)
    )
    result.gt_instance_labels = InstanceData(
        keypoint_weights=values(instances, 2), in_image=values(instances, 2) > 0.5
    )
    result.gt_fields = PixelData(heatmaps=values(2, 16, 12))
    return result


def batch(stacked, instances=(1, 1, 1)):
    images = [torch.randint(0, 256, (3, 64, 48), dtype=torch.uint8) for _ in instances]
    samples = [sample(index, count) for index, count in enumerate(instances)]
    return dict(inputs=torch.stack(images) if stacked else images, data_samples=samples)


def tensors(samples):
    for one in samples:
        yield one.gt_instances.keypoints_visible
        yield one.gt_instance_labels.keypoint_weights
        yield one.gt_instance_labels.in_image
        yield one.gt_fields.heatmaps


@pytest.mark.parametrize('stacked', [False, True])
@pytest.mark.parametrize('instances', [(1, 1, 1), (2, 1, 2)])
def test_it_gives_what_the_stock_one_gives(stacked, instances):
    data = batch(stacked, instances)
    expected = PoseDataPreprocessor(**OPTIONS)(copy.deepcopy(data), True)

    got = BatchedPoseDataPreprocessor(**OPTIONS)(data, True)

    assert torch.equal(got['inputs'], expected['inputs'])
    for one, other in zip(got['data_samples'], expected['data_samples'], strict=True):
        assert one.metainfo == other.metainfo
        np.testing.assert_array_equal(one.gt_instances.bboxes, other.gt_instances.bboxes)
    for one, other in zip(
        tensors(got['data_samples']), tensors(expected['data_samples']), strict=True
    ):
        assert one.dtype == other.dtype
        assert torch.equal(one, other)


@pytest.mark.parametrize('instances', [(1, 1, 1), (2, 1, 2)])
def test_labels_move_in_one_copy_per_name_and_shape(instances, monkeypatch):
    """On the meta device, which every machine has."""
    data = batch(True, instances)
    preprocessor = MODELS.build(
        dict(type='mmpose_ext.BatchedPoseDataPreprocessor', mean=None, std=None)
    ).to('meta')
    copies = []
    to = torch.Tensor.to

    def count(tensor, *args, **kwargs):
        copies.append(tuple(tensor.shape))
        return to(tensor, *args, **kwargs)

    monkeypatch.setattr(torch.Tensor, 'to', count)
    got = preprocessor.cast_data(data)
    monkeypatch.undo()

    assert got['inputs'].device.type == 'meta'
    assert all(value.device.type == 'meta' for value in tensors(got['data_samples']))
    assert got['data_samples'][0].gt_instances.bboxes.__class__ is np.ndarray
    # The images; heatmaps of all; three tensors per number of people in an image.
    assert len(copies) == 2 + 3 * len(set(instances))
    assert (3, 2, 16, 12) in copies


def test_what_is_on_the_device_stays_where_it_is():
    data = batch(True)
    before = [value.data_ptr() for value in tensors(data['data_samples'])]
    BatchedPoseDataPreprocessor(**OPTIONS)(data, True)
    assert [value.data_ptr() for value in tensors(data['data_samples'])] == before
