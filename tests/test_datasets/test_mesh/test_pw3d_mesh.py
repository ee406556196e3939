"""3DPW: gendered bodies, subsets by sequence and frame, boxes from detected poses."""

import numpy as np
import pytest

from mmpose_ext.datasets import PW3DMesh
from mmpose_ext.datasets.datasets.mesh.pw3d_subsets import SUBSETS
from mmpose_ext.skeletons import COCO17, OPENPOSE18, SUPERSET30


def build(folder, **arguments):
    settings = dict(data_root=str(folder.root), body_model='standin', test_mode=True)
    return PW3DMesh(**(settings | arguments))


def samples_of(dataset):
    return [dataset.get_data_info(n) for n in range(len(dataset))]


@pytest.fixture
def pw3d(folder, scene):
    folder.people = scene.pw3d_file(folder, 'test', {'downtown_cafe_00': [12]})
    return folder


def test_each_person_has_the_body_of_their_gender(pw3d, scene):
    samples = samples_of(build(pw3d))

    for sample, person in zip(samples, pw3d.people, strict=True):
        assert sample['smpl']['gender'] == person.gender
        assert np.abs(scene.sample_vertices(sample['smpl']) - person.vertices()).max() < 1e-5
        joints = person.joints()
        pixels = scene.project(sample['camera'], joints)
        np.testing.assert_allclose(sample['keypoints'][0], pixels, atol=1e-3)
        np.testing.assert_allclose(sample['joints_cam'][0], joints - joints[0], atol=1e-5)
        assert sample['joints_cam_valid'].all() and sample['is_3d']
        assert sample['img_path'].endswith('imageFiles/downtown_cafe_00/image_00012.jpg')
    assert [person['gender'] for person in samples[1]['persons']] == ['female', 'male']


def test_openpose_is_the_input_and_gives_the_box(pw3d, scene):
    sample = samples_of(build(pw3d))[0]

    columns = SUPERSET30.indices(OPENPOSE18.keypoints)
    detected = scene.openpose_of(pw3d.people[0], pw3d.camera)
    np.testing.assert_allclose(sample['pose2d'][columns], detected, rtol=1e-5)
    points = sample['pose2d'][sample['pose2d'][:, 2] > 0, :2].astype(float)
    low, high = points.min(axis=0), points.max(axis=0)
    size = sample['bbox'][0, 2:] - sample['bbox'][0, :2]
    np.testing.assert_allclose(size, 1.2 * (high - low), rtol=1e-4)
    np.testing.assert_allclose(
        (sample['bbox'][0, 2:] + sample['bbox'][0, :2]) / 2, (low + high) / 2, rtol=1e-4
    )
    assert sample['bbox_source'] == 'pose2d'


def test_annotated_boxes_on_request_and_where_the_pose_gives_none(pw3d, scene, capture_log):
    def forget(content):
        pose = np.array(content['annotations'][0]['openpose_result'])
        # One trusted joint makes no box.
        pose[1:, 2] = 0.05
        content['annotations'][0]['openpose_result'] = pose.tolist()

    pw3d.edit('3DPW_latest_test.json', forget)
    left, top, width, height = scene.box_of(pw3d.camera.project(pw3d.people[0].vertices()))
    annotated = [left, top, left + width - 1, top + height - 1]

    from_poses = samples_of(build(pw3d))
    assert [sample['bbox_source'] for sample in from_poses] == ['gt', 'pose2d']
    np.testing.assert_allclose(from_poses[0]['bbox'][0], annotated, rtol=1e-5)
    assert 'boxes: 1 from the 2D pose, 1 annotated because the pose gives none' in capture_log()
    from_files = samples_of(build(pw3d, bbox_source='gt'))
    assert [sample['bbox_source'] for sample in from_files] == ['gt', 'gt']
    np.testing.assert_allclose(from_files[0]['bbox'][0], annotated, rtol=1e-5)


def frames_of(dataset):
    """Sequence and frame of all samples, once per image."""
    names = dict.fromkeys(sample['img_path'] for sample in samples_of(dataset))
    return [(name.split('/')[-2], int(name[-9:-4])) for name in names]


def test_frames_of_people_occluding_each_other(folder, scene):
    scene.pw3d_file(folder, 'train', {'courtyard_basketball_00': [199, 200, 279, 280]})
    sequences = {'courtyard_dancing_00': [59, 60, 369, 370], 'courtyard_basketball_01': [250]}
    scene.pw3d_file(folder, 'validation', sequences)
    scene.pw3d_file(folder, 'test', {'downtown_bus_00': [1620, 1900], 'downtown_bar_00': [1700]})

    dataset = build(folder, subset='pc')

    assert frames_of(dataset) == [
        *(('courtyard_basketball_00', 200), ('courtyard_basketball_00', 279)),
        *(('courtyard_dancing_00', 60), ('courtyard_dancing_00', 369), ('downtown_bus_00', 1620)),
    ]
    # The files count from 1 each.
    ids = [sample['id'] for sample in samples_of(dataset)]
    assert len(set(ids)) == len(ids) == 10


def test_sequences_with_occluding_objects(folder, scene):
    scene.pw3d_file(folder, 'train', {'courtyard_backpack_00': [1], 'courtyard_arguing_00': [1]})
    scene.pw3d_file(folder, 'validation', {'outdoors_parcours_01': [3], 'courtyard_hug_00': [2]})
    scene.pw3d_file(folder, 'test', {'flat_guitar_01': [5], 'downtown_bar_00': [5]})

    assert frames_of(build(folder, subset='occ')) == [
        ('courtyard_backpack_00', 1),
        ('outdoors_parcours_01', 3),
        ('flat_guitar_01', 5),
    ]
    only_test = build(folder, subset='occ', splits=['test'])
    assert frames_of(only_test) == [('flat_guitar_01', 5)]
    assert "subset 'occ'" in only_test.report
    assert frames_of(build(folder, subset='sefd_release')) == [
        ('courtyard_hug_00', 2),
        ('downtown_bar_00', 5),
    ]
    assert frames_of(build(folder, subset='train', test_mode=False, bbox_source='gt')) == [
        ('courtyard_backpack_00', 1),
        ('courtyard_arguing_00', 1),
    ]


def test_the_occlusion_subset_has_its_17_sequences():
    assert len(SUBSETS['occ'].stems) == 17
    assert len(SUBSETS['pc'].sequences) == 6


def test_crowd_takes_higher_hrnet_where_it_has_a_pose(folder, scene):
    sequences = {'courtyard_hug_00': [4], 'courtyard_basketball_01': [4]}
    people = scene.pw3d_file(folder, 'validation', sequences)
    pose = np.concatenate([np.arange(34).reshape(17, 2) * 3.0 + 60, np.full((17, 1), 0.7)], axis=1)
    folder.json('3DPW_validation_crowd_hhrnet_result.json', {'2': dict(coco_joints=pose.tolist())})

    samples = samples_of(build(folder, subset='crowd'))

    assert [sample['id'] for sample in samples] == [1, 2]
    columns = SUPERSET30.indices(OPENPOSE18.keypoints)
    detected = scene.openpose_of(people[0], folder.camera)
    np.testing.assert_allclose(samples[0]['pose2d'][columns], detected, rtol=1e-5)
    columns = SUPERSET30.indices(COCO17.keypoints)
    np.testing.assert_allclose(samples[1]['pose2d'][columns], pose, rtol=1e-6)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c['annotations'][1].pop('smpl_param'), "entry 2: 'smpl_param' is None"),
        (lambda c: c['annotations'][1]['openpose_result'].pop(), 'entry 2: .*51 numbers'),
        (lambda c: c['images'][0].pop('sequence'), "image 1 has no 'sequence'"),
        (lambda c: c['images'][0].update(file_name='a.jpg'), "'a.jpg' has no frame number"),
        (lambda c: c['images'][0]['cam_param'].update(focal=[-5, 5]), r'focal length is \[-5'),
        (lambda c: c['images'][0].pop('cam_param'), "entry 1 has no 'focal'"),
        (
            lambda c: c['annotations'][0]['smpl_param'].update(trans=[0, 0, -9]),
            r'1 people .* no SMPL parameters, the first is entry 1 .*1 left out, behind',
        ),
    ],
)
def test_damaged_annotations_are_named(pw3d, change, message):
    pw3d.edit('3DPW_latest_test.json', change)

    with pytest.raises(ValueError, match=message):
        build(pw3d)


def test_unknown_subsets_and_splits_and_empty_ones_are_errors(pw3d):
    with pytest.raises(ValueError, match=r"subset got 'hard', expected one of \['crowd', 'occ'"):
        build(pw3d, subset='hard')
    with pytest.raises(ValueError, match=r"splits got \['val'\]"):
        build(pw3d, splits=['val'])
    with pytest.raises(ValueError, match='no person in'):
        build(pw3d, subset='occ', splits=['test'])
    with pytest.raises(FileNotFoundError, match='3DPW_latest_validation.json'):
        build(pw3d, subset='crowd')
