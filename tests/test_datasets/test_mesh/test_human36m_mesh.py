"""Human3.6M's files: world joints and bodies, seen by turned cameras."""

import numpy as np
import pytest

from mmpose_ext.datasets import Human36MMesh
from mmpose_ext.skeletons import H36M17, SUPERSET30


def build(folder, **arguments):
    settings = dict(
        data_root=str(folder.root), data_prefix=dict(img='images'), body_model='standin'
    )
    return Human36MMesh(**(settings | dict(subjects=(1,)) | arguments))


def samples_of(dataset):
    return [dataset.get_data_info(n) for n in range(len(dataset))]


def test_bodies_and_joints_are_moved_to_the_cameras_exactly(human36m, cameras, scene):
    samples = samples_of(build(human36m))

    assert len(samples) == 4
    names = H36M17.keypoints
    columns = SUPERSET30.indices(names)
    for sample, (frame, name) in zip(samples, [(0, '1'), (0, '4'), (5, '1'), (5, '4')]):
        person, camera = human36m.people[1, frame], cameras[name]
        vertices = camera.see(person.vertices())
        assert np.abs(scene.sample_vertices(sample['smpl']) - vertices).max() < 1e-5
        np.testing.assert_allclose(sample['camera'], camera.matrix)
        joints = camera.see(person.joints('h36m17'))
        pixels = scene.project(sample['camera'], joints)
        np.testing.assert_allclose(sample['keypoints'][0, columns], pixels, atol=1e-3)
        root = joints[names.index('pelvis')]
        np.testing.assert_allclose(sample['joints_cam'][0, columns], joints - root, atol=1e-5)
        assert sample['is_3d'] and sample['smpl_valid'] == 1
        assert set(np.flatnonzero(sample['joints_cam_valid'][0])) == set(columns)
        assert set(np.flatnonzero(sample['keypoints_visible'][0])) == set(columns)


def test_the_person_of_the_edge_map_is_the_person_of_the_sample(human36m, scene):
    sample = build(human36m).get_data_info(1)

    (person,) = sample['persons']
    np.testing.assert_array_equal(
        scene.sample_vertices(person), scene.sample_vertices(sample['smpl'])
    )
    np.testing.assert_array_equal(person['camera'], sample['camera'])
    width, height = sample['bbox'][0, 2:] - sample['bbox'][0, :2]
    assert person['bbox_area'] == pytest.approx((width + 1) * (height + 1), rel=1e-5)


def test_splits_choose_subjects_frames_and_the_frontal_camera(human36m):
    def paths(**arguments):
        return [
            sample['img_path'].removeprefix(f'{human36m.root}/images/')
            for sample in samples_of(build(human36m, **arguments))
        ]

    train = ['s_1/ca_1_000000.jpg', 's_1/ca_4_000000.jpg']
    assert paths() == [*train, 's_1/ca_1_000005.jpg', 's_1/ca_4_000005.jpg']
    assert paths(sampling=64) == train
    assert paths(sampling=3, cameras=(4,)) == ['s_1/ca_4_000000.jpg', 's_1/ca_4_000003.jpg']
    test = paths(split='test', subjects=(9,), test_mode=True)
    assert test == ['s_9/ca_4_000000.jpg', 's_9/ca_4_000064.jpg']
    assert len(paths(split='test', subjects=(9, 1), sampling=1)) == 5


def test_fits_farther_than_25_mm_from_the_joints_are_not_learnt_from(human36m, capture_log):
    # All joints moved together are no error, as means are aligned; a third moved by 120 mm is one
    # of about 2 * 1/3 * 2/3 * 120 = 53 mm, by 40 mm of 18 mm.
    def move(content):
        frames = content['2']['1']
        for frame, shift in (('0', 40), ('5', 120)):
            joints = np.array(frames[frame]) + 500
            joints[: len(joints) // 3, 1] += shift
            frames[frame] = joints.tolist()

    human36m.edit('annotations/Human36M_subject1_joint_3d.json', move)
    dataset = build(human36m)

    assert [sample['smpl_valid'] for sample in samples_of(dataset)] == [1, 1, 0, 0]
    assert dataset.get_data_info(2)['smpl'] is not None
    assert len(dataset.get_data_info(2)['persons']) == 1
    assert '2 to learn from, 2 not good enough' in capture_log()
    assert '1 frames with an error above 25 mm' in capture_log()
    relaxed = build(human36m, max_fit_error_mm=60)
    assert [sample['smpl_valid'] for sample in samples_of(relaxed)] == [1, 1, 1, 1]


def test_frames_without_a_fit_are_kept_skipped_or_an_error(human36m, capture_log):
    human36m.edit(
        'annotations/Human36M_subject1_smpl_param.json', lambda content: content['2']['1'].pop('5')
    )

    samples = samples_of(build(human36m))
    assert [sample['smpl_valid'] for sample in samples] == [1, 1, 0, 0]
    assert samples[2]['smpl'] is None and samples[2]['persons'] == []
    assert samples[2]['joints_cam_valid'].sum() == 17
    assert '2 people without' in capture_log()
    assert len(build(human36m, missing_fit='skip')) == 2
    assert '2 without SMPL parameters' in capture_log()
    with pytest.raises(ValueError, match='2 people .* no SMPL parameters, the first is entry 1005'):
        build(human36m, missing_fit='error')


def test_people_behind_a_camera_are_counted_and_left_out(human36m, capture_log):
    def turn_round(content):
        # Half a turn about the vertical axis: everybody is behind.
        camera = content['4']
        for row in (0, 2):
            camera['R'][row] = [-value for value in camera['R'][row]]
            camera['t'][row] *= -1

    human36m.edit('annotations/Human36M_subject1_camera.json', turn_round)

    samples = samples_of(build(human36m))

    assert all('ca_1_' in sample['img_path'] for sample in samples) and len(samples) == 2
    assert '2 wholly behind the camera' in capture_log()
    assert '2 left out, behind the camera' in capture_log()


@pytest.mark.parametrize(
    ('name', 'change', 'message'),
    [
        ('camera', lambda c: c['4'].update(f=[0, 300]), r'entry 4: the focal length is \[0.0, 300'),
        ('camera', lambda c: c.pop('4'), "has no camera '4', it has .*'1'"),
        ('joint_3d', lambda c: c['2']['1'].pop('5'), 'no joints of action 2, subaction 1, frame 5'),
        (
            'joint_3d',
            lambda c: c['2']['1']['5'].pop(),
            "frame 5: 'joint_3d' is .*, 48 numbers, expected 17 x 3",
        ),
        (
            'smpl_param',
            lambda c: c['2']['1']['5']['pose'].__setitem__(3, float('nan')),
            "frame 5: 'pose' is .*expected finite",
        ),
        (
            'smpl_param',
            lambda c: c['2']['1']['5'].pop('shape'),
            "frame 5 has no 'shape', it has .*pose",
        ),
        ('data', lambda c: c['images'][2].pop('frame_idx'), "image 3 has no 'frame_idx'"),
        ('data', lambda c: c.pop('images'), 'expected lists of images and annotations'),
        ('data', lambda c: c['annotations'][0].update(image_id=99), 'entry 1001 is of image 99'),
        ('data', lambda c: c['annotations'][0].update(bbox=[1, 2, 3]), "entry 1001: 'bbox'"),
    ],
)
def test_damaged_files_are_named_with_entry_and_value(human36m, name, change, message):
    human36m.edit(f'annotations/Human36M_subject1_{name}.json', change)

    with pytest.raises(ValueError, match=message) as caught:
        build(human36m)
    assert f'Human36M_subject1_{name}.json' in str(caught.value)


def test_a_missing_file_and_a_missing_image_are_named(human36m):
    (human36m.root / 'images/s_1/ca_4_000005.jpg').unlink()
    with pytest.raises(FileNotFoundError, match='1 of 4 images are missing.*ca_4_000005'):
        build(human36m)
    assert len(build(human36m, check_images=False)) == 4
    (human36m.root / 'annotations/Human36M_subject1_smpl_param.json').unlink()
    with pytest.raises(FileNotFoundError, match='Human36M_subject1_smpl_param.json.*check_data'):
        build(human36m)


def test_unknown_options_are_refused(human36m):
    for arguments in (
        dict(split='val'),
        dict(sampling=0),
        dict(bbox_source='detector'),
        dict(missing_fit='ignore'),
        dict(neighbour_iou=2),
    ):
        with pytest.raises(ValueError, match=f'{next(iter(arguments))} got'):
            build(human36m, **arguments)
