"""What a mesh estimator gets of a cropped person."""

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from mmpose_ext.datasets.transforms import PackMeshInputs
from mmpose_ext.skeletons import SUPERSET30


@pytest.fixture
def results():
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(0, 96, (1, 30, 2)).astype(np.float32)
    # On the left edge, just outside of it, on the right edge, on the last pixel below.
    keypoints[0, :4] = [[0, 50], [-0.01, 50], [96, 50], [40, 127.9]]
    visible = np.ones((1, 30), np.float32)
    visible[0, 4] = 0
    return dict(
        img=rng.integers(0, 256, (128, 96, 3), np.uint8),
        input_size=(96, 128),
        img_path='a.jpg',
        id=5,
        img_id=6,
        source='pw3d',
        subsets=('occluded',),
        bbox_source='gt',
        ori_shape=(300, 400),
        warp_mat=rng.normal(size=(2, 3)),
        warp_flip=True,
        keypoints=keypoints,
        keypoints_visible=visible,
        joints_cam=rng.normal(size=(1, 30, 3)).astype(np.float32),
        joints_cam_valid=visible.copy(),
        smpl=dict(
            pose=rng.normal(size=(24, 3)).astype(np.float32),
            betas=rng.normal(size=10).astype(np.float32),
            transl=np.float32([0, 1, 4]),
            gender='female',
            root_joint=np.zeros(3, np.float32),
        ),
        smpl_valid=1.0,
        camera=np.diag([500.0, 500, 1]),
        camera_crop=rng.normal(size=(3, 3)),
        crop_box=np.float32([[1, 2, 97, 130]]),
        bbox_score=np.ones(1, np.float32),
        pose2d=None,
    )


def test_labels_come_as_arrays_of_one_instance(results):
    packed = PackMeshInputs()(results)

    labels = packed['data_samples'].gt_instances
    assert len(labels) == 1
    shapes = {
        'keypoints': (1, 30, 2),
        'keypoints_visible': (1, 30),
        'joints_cam': (1, 30, 3),
        'joints_cam_valid': (1, 30),
        'smpl_pose': (1, 24, 3),
        'smpl_betas': (1, 10),
        'smpl_transl': (1, 3),
        'smpl_valid': (1,),
        'camera': (1, 3, 3),
        'bboxes': (1, 4),
        'bbox_scores': (1,),
    }
    assert {key: array.shape for key, array in labels.items()} == shapes
    assert all(array.dtype == np.float32 for _, array in labels.items())
    np.testing.assert_array_equal(labels.smpl_pose[0], results['smpl']['pose'])
    np.testing.assert_allclose(labels.camera[0], results['camera_crop'], rtol=1e-6)
    np.testing.assert_array_equal(labels.keypoints_visible[0, :6], [1, 0, 0, 1, 0, 1])
    meta = packed['data_samples'].metainfo
    assert meta['gender'] == 'female' and meta['subsets'] == ('occluded',)
    np.testing.assert_array_equal(meta['image_camera'], results['camera'])
    for key in ('id', 'img_id', 'img_path', 'source', 'ori_shape', 'input_size', 'bbox_source'):
        assert meta[key] == results[key]
    assert meta['warp_flip'] is True


def test_inputs_are_tensors(results):
    edge = np.random.default_rng(1).random((128, 96)).astype(np.float32)
    results.update(edge=edge, teacher_edge=edge * 2)

    inputs = PackMeshInputs()(results)['inputs']

    assert set(inputs) == {'img', 'joints', 'joints_mask', 'edge', 'teacher_edge'}
    assert inputs['img'].dtype == torch.uint8
    np.testing.assert_array_equal(inputs['img'].permute(1, 2, 0).numpy(), results['img'])
    np.testing.assert_array_equal(inputs['edge'].numpy(), edge[None])
    np.testing.assert_array_equal(inputs['teacher_edge'].numpy(), edge[None] * 2)
    assert (
        'edge'
        not in PackMeshInputs()(
            {key: value for key, value in results.items() if 'edge' not in key}
        )['inputs']
    )


def test_the_input_pose_is_the_corrupted_the_detected_or_the_annotated_one(results):
    def joints_and_mask(**changes):
        inputs = PackMeshInputs()(results | changes)['inputs']
        return inputs['joints'].numpy(), inputs['joints_mask'].numpy()[:, 0]

    joints, mask = joints_and_mask()
    np.testing.assert_array_equal(joints, results['keypoints'][0])
    np.testing.assert_array_equal(mask[:6], [1, 0, 0, 1, 0, 1])
    detected = np.random.default_rng(2).uniform(1, 90, (30, 3)).astype(np.float32)
    detected[3, 2], detected[7, 0] = 0, 97
    joints, mask = joints_and_mask(pose2d=detected)
    np.testing.assert_array_equal(joints, detected[:, :2])
    assert set(np.flatnonzero(mask == 0)) == {3, 7}
    corrupted = detected[::-1].copy()
    joints, _ = joints_and_mask(pose2d=detected, input_pose=corrupted)
    np.testing.assert_array_equal(joints, corrupted[:, :2])


def test_people_without_a_body_have_zeros_that_do_not_count(results):
    packed = PackMeshInputs()(results | dict(smpl=None, smpl_valid=0.0))['data_samples']

    for key in ('smpl_pose', 'smpl_betas', 'smpl_transl', 'smpl_valid'):
        assert not packed.gt_instances[key].any()
    assert packed.metainfo['gender'] == 'neutral'


def test_a_sample_that_was_not_cropped_is_an_error(results):
    del results['camera_crop']

    with pytest.raises(ValueError, match='a.jpg: got no camera_crop, expected MeshTopdownAffine'):
        PackMeshInputs()(results)


def test_batches_of_packed_samples_collate(results):
    batch = pseudo_collate([PackMeshInputs()(results) for _ in range(2)])

    assert [image.shape for image in batch['inputs']['img']] == [(3, 128, 96)] * 2
    assert len(batch['data_samples']) == 2
    assert batch['inputs']['joints_mask'][0].shape == (SUPERSET30.num_keypoints, 1)
