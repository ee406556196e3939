from collections.abc import Callable

import numpy as np
import pytest
import torch

from mmpose_ext.body_models import SMPLLayer, load_standin, superset_regressor
from mmpose_ext.models.mesh_batch import MeshTargets
from mmpose_ext.models.pose_estimators.mesh_targets import mesh_targets
from mmpose_ext.skeletons import SUPERSET30

CROP = 64


@pytest.fixture(scope='module')
def body() -> Callable[[str], SMPLLayer]:
    layers = {gender: SMPLLayer('standin', gender) for gender in ('neutral', 'male')}
    return layers.__getitem__


def targets_of(batch: dict, body: Callable[[str], SMPLLayer]) -> MeshTargets:
    return mesh_targets(batch['data_samples'], body, 'neutral', CROP, 64.0, torch.zeros(1))


def test_fits_are_posed_and_projected_as_by_hand(
    mesh_batch: Callable[..., dict], body: Callable[[str], SMPLLayer]
) -> None:
    batch = mesh_batch(2)
    batch['data_samples'][1].set_metainfo(dict(gender='male'))
    targets = targets_of(batch, body)
    for i, gender in enumerate(('neutral', 'male')):
        labels = batch['data_samples'][i].gt_instances
        standin = load_standin(gender)
        vertices, _ = standin.skin(labels.smpl_betas[0], labels.smpl_pose[0], labels.smpl_transl[0])
        joints = superset_regressor(standin) @ vertices
        relative = joints - joints[0]
        np.testing.assert_allclose(targets.fit_joints[i], relative, atol=1e-5)
        image = joints @ labels.camera[0].numpy().T
        pixels = image[:, :2] / image[:, 2:]
        np.testing.assert_allclose(targets.fit_positions[i, :, :2], pixels * 64 / CROP, atol=1e-3)
        depth = (relative[:, 2] + 1) / 2 * 64
        np.testing.assert_allclose(targets.fit_positions[i, :, 2], depth, atol=1e-3)
        volume = np.concatenate([pixels * 64 / CROP, depth[:, None]], axis=1)
        inside = ((volume >= 0) & (volume < 64)).all(axis=1)
        np.testing.assert_array_equal(targets.fit_positions_mask[i, :, 0], inside)
    assert targets.fit_mask.tolist() == [1, 1]
    assert targets.betas_mask.tolist() == [1, 0], 'shapes of men mean others than neutral ones'


def test_annotations_become_positions_in_the_volume(
    mesh_batch: Callable[..., dict], body: Callable[[str], SMPLLayer]
) -> None:
    batch = mesh_batch(4)
    labels = batch['data_samples'][3].gt_instances
    labels.joints_cam[0, 5, 2] = 1.2
    labels.joints_cam_valid[0, 5] = labels.keypoints_visible[0, 5] = 1
    targets = targets_of(batch, body)
    torch.testing.assert_close(targets.positions[3, :, :2], labels.keypoints[0] * 64 / CROP)
    torch.testing.assert_close(targets.positions[3, :, 2], (labels.joints_cam[0, :, 2] + 1) * 32)
    assert torch.equal(targets.positions_mask[3, :, 0], labels.keypoints_visible[0])
    assert torch.equal(targets.positions_mask[3, :, 1], labels.keypoints_visible[0])
    known = labels.keypoints_visible[0] * labels.joints_cam_valid[0]
    known[5] = 0
    assert torch.equal(targets.positions_mask[3, :, 2], known), 'beyond 1 m there is no depth bin'
    assert not targets.positions_mask[2, :, 2].any(), 'the third sample has no 3D labels'
    assert torch.equal(targets.joints_mask[3, :, 0], labels.joints_cam_valid[0])


def test_a_sample_without_a_fit_is_finite_and_masked(
    mesh_batch: Callable[..., dict], body: Callable[[str], SMPLLayer]
) -> None:
    batch = mesh_batch(2)
    labels = batch['data_samples'][0].gt_instances
    for name in ('smpl_pose', 'smpl_betas', 'smpl_transl', 'smpl_valid'):
        labels[name] = torch.zeros_like(labels[name])
    targets = targets_of(batch, body)
    assert targets.fit_positions.isfinite().all()
    assert not targets.fit_positions_mask[0].any()
    assert targets.fit_mask.tolist() == [0, 1]


def test_what_is_behind_the_camera_has_no_position(
    mesh_batch: Callable[..., dict], body: Callable[[str], SMPLLayer]
) -> None:
    batch = mesh_batch(2)
    batch['data_samples'][0].gt_instances.smpl_transl[0] = torch.tensor([0.0, 0.0, -3.0])
    targets = targets_of(batch, body)
    assert not targets.fit_positions_mask[0].any()
    assert targets.fit_positions_mask[1].any()


def test_labels_may_be_arrays_and_a_missing_one_is_named(
    mesh_batch: Callable[..., dict], body: Callable[[str], SMPLLayer]
) -> None:
    batch, expected = mesh_batch(2), targets_of(mesh_batch(2), body)
    labels = batch['data_samples'][1].gt_instances
    for name in list(labels.keys()):
        labels[name] = labels[name].numpy()
    for mine, reference in zip(targets_of(batch, body), expected):
        assert torch.equal(mine, reference)
    del labels.smpl_transl
    with pytest.raises(ValueError, match="gt_instances got no 'smpl_transl' in sample 1"):
        targets_of(batch, body)


def test_the_pelvis_is_the_root(
    mesh_batch: Callable[..., dict], body: Callable[[str], SMPLLayer]
) -> None:
    targets = targets_of(mesh_batch(2), body)
    pelvis = SUPERSET30.index('pelvis')
    assert not targets.fit_joints[:, pelvis].any()
    assert torch.all(targets.fit_positions[:, pelvis, 2] == 32)
