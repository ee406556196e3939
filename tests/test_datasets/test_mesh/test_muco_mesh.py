"""MuCo: the nearest person of a composited image, with fits and joints in camera space."""

import numpy as np
import pytest

from mmpose_ext.datasets import MuCoMesh
from mmpose_ext.skeletons import H36M17, MUCO21, SUPERSET30


@pytest.fixture
def muco(folder, scene):
    """Two images: three people of whom the second is nearest, and one alone."""
    camera = scene.Camera(np.eye(3), np.zeros(3))
    images, annotations, fits, folder.people = [], [], {}, {}
    places = {4: [(-0.2, 0, 5), (0, 0, 3.5), (0.3, 0, 6)], 5: [(0, 0, 4)]}
    for image_id, people in places.items():
        name = f'augmented_set/{image_id}.jpg'
        folder.image(name)
        images.append(
            dict(
                id=image_id,
                file_name=name,
                width=scene.size[0],
                height=scene.size[1],
                f=list(camera.focal),
                c=list(camera.centre),
            )
        )
        for place in people:
            number = 11 + len(annotations)
            person = folder.people[number] = scene.Person(number, place)
            joints = np.full((21, 3), [0.0, 0.0, 4.0])
            # Fits are judged by Human3.6M's regressor: give those joints as it does.
            exact = person.joints('h36m17')
            for k, joint in enumerate(MUCO21.keypoints):
                if joint in H36M17.keypoints:
                    joints[k] = exact[H36M17.index(joint)]
            annotations.append(
                dict(
                    id=number,
                    image_id=image_id,
                    bbox=scene.box_of(camera.project(person.vertices())),
                    keypoints_img=camera.project(joints).tolist(),
                    keypoints_cam=(joints * 1000).tolist(),
                )
            )
            fits[str(number)] = person.parameters
    folder.json('MuCo-3DHP.json', dict(images=images, annotations=annotations))
    folder.json('smpl_param.json', fits)
    return folder


def build(folder, **arguments):
    return MuCoMesh(data_root=str(folder.root), body_model='standin', **arguments)


def test_the_nearest_person_is_the_sample_and_the_others_are_seen(muco, scene):
    dataset = build(muco)

    samples = [dataset.get_data_info(n) for n in range(len(dataset))]
    assert [sample['id'] for sample in samples] == [12, 14]
    assert dict(dataset.skipped) == {'farther from the camera than another': 2}
    vertices = [scene.sample_vertices(person) for person in samples[0]['persons']]
    for found, number in zip(vertices, (12, 11, 13), strict=True):
        assert np.abs(found - muco.people[number].vertices()).max() < 1e-5
    assert len(samples[0]['neighbours']) == 2


def test_nobody_behind_the_camera_is_the_nearest(muco):
    def move(content):
        for joint in content['annotations'][1]['keypoints_cam']:
            joint[2] -= 9000
        # Of this person only the feet are.
        joints = content['annotations'][3]['keypoints_cam']
        joints[MUCO21.index('left_foot')][2] = -100

    muco.edit('MuCo-3DHP.json', move)

    dataset = build(muco)

    assert [dataset.get_data_info(n)['id'] for n in range(2)] == [11, 14]
    assert dataset.skipped['wholly behind the camera'] == 1
    assert dataset.skipped['farther from the camera than another'] == 1
    visible = dataset.get_data_info(1)['keypoints_visible'][0]
    assert visible[SUPERSET30.index('left_foot')] == 0 and visible.sum() == 20


def test_joints_are_in_metres_relative_to_the_pelvis(muco):
    sample = build(muco).get_data_info(1)

    person = muco.people[14]
    exact = person.joints('h36m17')
    for name in ('left_wrist', 'head_top'):
        joint = exact[H36M17.index(name)] - exact[H36M17.index('pelvis')]
        found = sample['joints_cam'][0, SUPERSET30.index(name)]
        np.testing.assert_allclose(found, joint, atol=1e-5)
    assert not sample['joints_cam'][0, SUPERSET30.index('pelvis')].any()
    # Its thorax is the neck.
    assert sample['joints_cam_valid'].sum() == 21


def test_only_joints_of_human36m_judge_a_fit(muco):
    # Hands and feet of the scene are nowhere near the bodies.
    assert [build(muco).get_data_info(n)['smpl_valid'] for n in range(2)] == [1, 1]

    def move(content):
        wrist = MUCO21.index('left_wrist')
        content['annotations'][3]['keypoints_cam'][wrist][0] += 1000

    muco.edit('MuCo-3DHP.json', move)
    assert [build(muco).get_data_info(n)['smpl_valid'] for n in range(2)] == [1, 0]
    assert build(muco, max_fit_error_mm=None).get_data_info(1)['smpl_valid'] == 1


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c['images'][0].update(f=[0, 300]), r'entry 11: the focal length is \[0.0'),
        (lambda c: c['images'][1].pop('c'), "entry 14 has no 'c'"),
        (lambda c: c['annotations'][1]['keypoints_cam'].pop(), 'entry 12: .*60 numbers'),
    ],
)
def test_damaged_annotations_are_named(muco, change, message):
    muco.edit('MuCo-3DHP.json', change)

    with pytest.raises(ValueError, match=message):
        build(muco)
