import numpy as np
import pytest
import torch

from mmpose_ext.geometry import axis_angle_to_matrix
from mmpose_ext.models.pose_estimators.video_mesh_targets import video_mesh_targets

LIKE = torch.zeros(1)


def test_labels_are_stacked_and_poses_become_matrices(video):
    samples = video.samples(2)
    targets = video_mesh_targets(samples, 'neutral', LIKE)
    for clip, sample in enumerate(samples):
        labels = sample.gt_instances
        for name in ('keypoints', 'keypoints_visible', 'joints', 'joints_valid', 'smpl_valid'):
            np.testing.assert_array_equal(getattr(targets, name)[clip], labels[name])
        np.testing.assert_array_equal(targets.betas[clip], labels.smpl_betas)
        np.testing.assert_allclose(
            targets.rotations[clip], axis_angle_to_matrix(labels.smpl_pose), atol=1e-6
        )


def test_labels_do_not_change(video):
    samples = video.samples(1)
    before = samples[0].gt_instances.smpl_pose.copy()
    video_mesh_targets(samples, 'neutral', LIKE).rotations.zero_()
    np.testing.assert_array_equal(samples[0].gt_instances.smpl_pose, before)


@pytest.mark.parametrize(('gender', 'valid'), [('male', 0), ('neutral', 1), ('female', 1)])
def test_shape_parameters_of_another_gender_are_not_learned_from(video, gender, valid):
    samples = video.samples(1, gender=gender)
    targets = video_mesh_targets(samples, 'female', LIKE)
    assert (targets.betas_valid == valid).all()
    assert targets.smpl_valid.all()
    assert video_mesh_targets(samples, None, LIKE).betas_valid.all()


@pytest.mark.parametrize(
    ('field', 'mask', 'place', 'where'),
    [
        ('keypoints', 'keypoints_visible', (2, 5), 'frame 12, joint 5'),
        ('joints', 'joints_valid', (1,), 'frame 11'),
        ('smpl_pose', 'smpl_valid', (3,), 'frame 13'),
        ('smpl_betas', 'smpl_valid', (0,), 'frame 10'),
    ],
)
def test_labels_that_are_not_finite_are_refused_where_they_count(video, field, mask, place, where):
    samples = video.samples(2)
    labels = samples[1].gt_instances
    labels[mask][place] = 0.5
    labels[field][(*place, ...)] = np.nan
    with pytest.raises(ValueError, match=f"clip 'video1': '{field}' got .*nan.* in {where}"):
        video_mesh_targets(samples, 'neutral', LIKE)
    labels[mask][place] = 0
    targets = video_mesh_targets(samples, 'neutral', LIKE)
    assert targets.rotations.isfinite().all()


def test_missing_labels_and_clips_of_different_lengths_are_errors(video):
    samples = video.samples(2)
    with pytest.raises(ValueError, match="'keypoints' got shapes"):
        video_mesh_targets([*samples, *video.samples(1, frames=3)], 'neutral', LIKE)
    del samples[1].gt_instances.joints
    with pytest.raises(ValueError, match="got no 'joints' in clip 'video1'"):
        video_mesh_targets(samples, 'neutral', LIKE)
