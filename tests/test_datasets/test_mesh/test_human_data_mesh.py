"""MMHuman3D's HumanData, with and without a camera, and files that would run code."""

import pickle

import numpy as np
import pytest

from mmpose_ext.body_models import load_standin, superset_regressor
from mmpose_ext.datasets import HumanDataMesh
from mmpose_ext.datasets.datasets.mesh.place_bodies import place_bodies
from mmpose_ext.datasets.datasets.mesh.plain_npz import read_plain_npz
from mmpose_ext.skeletons import SUPERSET30

# Of HumanData's columns: SMPL's first 22, nose, eyes and ears, head top.
COLUMNS = {
    **{name: k for k, name in enumerate(SUPERSET30.keypoints[:22])},
    **dict(nose=55, right_eye=56, left_eye=57, right_ear=58, left_ear=59, head_top=147),
}


@pytest.fixture
def people(folder, scene):
    """Two people in image b.jpg, one in a.jpg; rows b, a, b."""
    diagonal = float(np.hypot(*scene.size))
    centre = tuple((np.array(scene.size) - 1) / 2)
    camera = scene.Camera(np.eye(3), np.zeros(3), (diagonal, diagonal), centre)
    people = [
        scene.Person(n, place) for n, place in enumerate([(0, 0, 4), (0.2, 0, 5), (-1, 0, 6)])
    ]
    keypoints = np.zeros((3, 190, 3))
    mask = np.zeros(190, int)
    boxes = []
    for n, person in enumerate(people):
        pixels = camera.project(person.joints())
        for name, column in COLUMNS.items():
            keypoints[n, column] = [*pixels[SUPERSET30.index(name)], 1]
            mask[column] = 1
        boxes.append([*scene.box_of(pixels), 1])
    for name in ('a.jpg', 'b.jpg'):
        folder.image(name)
    folder.camera, folder.people = camera, people
    folder.content = dict(
        image_path=np.array(['b.jpg', 'a.jpg', 'b.jpg']),
        bbox_xywh=np.array(boxes),
        keypoints2d=keypoints,
        keypoints2d_mask=mask,
        smpl=dict(
            global_orient=np.stack([p.pose[0] for p in people]),
            body_pose=np.stack([p.pose[1:] for p in people]),
            betas=np.stack([p.betas for p in people]),
        ),
        meta=dict(gender=['neutral', 'neutral', 'neutral']),
    )
    return folder


def build(folder, **arguments):
    np.savez_compressed(folder.root / 'data.npz', **folder.content)
    return HumanDataMesh(
        ann_file='data.npz', data_root=str(folder.root), body_model='standin', **arguments
    )


def see(content, **changes):
    """Give a file a camera."""
    content['cam_param'] = dict(focal=[500.0, 400.0], princpt=[100.0, 90.0]) | changes
    content['smpl']['transl'] = np.zeros((3, 3)) + [0, 0, 4]


def test_bodies_without_a_camera_are_put_over_their_keypoints(people, scene):
    dataset = build(people)

    samples = {n: dataset.get_data_info(n) for n in range(len(dataset))}
    assert [sample['id'] for sample in samples.values()] == [1, 3, 2]
    for sample in samples.values():
        person = people.people[sample['id'] - 1]
        # The file was made with the camera that is assumed, so bodies come back where they were.
        np.testing.assert_allclose(sample['smpl']['transl'], person.transl, atol=1e-3)
        columns = SUPERSET30.indices(COLUMNS)
        found = scene.sample_vertices(sample['smpl'])
        joints = superset_regressor(load_standin()) @ found
        pixels = scene.project(sample['camera'], joints)
        np.testing.assert_allclose(sample['keypoints'][0, columns], pixels[columns], atol=0.05)
        assert sample['keypoints_visible'].sum() == len(columns)
    assert len(samples[0]['persons']) == 2


def test_compressed_keypoints_and_cameras_of_the_file(people, scene):
    content = people.content
    mask = content['keypoints2d_mask'] > 0
    content['keypoints2d'] = content['keypoints2d'][:, mask]
    content['smpl']['transl'] = np.stack([p.transl for p in people.people])
    content['cam_param'] = dict(focal=[500.0, 400.0], princpt=[100.0, 90.0])
    content['meta'] = dict(gender=['male', 'female', 'neutral'])

    dataset = build(people)

    sample = dataset.get_data_info(2)
    assert sample['id'] == 2 and sample['smpl']['gender'] == 'female'
    np.testing.assert_allclose(sample['smpl']['transl'], people.people[1].transl, rtol=1e-6)
    np.testing.assert_array_equal(sample['camera'], [[500, 0, 100], [0, 400, 90], [0, 0, 1]])
    nose = SUPERSET30.index('nose')
    pixels = people.camera.project(people.people[1].joints())
    np.testing.assert_allclose(sample['keypoints'][0, nose], pixels[nose], rtol=1e-6)


def test_joints_of_another_convention_stand_in(people):
    content = people.content
    mask, keypoints = content['keypoints2d_mask'], content['keypoints2d']
    mask[55], mask[153] = 0, 1
    keypoints[:, 153] = [12, 13, 1]
    keypoints[1, 153, 2] = 0

    dataset = build(people)

    nose = SUPERSET30.index('nose')
    np.testing.assert_array_equal(dataset.get_data_info(0)['keypoints'][0, nose], [12, 13])
    assert [dataset.get_data_info(n)['keypoints_visible'][0, nose] for n in range(3)] == [1, 1, 0]


def test_joints_in_camera_axes(people):
    joints = np.random.default_rng(0).normal(0, 1, (3, 190, 4))
    joints[..., 3] = 1
    ear, nose = COLUMNS['left_ear'], COLUMNS['nose']
    joints[0, nose, 3] = joints[1, 0, 3] = 0
    people.content |= dict(keypoints3d=joints, keypoints3d_mask=people.content['keypoints2d_mask'])

    dataset = build(people, keypoints3d='keypoints3d')

    sample = dataset.get_data_info(0)
    found = sample['joints_cam'][0, SUPERSET30.index('left_ear')]
    np.testing.assert_allclose(found, joints[0, ear, :3] - joints[0, 0, :3], atol=1e-6)
    # Joints that the file does not have, or not of this person, are no labels.
    unknown = {SUPERSET30.index(name) for name in SUPERSET30.keypoints if name not in COLUMNS}
    unknown.add(SUPERSET30.index('nose'))
    assert set(np.flatnonzero(sample['joints_cam_valid'][0] == 0)) == unknown
    assert not sample['joints_cam'][0, sorted(unknown)].any()
    # Nothing is relative to a pelvis that is not known.
    second = next(s for s in map(dataset.get_data_info, range(3)) if s['id'] == 2)
    assert not second['joints_cam_valid'].any() and not second['joints_cam'].any()


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c.pop('bbox_xywh'), "has no 'bbox_xywh', it has"),
        (lambda c: c.update(bbox_xywh=c['bbox_xywh'][:2]), "'bbox_xywh' has 2 rows for 3"),
        (lambda c: c['keypoints2d'].__setitem__((1, 5, 0), np.nan), 'entry 2: .*expected finite'),
        (lambda c: c.update(keypoints2d_mask=np.ones(144)), 'expected a mask of 190'),
        (
            lambda c: c['smpl'].update(body_pose=np.zeros((3, 21, 3))),
            r"'body_pose' has shape \(3, 2",
        ),
        (lambda c: c['meta'].update(gender=['m', 'f', 'x']), "gender got 'x'"),
        (lambda c: see(c, focal=[500.0, 0.0]), r'entry 1: the focal length is \[500.0, 0.0\]'),
        (lambda c: see(c, focal=[np.nan, 500.0]), r'entry 1: the focal length is \[nan'),
        (
            lambda c: see(c, princpt=[np.inf, 0.0]),
            "entry 1: 'principal point' is",
        ),
        (lambda c: c['meta'].update(gender=['m', 'f']), "'gender' has 2 rows for 3"),
    ],
)
def test_damaged_files_are_named(people, change, message):
    change(people.content)

    with pytest.raises(ValueError, match=message) as caught:
        build(people)
    assert 'data.npz' in str(caught.value)


class Code:
    """Writes a file when unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return open, (str(self.target), 'w')


def test_a_file_that_would_run_code_is_refused_and_runs_nothing(tmp_path):
    target = tmp_path / 'ran'
    np.savez(tmp_path / 'bad.npz', good=np.zeros(3), smpl=dict(pose=Code(target)))
    assert pickle.loads(pickle.dumps(Code(target))) and target.exists()
    target.unlink()

    with pytest.raises(ValueError, match='bad.npz.*asks for io.open.*nothing was run'):
        read_plain_npz(str(tmp_path / 'bad.npz'), 'file')
    assert not target.exists()


def test_plain_objects_and_arrays_come_back_as_they_were(tmp_path):
    content = dict(
        numbers=np.arange(6.0).reshape(2, 3),
        columns=np.asfortranarray(np.arange(6).reshape(2, 3)),
        names=np.array(['a', 'bcd']),
        nested=dict(a=[np.float32(2), 'text', None], b=dict(c=np.ones(2, bool))),
    )
    np.savez(tmp_path / 'good.npz', **content)

    read = read_plain_npz(str(tmp_path / 'good.npz'), 'file')

    for name in ('numbers', 'columns', 'names'):
        np.testing.assert_array_equal(read[name], content[name])
    assert read['nested']['a'] == [2, 'text', None]
    assert read['nested']['b']['c'].all()


@pytest.mark.parametrize('cut', [0, 30, -40])
def test_truncated_files_are_named(tmp_path, cut):
    np.savez(tmp_path / 'whole.npz', a=np.arange(100))
    (tmp_path / 'cut.npz').write_bytes((tmp_path / 'whole.npz').read_bytes()[:cut])

    with pytest.raises(ValueError, match='cut.npz'):
        read_plain_npz(str(tmp_path / 'cut.npz'), 'file')


def test_placing_bodies_needs_two_joints_and_depth(scene):
    joints = np.random.default_rng(1).normal(0, 0.5, (3, 6, 3))
    moved = joints + [0.3, -0.2, 4]
    camera = scene.Camera(np.eye(3), np.zeros(3))
    pixels, visible = camera.project(moved), np.ones((3, 6))
    visible[1, 1:] = 0
    # The joints of a mirrored body are not where they can be seen from the front.
    pixels[2] = 2 * np.array(camera.centre) - pixels[2]

    transl, found = place_bodies(joints, pixels, visible, np.stack([camera.matrix] * 3))

    np.testing.assert_allclose(transl[0], [0.3, -0.2, 4], atol=1e-9)
    assert found.tolist() == [True, False, False]
