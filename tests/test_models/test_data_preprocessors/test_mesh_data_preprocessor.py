from collections.abc import Callable

import pytest
import torch
from mmengine.dataset import default_collate, pseudo_collate

from mmpose_ext.models.data_preprocessors import MeshDataPreprocessor


def items(batch: dict) -> list[dict]:
    """What the dataset returns for each sample."""
    return [
        dict(
            inputs={name: values[i] for name, values in batch['inputs'].items()},
            data_samples=sample,
        )
        for i, sample in enumerate(batch['data_samples'])
    ]


def test_images_become_rgb_in_0_to_1(mesh_batch: Callable[..., dict]) -> None:
    batch = mesh_batch(2, edge=1.0)
    data = MeshDataPreprocessor()(pseudo_collate(items(batch)), True)
    inputs = data['inputs']
    for i in range(2):
        for channel in range(3):
            expected = batch['inputs']['img'][i][2 - channel].float() / 255
            torch.testing.assert_close(inputs['img'][i, channel], expected)
        for name in ('joints', 'joints_mask', 'edge'):
            assert torch.equal(inputs[name][i], batch['inputs'][name][i])
    assert inputs['joints'].shape == (2, 30, 2)
    assert data['data_samples'] == batch['data_samples']


def test_collated_tensors_are_taken_as_well(mesh_batch: Callable[..., dict]) -> None:
    listed = [item['inputs'] for item in items(mesh_batch(2))]
    stacked = MeshDataPreprocessor()(dict(inputs=default_collate(listed)))
    expected = MeshDataPreprocessor()(dict(inputs=pseudo_collate(listed)))
    for name, values in expected['inputs'].items():
        assert torch.equal(stacked['inputs'][name], values)


def test_normalization_can_be_undone(mesh_batch: Callable[..., dict]) -> None:
    batch = mesh_batch(2)
    imagenet = MeshDataPreprocessor([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
    images = imagenet(dict(batch))['inputs']['img']
    red = (batch['inputs']['img'][0][2].float() - 123.675) / 58.395
    torch.testing.assert_close(images[0, 0], red)
    unit = MeshDataPreprocessor()(dict(batch))['inputs']['img']
    torch.testing.assert_close(imagenet.unit_images(images), unit, rtol=1e-5, atol=1e-6)


def test_only_edges_are_cut(mesh_batch: Callable[..., dict]) -> None:
    batch = mesh_batch(2, edge=2.0, teacher_edge=2.0)
    inputs = MeshDataPreprocessor(max_edge=1.0)(batch)['inputs']
    for name in ('edge', 'teacher_edge'):
        expected = torch.stack(batch['inputs'][name]).clamp(max=1)
        assert torch.equal(inputs[name], expected)
        assert expected.max() == 1
    assert inputs['joints'].max() > 1


def test_the_deviation_of_edges_is_positive() -> None:
    with pytest.raises(ValueError, match='edge_std got 0'):
        MeshDataPreprocessor(edge_std=0)


def test_images_of_different_sizes_are_named(mesh_batch: Callable[..., dict]) -> None:
    batch = mesh_batch(2)
    batch['inputs']['img'][1] = batch['inputs']['img'][1][:, :32]
    with pytest.raises(ValueError, match=r"inputs 'img' got shapes .*\(3, 32, 64\)"):
        MeshDataPreprocessor()(batch)


def test_it_has_no_entry_in_checkpoints() -> None:
    assert not MeshDataPreprocessor().state_dict()
