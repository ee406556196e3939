import copy
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import FUNCTIONS
from mmengine.runner import Runner
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample
from torch.utils.data import DataLoader, Dataset

from mmpose_ext.datasets import packed_collate


def pose_sample(index):
    rng = np.random.default_rng(index)
    sample = PoseDataSample(metainfo=dict(img_path=f'{index}.jpg', flip_indices=[1, 0]))
    sample.gt_instances = InstanceData(bboxes=rng.random((1, 4), np.float32))
    sample.gt_instance_labels = InstanceData(
        keypoint_weights=torch.from_numpy(rng.random((1, 2), np.float32)),
    )
    sample.gt_fields = PixelData(heatmaps=torch.from_numpy(rng.random((2, 32, 24), np.float32)))
    return dict(
        inputs=torch.from_numpy(rng.integers(0, 256, (3, 64, 48), np.uint8)), data_samples=sample
    )


class Poses(Dataset):
    def __len__(self):
        return 12

    def __getitem__(self, index):
        return pose_sample(index)


class Objects(Dataset):
    """What else a batch may hold; every item by itself."""

    values = (
        torch.arange(2000, dtype=torch.float64).view(40, 50).T,
        torch.rand(3000).to(torch.bfloat16),
        torch.rand(3000) > 0.5,
        torch.rand(3000, dtype=torch.complex64),
        torch.tensor(7),
        torch.empty(0, 3),
        torch.nn.Parameter(torch.rand(3000)),
        torch.eye(60).to_sparse(),
        np.asfortranarray(np.arange(6000.0).reshape(60, 100)),
        np.arange(6000)[::2],
        np.array(['thorax', 'pelvis'], object),
        'text',
        None,
        b'bytes' * 2000,
    )

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        return dict(value=self.values[index])


def assert_same(got, expected):
    assert type(got) is type(expected)
    if isinstance(expected, torch.Tensor):
        assert (got.dtype, got.layout, got.requires_grad) == (
            expected.dtype,
            expected.layout,
            expected.requires_grad,
        )
        assert torch.equal(got.to_dense(), expected.to_dense())
    elif isinstance(expected, np.ndarray):
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)
    else:
        assert got == expected


def assert_same_poses(got, expected):
    assert torch.equal(got['inputs'], torch.stack(expected['inputs']))
    for one, other in zip(got['data_samples'], expected['data_samples'], strict=True):
        assert type(one) is PoseDataSample
        assert one.metainfo == other.metainfo
        assert_same(one.gt_instances.bboxes, other.gt_instances.bboxes)
        assert_same(one.gt_fields.heatmaps, other.gt_fields.heatmaps)
        assert_same(
            one.gt_instance_labels.keypoint_weights, other.gt_instance_labels.keypoint_weights
        )


def loader(dataset, batch_size, workers=1):
    return DataLoader(
        dataset, batch_size=batch_size, num_workers=workers, collate_fn=packed_collate
    )


def test_it_is_found_by_mmengines_runner():
    assert FUNCTIONS.get('mmpose_ext.packed_collate') is packed_collate
    config = dict(
        batch_size=4,
        num_workers=1,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='mmpose_ext.packed_collate'),
    )
    batch = next(iter(Runner.build_dataloader(dict(config, dataset=Poses()))))
    assert batch['inputs'].shape == (4, 3, 64, 48)


@pytest.mark.parametrize('workers', [0, 2])
def test_it_gives_what_pseudo_collate_gives_with_images_stacked(workers):
    for number, batch in enumerate(loader(Poses(), 4, workers)):
        expected = pseudo_collate([pose_sample(4 * number + k) for k in range(4)])
        assert_same_poses(batch, expected)


def test_whatever_a_batch_holds_arrives_as_it_was():
    for batch, expected in zip(loader(Objects(), 1), Objects.values, strict=True):
        assert_same(batch['value'][0], expected)


def test_images_of_different_shapes_or_types_stay_a_list():
    images = torch.zeros(3, 4, 4), torch.zeros(3, 4, 5), torch.zeros(3, 4, 4, dtype=torch.uint8)
    for other in images[1:]:
        batch = packed_collate([dict(inputs=images[0]), dict(inputs=other)])
        assert batch['inputs'] == [images[0], other]


def test_what_arrives_can_be_written():
    batch = next(iter(loader(Poses(), 4)))
    before = copy.deepcopy(batch)
    batch['data_samples'][0].gt_fields.heatmaps += 1
    # And nothing else lies in the same memory.
    torch.testing.assert_close(
        batch['data_samples'][0].gt_fields.heatmaps,
        before['data_samples'][0].gt_fields.heatmaps + 1,
    )
    for one, other in zip(batch['data_samples'][1:], before['data_samples'][1:], strict=True):
        assert torch.equal(one.gt_fields.heatmaps, other.gt_fields.heatmaps)
    assert torch.equal(batch['inputs'], before['inputs'])


@pytest.mark.skipif(not Path('/proc/self/fd').exists(), reason='counts open files in /proc')
def test_a_batch_holds_one_open_file_open(monkeypatch):
    def open_files(collate_fn):
        stream = iter(DataLoader(Poses(), batch_size=6, num_workers=1, collate_fn=collate_fn))
        first = next(stream)
        before = len(os.listdir('/proc/self/fd'))
        second = next(stream)
        after = len(os.listdir('/proc/self/fd'))
        assert len(first['data_samples']) == len(second['data_samples']) == 6
        return after - before

    assert open_files(packed_collate) == 1
    # Image, weights and heatmaps of each of six people.
    assert open_files(pseudo_collate) == 18
