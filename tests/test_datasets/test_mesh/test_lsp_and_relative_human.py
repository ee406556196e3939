"""Test sets in formats of their own: LSP's Matlab file, Relative Human's objects in arrays."""

import numpy as np
import pytest
from scipy.io import savemat

from mmpose_ext.datasets import LspMesh, RelHumanMesh
from mmpose_ext.skeletons import LSP14, SUPERSET30


def lsp(folder, joints, **arguments):
    savemat(folder.root / 'joints.mat', dict(joints=joints))
    return LspMesh(
        data_root=str(folder.root),
        data_prefix=dict(img='images'),
        body_model='standin',
        test_mode=True,
        **arguments,
    )


@pytest.fixture
def lsp_joints(folder):
    """1002 images, of which those of the test split and the first exist, in different sizes."""
    for number in (1, 1001, 1002):
        folder.image(f'images/im{number:04d}.jpg', size=(200, 160 + number % 2 * 8))
    joints = np.random.default_rng(0).uniform(20, 140, (3, 14, 1002))
    joints[2] = 0
    return joints


def test_lsp_splits_at_a_thousand_and_reads_sizes_from_the_images(folder, lsp_joints):
    dataset = lsp(folder, lsp_joints)

    samples = [dataset.get_data_info(n) for n in range(len(dataset))]
    assert [sample['id'] for sample in samples] == [1001, 1002]
    assert [(sample['width'], sample['height']) for sample in samples] == [(200, 168), (200, 160)]
    columns = SUPERSET30.indices(LSP14.keypoints)
    expected = lsp_joints[:2, :, 1000].T
    np.testing.assert_allclose(samples[0]['keypoints'][0, columns], expected, rtol=1e-6)
    # With the middle of the hips; hidden joints are annotated too.
    assert samples[0]['keypoints_visible'].sum() == 15
    low, high = expected.min(axis=0), expected.max(axis=0)
    size = samples[0]['bbox'][0, 2:] - samples[0]['bbox'][0, :2]
    np.testing.assert_allclose(size, 1.2 * (high - low), rtol=1e-5)


def test_lsp_takes_detected_poses_by_image_number(folder, lsp_joints):
    pose = np.full((17, 3), 50.0)
    folder.json('poses.json', {'1002': dict(coco_joints=pose.tolist())})

    dataset = lsp(folder, lsp_joints, pose2d_file='poses.json')

    assert not dataset.get_data_info(0)['pose2d'].any()
    assert dataset.get_data_info(1)['pose2d'][SUPERSET30.index('nose'), 0] == 50


def test_lsp_files_that_are_none_are_named(folder, lsp_joints):
    with pytest.raises(ValueError, match=r'joints of shape \(14, 3, 1002\), expected \(3, 14'):
        lsp(folder, lsp_joints.transpose(1, 0, 2))
    lsp_joints[0, 3, 7] = np.nan
    with pytest.raises(ValueError, match="entry 8: 'joints' is .*expected finite"):
        lsp(folder, lsp_joints)
    with pytest.raises(ValueError, match="split got 'val'"):
        lsp(folder, lsp_joints, split='val')
    (folder.root / 'joints.mat').write_bytes(b'MATLAB 5.0 MAT-file, but not really')
    with pytest.raises(ValueError, match='joints.mat.* is not a readable Matlab file'):
        LspMesh(data_root=str(folder.root), body_model='standin')


def test_a_missing_lsp_image_is_named(folder, lsp_joints):
    (folder.root / 'images/im1002.jpg').unlink()

    with pytest.raises(FileNotFoundError, match='im1002.jpg'):
        lsp(folder, lsp_joints)


def people_of(folder, people):
    """Write Relative Human's file: an array of one object, people by image name."""
    for name in people:
        folder.image(f'images/{name}')
    np.savez(folder.root / 'test_annots.npz', annots=people)
    return RelHumanMesh(data_root=str(folder.root), body_model='standin', test_mode=True)


def person(count, **values):
    points = np.random.default_rng(count).uniform(20, 180, (count, 3))
    points[:, 2] = 1
    return dict(dict(bbox=[10, 12, 110, 212], kp2d=points, depth_id=0, age=0, gender=1), **values)


def test_relative_human_names_joints_by_the_source_of_the_image(folder):
    people = {
        '1234567.jpg': [person(19)],
        '000012.jpg': [person(19), person(14, bbox_wb=[1, 2, 201, 222])],
    }
    dataset = people_of(folder, people)

    samples = [dataset.get_data_info(n) for n in range(len(dataset))]
    wrist = SUPERSET30.index('left_wrist')
    columns = [9, 5, 4]
    given = [people['1234567.jpg'][0], *people['000012.jpg']]
    for sample, one, column in zip(samples, given, columns, strict=True):
        expected = one['kp2d'][column, :2]
        np.testing.assert_allclose(sample['keypoints'][0, wrist], expected, rtol=1e-6)
    np.testing.assert_array_equal(samples[0]['bbox'][0], [10, 12, 110, 212])
    # The box of the whole body rather than of the visible part.
    np.testing.assert_array_equal(samples[2]['bbox'][0], [1, 2, 201, 222])
    assert [sample['id'] for sample in samples] == [1, 2, 3]
    assert samples[1]['img_id'] == samples[2]['img_id'] == 2


def test_relative_human_counts_people_without_keypoints(folder):
    dataset = people_of(folder, {'a.jpg': [person(14), person(14, kp2d=None)]})

    assert len(dataset) == 1
    assert dict(dataset.skipped) == {'without a labelled keypoint': 1}


@pytest.mark.parametrize(
    ('one', 'message'),
    [
        (person(14, kp2d=np.full((13, 3), 1.0)), r'entry 1 \(a.jpg\) has 13 keypoints, expected'),
        (person(14, kp2d=np.full((14, 3), np.nan)), r"entry 1 \(a.jpg\): 'kp2d' is .*finite"),
        (person(14, bbox=[1, 2, 3]), "entry 1: 'bbox' is .*3 numbers, expected 4"),
    ],
)
def test_relative_human_names_damaged_entries(folder, one, message):
    with pytest.raises(ValueError, match=message):
        people_of(folder, {'a.jpg': [one]})
