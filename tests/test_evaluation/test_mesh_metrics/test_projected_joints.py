import numpy as np
import pytest

from mmpose_ext.body_models import regressor
from mmpose_ext.evaluation.functional.projected_joints import (
    PROJECTED30,
    ProjectedJoints,
    project_as_predicted,
)
from mmpose_ext.skeletons import COCO17, SUPERSET30


def through_the_crop(points, box, camera, crop):
    """Pixels of points of an unmoved body, one formula after the other as 3DCrowdNet states it."""
    left, top, right, bottom = box
    depth = np.sqrt(5000 * 5000 * 2.5 * 2.5 / (crop * crop)) / (1 + np.exp(-camera[2]))
    x, y, z = (points + [camera[0], camera[1], depth]).T
    in_crop = np.stack([5000 * x / z + crop / 2, 5000 * y / z + crop / 2], axis=1)
    return in_crop * [(right - left) / crop, (bottom - top) / crop] + [left, top]


def test_further_points_are_projected_as_the_keypoints_are(make_person):
    sample = make_person(3)
    joints = sample['pred_instances']['joints'][0]
    pixels = project_as_predicted(sample, joints)
    np.testing.assert_allclose(pixels, sample['pred_instances']['keypoints'][0], atol=1e-3)


def test_coco_keypoints_are_read_off_the_vertices(make_person, gendered_body):
    sample = make_person(3)
    fields = sample['pred_instances']
    mesh, _ = gendered_body().skin(fields['smpl_betas'][0], fields['smpl_pose'][0])
    points = regressor(gendered_body(), 'coco17') @ mesh
    expected = through_the_crop(points, fields['bboxes'][0], fields['camera'][0], 64)
    pixels = ProjectedJoints('coco17', 'standin')(sample)
    columns = SUPERSET30.indices(COCO17.keypoints)
    np.testing.assert_allclose(pixels[columns], expected, atol=1e-3)
    others = np.delete(np.arange(30), columns)
    own = ProjectedJoints()(sample)
    np.testing.assert_array_equal(pixels[others], own[others])
    np.testing.assert_array_equal(own, fields['keypoints'][0])
    hips = SUPERSET30.indices(['left_hip', 'right_hip'])
    assert (np.linalg.norm(pixels[hips] - own[hips], axis=1) > 0.5).all()


def test_the_neck_is_compared_with_the_upper_neck():
    assert PROJECTED30.canonical('neck') == 'upper_neck'
    assert SUPERSET30.canonical('neck') == 'neck'


def test_bad_samples_and_arguments_are_explained(make_person):
    with pytest.raises(ValueError, match="regressor got 'h36m17', expected 'coco17' or None"):
        ProjectedJoints('h36m17', 'standin')
    sample = make_person(3)
    del sample['input_size']
    with pytest.raises(ValueError, match="image '3.jpg', person 3: the sample has no input_size"):
        project_as_predicted(sample, np.zeros((1, 3)))
    sample['pred_instances']['keypoints'][0, 0, 0] = np.nan
    with pytest.raises(ValueError, match='person 3: pred_instances keypoints got 1'):
        ProjectedJoints()(sample)
