"""MuPoTS-3D: joints without bodies, detected poses of two detectors."""

import numpy as np
import pytest

from mmpose_ext.datasets import MuPoTSMesh
from mmpose_ext.skeletons import COCO17, MUPOTS17, OPENPOSE18, SUPERSET30


@pytest.fixture
def mupots(folder):
    rng = np.random.default_rng(0)
    folder.joints = rng.uniform(-0.8, 0.8, (3, 17, 3)) + [0, 0, 4]
    annotations = []
    for n, joints in enumerate(folder.joints):
        pixels = joints[:, :2] / joints[:, 2:] * [300, 310] + [160, 120]
        low, size = pixels.min(axis=0), np.ptp(pixels, axis=0)
        annotations.append(
            dict(
                id=n,
                image_id=1,
                is_valid=int(n != 1),
                bbox=[*low, *size],
                keypoints_img=pixels.tolist(),
                keypoints_cam=(joints * 1000).tolist(),
            )
        )
    image = dict(id=1, file_name='TS1/img_000000.jpg', width=320, height=240)
    folder.image('MultiPersonTestSet/TS1/img_000000.jpg')
    folder.json(
        'MuPoTS-3D.json',
        dict(images=[dict(image, intrinsic=[300, 310, 160, 120])], annotations=annotations),
    )
    for name, count in (('openpose', 18), ('hhrnet', 17)):
        poses = rng.uniform(50, 200, (3, count, 3))
        poses[..., 2] = 0.07
        poses[:, :6, 2] = 0.5
        poses[2] = 0
        folder.json(
            f'MuPoTs_test_{name}_result.json',
            {str(n): dict(coco_joints=pose.tolist()) for n, pose in enumerate(poses)},
        )
    return folder


def build(folder, **arguments):
    return MuPoTSMesh(data_root=str(folder.root), body_model='standin', test_mode=True, **arguments)


def test_valid_people_come_with_camera_and_joints(mupots):
    dataset = build(mupots)

    samples = [dataset.get_data_info(n) for n in range(len(dataset))]
    assert [sample['id'] for sample in samples] == [0, 2]
    assert dict(dataset.skipped) == {'not valid, says the file': 1}
    np.testing.assert_array_equal(samples[0]['camera'], [[300, 0, 160], [0, 310, 120], [0, 0, 1]])
    joints = mupots.joints[0] - mupots.joints[0, MUPOTS17.index('pelvis')]
    wrist = samples[0]['joints_cam'][0, SUPERSET30.index('left_wrist')]
    np.testing.assert_allclose(wrist, joints[MUPOTS17.index('left_wrist')], atol=1e-6)
    assert samples[0]['smpl'] is None and samples[0]['persons'] == []


def test_people_behind_the_camera_are_counted_and_left_out(mupots):
    def move(content):
        for joint in content['annotations'][0]['keypoints_cam']:
            joint[2] -= 9000

    mupots.edit('MuPoTS-3D.json', move)

    dataset = build(mupots)

    assert [dataset.get_data_info(n)['id'] for n in range(len(dataset))] == [2]
    assert dataset.skipped['wholly behind the camera'] == 1


@pytest.mark.parametrize(
    ('detector', 'skeleton', 'trusted'), [('openpose', OPENPOSE18, 18), ('hhrnet', COCO17, 6)]
)
def test_each_detector_has_its_joints_and_threshold(mupots, detector, skeleton, trusted):
    dataset = build(mupots, detector=detector)

    sample = dataset.get_data_info(0)
    scores = sample['pose2d'][SUPERSET30.indices(skeleton.keypoints), 2]
    assert (scores > 0).sum() == trusted
    assert sample['bbox_source'] == 'pose2d'
    # The other one was not detected.
    assert dataset.get_data_info(1)['bbox_source'] == 'gt'
    assert not dataset.get_data_info(1)['pose2d'][:, 2].any()


def test_unknown_detectors_and_wrong_intrinsics_are_errors(mupots):
    with pytest.raises(ValueError, match="detector got 'yolo'"):
        build(mupots, detector='yolo')
    mupots.edit(
        'MuPoTS-3D.json', lambda content: content['images'][0].update(intrinsic=[300, 0, 1, 2])
    )
    with pytest.raises(ValueError, match=r'entry 0: the focal length is \[300.0, 0.0\]'):
        build(mupots)
