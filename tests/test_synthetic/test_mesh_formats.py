"""What the files of a mesh recovery data set say is what is in the images."""

import json

import cv2
import numpy as np
import pytest

from mmpose_ext.body_models import regressor
from mmpose_ext.geometry import (
    PinholeCamera,
    axis_angle_to_matrix,
    project,
    unify_cameras,
    world_to_camera_smpl,
)
from mmpose_ext.rendering import rasterize
from mmpose_ext.skeletons import H36M17, OPENPOSE18
from mmpose_ext.synthetic.occlusion import OCCLUDED_SHARE

TEST_SUBJECTS = (9, 11)
SUBJECTS = (1, 5, 6, 7, 8, *TEST_SUBJECTS)


def read(path):
    return json.loads(path.read_text())


def skin(body, param):
    """Vertices and joints in float64, as readers make them from a file."""
    pose = np.reshape(param['pose'], (24, 3))
    points = body.skin(np.array(param['shape']), pose, param['trans'])
    return tuple(array.astype(np.float64) for array in points)


def camera_of(param, image):
    return PinholeCamera(*param['focal'], *param['princpt'], image['width'], image['height'])


class Subject:
    """The four files of a Human3.6M subject."""

    def __init__(self, folder, number):
        files = ('data', 'camera', 'joint_3d', 'smpl_param')
        stem = f'Human36M_subject{number}'
        self.data, self.cameras, self.joints, self.params = (
            read(folder / 'annotations' / f'{stem}_{name}.json') for name in files
        )

    def frames(self):
        """Images with what belongs to them."""
        boxes = {a['image_id']: a['bbox'] for a in self.data['annotations']}
        for image in self.data['images']:
            keys = [str(image[key]) for key in ('action_idx', 'subaction_idx', 'frame_idx')]
            joints, param = (
                table[keys[0]][keys[1]][keys[2]] for table in (self.joints, self.params)
            )
            camera = self.cameras[str(image['cam_idx'])]
            rotation, translation = np.array(camera['R']), np.array(camera['t']) / 1000
            lens = PinholeCamera(*camera['f'], *camera['c'], image['width'], image['height'])
            yield image, boxes[image['id']], rotation, translation, lens, np.array(joints), param


@pytest.fixture(scope='module')
def subjects(mesh_set):
    return {number: Subject(mesh_set / 'Human36M', number) for number in SUBJECTS}


@pytest.fixture(scope='module')
def coco(mesh_set):
    folder = mesh_set / 'MSCOCO' / 'annotations'
    return (
        read(folder / 'person_keypoints_train2017.json'),
        read(folder / 'MSCOCO_train_SMPL_NeuralAnnot.json'),
    )


@pytest.fixture(scope='module')
def pw3d(mesh_set):
    return {
        part: read(mesh_set / 'PW3D' / 'data' / f'3DPW_latest_{part}.json')
        for part in ('train', 'validation', 'test')
    }


def test_joints_of_the_laboratory_are_the_bodys_in_millimetres(subjects, neutral):
    for subject in subjects.values():
        for *_, joints, param in subject.frames():
            vertices, _ = skin(neutral, param)
            expected = 1000 * regressor(neutral, 'h36m17') @ vertices
            assert joints.shape == (17, 3)
            assert np.abs(joints - expected).max() < 0.01


def test_parameters_in_the_camera_have_the_image_of_the_world(subjects, neutral):
    displaced = []
    for subject in subjects.values():
        for _, box, rotation, translation, lens, joints, param in subject.frames():
            world, _ = skin(neutral, param)
            seen = project(world @ rotation.T + translation, lens)
            pose = np.reshape(param['pose'], (24, 3))
            root = neutral.rest_root(param['shape']).astype(np.float64)
            transl = np.array(param['trans'])
            moved = world_to_camera_smpl(pose, transl, root, rotation, translation)
            vertices, _ = neutral.skin(param['shape'], *moved)
            assert np.abs(project(vertices.astype(np.float64), lens) - seen).max() < 0.05

            low, high = seen.min(0), seen.max(0)
            x, y, width, height = box
            # Clothing and hair stand off the skin.
            assert np.abs([*(low - [x, y]), *(high - [x + width, y + height])]).max() < 8
            pixels = project(joints / 1000 @ rotation.T + translation, lens)
            assert (pixels > low).all() and (pixels < high).all()

            without_pivot = rotation @ transl + translation
            vertices, _ = neutral.skin(param['shape'], moved[0], without_pivot)
            displaced.append(np.abs(project(vertices.astype(np.float64), lens) - seen).mean())
    # Who forgets that SMPL turns about its root joint is off by pixels.
    assert np.mean(displaced) > 3


def test_all_cameras_of_a_frame_see_the_same_body(subjects):
    frames = {}
    for number, subject in subjects.items():
        for image, *_ in subject.frames():
            key = number, image['action_idx'], image['subaction_idx'], image['frame_idx']
            frames.setdefault(key, set()).add(image['cam_idx'])
    for (number, *_), cameras in frames.items():
        assert cameras == ({4} if number in TEST_SUBJECTS else {1, 2, 3, 4})
        assert set(subjects[number].cameras) == {'1', '2', '3', '4'}


def test_images_of_the_laboratory_change_where_its_people_are(mesh_set, subjects, neutral):
    changed, unchanged = [], []
    for number in (1, 9):
        shots = {}
        for image, _, rotation, translation, lens, _, param in subjects[number].frames():
            vertices = skin(neutral, param)[0] @ rotation.T + translation
            mask = rasterize([vertices], neutral.faces, lens).face_ids >= 0
            pixels = cv2.imread(str(mesh_set / 'Human36M' / 'images' / image['file_name']))
            shots.setdefault(image['cam_idx'], []).append((pixels.astype(int), mask))
        for (one, mask), (other, other_mask), *_ in shots.values():
            difference = np.abs(one - other).max(-1)
            both = cv2.dilate((mask | other_mask).astype(np.uint8), np.ones((9, 9))) > 0
            # Shadows lie on the floor, above which the upper bodies stand.
            upper = np.flatnonzero((mask | other_mask).any(1))[0] + 20
            changed.append(np.median(difference[:upper][(mask ^ other_mask)[:upper]]))
            unchanged.append(np.median(difference[:upper][~both[:upper]]))
    assert np.median(changed) > 20
    assert max(unchanged) < 4


def test_left_of_someone_who_faces_the_camera_is_on_the_right(subjects, pw3d):
    sides = []
    left, right = H36M17.indices(['left_shoulder', 'right_shoulder'])
    for subject in subjects.values():
        for _, _, rotation, translation, lens, joints, _ in subject.frames():
            points = joints / 1000 @ rotation.T + translation
            spine, nose = points[H36M17.indices(['neck', 'nose'])]
            if nose[2] < spine[2] - 0.06:
                pixels = project(points, lens)
                sides.append(pixels[left, 0] > pixels[right, 0])
    assert len(sides) > 5 and np.mean(sides) > 0.9


def test_fits_reproduce_the_keypoints_of_photographs(coco, neutral):
    content, fits = coco
    images = {image['id']: image for image in content['images']}
    checked = 0
    for annotation in content['annotations']:
        fit = fits.get(str(annotation['id']))
        assert (fit is not None) == (annotation['num_keypoints'] > 0)
        if fit is None:
            continue
        camera = camera_of(fit['cam_param'], images[annotation['image_id']])
        vertices, _ = skin(neutral, fit['smpl_param'])
        pixels = project(regressor(neutral, 'coco17') @ vertices, camera)
        keypoints = np.reshape(annotation['keypoints'], (17, 3))
        labelled = keypoints[:, 2] > 0
        # Annotations are in whole pixels.
        assert np.abs(pixels - keypoints[:, :2])[labelled].max() <= 0.51
        checked += labelled.sum()
    assert checked > 50


def test_fits_have_cameras_of_their_own_that_unite(coco, neutral):
    content, fits = coco
    images = {image['id']: image for image in content['images']}
    by_image = {}
    for annotation in content['annotations']:
        if str(annotation['id']) in fits:
            by_image.setdefault(annotation['image_id'], []).append(fits[str(annotation['id'])])
    groups = [(images[key], group) for key, group in by_image.items() if len(group) > 1]
    assert groups
    for image, group in groups:
        cameras = [camera_of(fit['cam_param'], image) for fit in group]
        assert len(set(cameras)) == len(cameras)
        people = [skin(neutral, fit['smpl_param'])[0] for fit in group]
        for own, camera, united in zip(people, cameras, unify_cameras(people, cameras)):
            assert np.abs(project(own, camera) - project(united, cameras[0])).max() < 1e-6


def test_bodies_of_3dpw_reproduce_their_joints(pw3d, bodies):
    genders = set()
    for content in pw3d.values():
        images = {image['id']: image for image in content['images']}
        assert len({annotation['id'] for annotation in content['annotations']}) == len(
            content['annotations']
        )
        for annotation in content['annotations']:
            image = images[annotation['image_id']]
            param = annotation['smpl_param']
            genders.add(param['gender'])
            _, joints = skin(bodies[param['gender']], param)
            assert np.abs(joints - annotation['joint_cam']).max() < 1e-4
            pixels = project(joints, camera_of(image['cam_param'], image))
            assert np.abs(pixels - annotation['joint_img']).max() < 0.05
    assert genders == {'female', 'male'}


def test_boxes_of_3dpw_hold_the_body_within_the_image(pw3d, bodies):
    for content in pw3d.values():
        images = {image['id']: image for image in content['images']}
        for annotation in content['annotations']:
            image = images[annotation['image_id']]
            param = annotation['smpl_param']
            vertices, _ = skin(bodies[param['gender']], param)
            pixels = project(vertices, camera_of(image['cam_param'], image))
            limit = np.array([image['width'], image['height']]) - 0.5
            pixels = pixels[((pixels > -0.5) & (pixels < limit)).all(1)]
            low, high = pixels.min(0), pixels.max(0)
            x, y, width, height = annotation['bbox']
            # Fingers thinner than a pixel may have none.
            assert np.abs(low - [x, y]).max() < 3
            assert np.abs(high - [x + width - 1, y + height - 1]).max() < 3


def test_detections_are_near_visible_joints(pw3d):
    errors = []
    names = ['left_elbow', 'right_elbow', 'left_knee', 'right_knee']
    joints = [18, 19, 4, 5]
    for content in pw3d.values():
        for annotation in content['annotations']:
            found = np.array(annotation['openpose_result'])
            assert found.shape == (18, 3)
            assert ((found[:, 2] == 0) == (found == 0).all(1)).all()
            found, truth = found[OPENPOSE18.indices(names)], np.array(annotation['joint_img'])
            sure = found[:, 2] > 0.5
            size = np.sqrt(annotation['bbox'][2] * annotation['bbox'][3])
            errors += list(np.linalg.norm(found[:, :2] - truth[joints], axis=1)[sure] / size)
    assert len(errors) > 10
    assert np.median(errors) < 0.08


def test_hidden_share_decides_the_subset(pw3d, bodies):
    tags = []
    for content in pw3d.values():
        for annotation in content['annotations']:
            occluded = 'occluded' in annotation['subsets']
            assert set(annotation['subsets']) <= {'occluded'}
            assert occluded == (annotation['hidden'] >= OCCLUDED_SHARE)
            tags.append(occluded)
    assert any(tags) and not all(tags)


def test_people_hide_at_least_what_a_count_without_objects_finds(pw3d, bodies):
    """Objects are not in the file, so the count from the bodies alone is a lower bound."""
    counted = []
    for content in pw3d.values():
        for image in content['images']:
            people = [a for a in content['annotations'] if a['image_id'] == image['id']]
            camera = camera_of(image['cam_param'], image)
            meshes = [
                (skin(bodies[gender], person['smpl_param'])[0], bodies[gender].faces)
                for person in people
                for gender in [person['smpl_param']['gender']]
            ]
            ids = rasterize([v for v, _ in meshes], [f for _, f in meshes], camera).person_ids
            for index, (person, (vertices, faces)) in enumerate(zip(people, meshes)):
                alone = rasterize([vertices], faces, camera).face_ids >= 0
                count = (alone & (ids != index)).sum() / alone.sum()
                assert person['hidden'] > count - 0.02
                counted.append(count)
    assert max(counted) > 0


def test_rotations_are_in_range_and_shapes_plausible(subjects, coco, pw3d):
    params = [param for subject in subjects.values() for *_, param in subject.frames()]
    params += [fit['smpl_param'] for fit in coco[1].values()]
    params += [a['smpl_param'] for content in pw3d.values() for a in content['annotations']]
    for param in params:
        pose = np.reshape(param['pose'], (24, 3))
        assert np.isfinite(pose).all() and len(param['trans']) == 3
        assert np.linalg.norm(pose, axis=1).max() <= np.pi + 1e-4
        assert np.allclose(np.linalg.det(axis_angle_to_matrix(pose)), 1)
        assert len(param['shape']) == 10 and np.abs(param['shape']).max() <= 2.5


def test_file_names_lead_to_images_of_the_stated_size(mesh_set, subjects, coco, pw3d):
    files = [
        (mesh_set / 'Human36M/images' / image['file_name'], image)
        for subject in subjects.values()
        for image in subject.data['images']
    ]
    files += [
        (mesh_set / 'MSCOCO/images/train2017' / image['file_name'], image)
        for image in coco[0]['images']
    ]
    files += [
        (mesh_set / 'PW3D/data/imageFiles' / image['sequence'] / image['file_name'], image)
        for content in pw3d.values()
        for image in content['images']
    ]
    assert len(files) == len(list(mesh_set.rglob('*.jpg')))
    for path, image in files:
        assert cv2.imread(str(path)).shape[:2] == (image['height'], image['width'])
