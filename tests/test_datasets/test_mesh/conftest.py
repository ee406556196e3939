"""A scene of known geometry: stand-in bodies in the world, seen by turned cameras."""

import json
from dataclasses import dataclass
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mmpose_ext.body_models import load_standin, regressor, superset_regressor
from mmpose_ext.skeletons import COCO17, OPENPOSE18, SUPERSET30

WIDTH, HEIGHT = 320, 240


@dataclass
class Camera:
    """Extrinsics in metres and intrinsics with fx != fy."""

    rotation: np.ndarray
    translation: np.ndarray
    focal: tuple = (330.0, 300.0)
    centre: tuple = (150.0, 125.0)

    def see(self, points):
        """Points of the world in camera space."""
        return points @ self.rotation.T + self.translation

    def project(self, points):
        """Pixels of points of camera space."""
        return points[..., :2] / points[..., 2:] * self.focal + self.centre

    @property
    def matrix(self):
        return np.array(
            [[self.focal[0], 0, self.centre[0]], [0, self.focal[1], self.centre[1]], [0, 0, 1]]
        )


class Person:
    """A posed stand-in body at a place of the world."""

    def __init__(self, seed, place, gender='neutral'):
        rng = np.random.default_rng(seed)
        self.gender = gender
        self.body = load_standin(gender)
        self.pose = rng.normal(0, 0.2, (24, 3))
        # Upright in a world whose y axis points down, as the cameras' do.
        self.pose[0] = (Rotation.from_euler('xyz', [np.pi, rng.uniform(-1, 1), 0.2])).as_rotvec()
        self.betas = rng.normal(0, 1, 10)
        self.transl = np.array(place, float)

    @property
    def parameters(self):
        return dict(
            pose=self.pose.ravel().tolist(),
            shape=self.betas.tolist(),
            trans=self.transl.tolist(),
        )

    def vertices(self):
        return self.body.skin(self.betas, self.pose, self.transl)[0].astype(np.float64)

    def joints(self, name='superset'):
        if name == 'superset':
            return superset_regressor(self.body) @ self.vertices()
        return regressor(self.body, name) @ self.vertices()


def box_of(pixels):
    """Left, top, width, height around points."""
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    return [*low.tolist(), *(high - low).tolist()]


def sample_vertices(sample):
    """Vertices in camera space of a sample's or person's SMPL parameters."""
    body = load_standin(sample['gender'])
    return body.skin(sample['betas'], sample['pose'], sample['transl'])[0].astype(np.float64)


def project(matrix, points):
    """Pixels of points through a camera matrix."""
    image = points @ matrix.T
    return image[..., :2] / image[..., 2:]


class Folder:
    """Writes files of a dataset below a folder."""

    def __init__(self, root):
        self.root = root

    def json(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
        return path

    def image(self, name, size=(WIDTH, HEIGHT)):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(len(name))
        pixels = rng.integers(0, 256, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
        cv2.imwrite(str(path), cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC))
        return path

    def edit(self, name, change):
        """Read a JSON file, let ``change`` alter it, and write it back."""
        content = json.loads((self.root / name).read_text())
        change(content)
        self.json(name, content)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


CAMERAS = {
    '1': Camera(Rotation.from_euler('y', 0.4).as_matrix(), np.array([0.1, -0.2, 4.0])),
    '4': Camera(Rotation.from_euler('yx', [-0.5, 0.2]).as_matrix(), np.array([-0.2, 0.1, 4.5])),
}


@pytest.fixture
def cameras():
    return CAMERAS


@pytest.fixture
def human36m(folder):
    """Human3.6M's files: subject 1 with frames 0, 3, 5 in two cameras, subject 9 with 0, 64."""
    folder.people = {}
    image_id = 0
    for subject, frames in ((1, (0, 3, 5)), (9, (0, 64))):
        images, annotations, joints, fits = [], [], {}, {}
        for frame in frames:
            person = Person(100 * subject + frame, (0.1, -0.2, 0.3))
            folder.people[subject, frame] = person
            world = person.joints('h36m17')
            joints[str(frame)] = (world * 1000).tolist()
            fits[str(frame)] = person.parameters
            for name, camera in CAMERAS.items():
                image_id += 1
                file_name = f's_{subject}/ca_{name}_{frame:06d}.jpg'
                folder.image(f'images/{file_name}')
                images.append(
                    dict(
                        id=image_id,
                        file_name=file_name,
                        width=WIDTH,
                        height=HEIGHT,
                        subject=subject,
                        action_idx=2,
                        subaction_idx=1,
                        cam_idx=int(name),
                        frame_idx=frame,
                    )
                )
                pixels = camera.project(camera.see(world))
                annotations.append(dict(id=1000 + image_id, image_id=image_id, bbox=box_of(pixels)))
        stem = f'annotations/Human36M_subject{subject}'
        folder.json(f'{stem}_data.json', dict(images=images, annotations=annotations))
        folder.json(
            f'{stem}_camera.json',
            {
                name: dict(
                    R=camera.rotation.tolist(),
                    t=(camera.translation * 1000).tolist(),
                    f=list(camera.focal),
                    c=list(camera.centre),
                )
                for name, camera in CAMERAS.items()
            },
        )
        folder.json(f'{stem}_joint_3d.json', {'2': {'1': joints}})
        folder.json(f'{stem}_smpl_param.json', {'2': {'1': fits}})
    return folder


#: People of the COCO-style scene: two beside each other in image 7, one alone in image 8.
PLACES = {7: ((-0.15, 0, 4.0), (0.25, 0.1, 4.6)), 8: ((0.0, 0.2, 5.0),)}


def coco_scene(folder, skeleton, points_of, fit_error=None, subfolder='images'):
    """Write images, COCO-style annotations and NeuralAnnot's fits. Bodies are in camera space."""
    camera = Camera(np.eye(3), np.zeros(3))
    images, annotations, fits, folder.people = [], [], {}, {}
    for image_id, places in PLACES.items():
        file_name = f'{image_id:06d}.jpg'
        folder.image(f'{subfolder}/{file_name}')
        images.append(dict(id=image_id, file_name=file_name, width=WIDTH, height=HEIGHT))
        for place in places:
            number = 31 + len(annotations)
            person = folder.people[number] = Person(number, place)
            pixels = camera.project(points_of(person))
            keypoints = np.concatenate([pixels, np.full((len(pixels), 1), 2)], axis=1)
            annotations.append(
                dict(
                    id=number,
                    image_id=image_id,
                    iscrowd=0,
                    num_keypoints=len(pixels),
                    bbox=box_of(camera.project(person.vertices())),
                    keypoints=keypoints.ravel().tolist(),
                )
            )
            fits[str(number)] = dict(
                smpl_param=person.parameters,
                cam_param=dict(focal=list(camera.focal), princpt=list(camera.centre)),
            )
            if fit_error is not None:
                fits[str(number)]['fit_err'] = fit_error[number]
    assert skeleton.num_keypoints == len(pixels)
    folder.camera = camera
    folder.json('annotations.json', dict(images=images, annotations=annotations))
    folder.json('fits.json', fits)
    return folder


def joints_named(names):
    """Read joints of a person by superset names."""
    return lambda person: person.joints()[SUPERSET30.indices(names)]


@pytest.fixture
def coco(folder):
    return coco_scene(folder, COCO17, joints_named(COCO17.keypoints))


def openpose_of(person, camera, score=0.9):
    """A perfect OpenPose result of a person in camera space, (18, 3)."""
    pixels = camera.project(person.joints()[SUPERSET30.indices(OPENPOSE18.keypoints)])
    return np.concatenate([pixels, np.full((len(pixels), 1), score)], axis=1)


def pw3d_file(folder, split, sequences, first_id=1):
    """Write a 3DPW file: a man and a woman in every given frame of every sequence."""
    camera = Camera(np.eye(3), np.zeros(3))
    folder.camera = camera
    images, annotations = [], []
    people = (Person(1, (-0.2, 0, 4.0), 'male'), Person(2, (0.3, 0, 4.4), 'female'))
    for sequence, frames in sequences.items():
        for frame in frames:
            image_id = first_id + len(images)
            images.append(
                dict(
                    id=image_id,
                    sequence=sequence,
                    file_name=f'image_{frame:05d}.jpg',
                    width=WIDTH,
                    height=HEIGHT,
                    cam_param=dict(focal=list(camera.focal), princpt=list(camera.centre)),
                )
            )
            folder.image(f'imageFiles/{sequence}/image_{frame:05d}.jpg')
            for person in people:
                annotations.append(
                    dict(
                        id=first_id + len(annotations),
                        image_id=image_id,
                        bbox=box_of(camera.project(person.vertices())),
                        smpl_param=dict(person.parameters, gender=person.gender),
                        openpose_result=openpose_of(person, camera).tolist(),
                    )
                )
    folder.json(f'3DPW_latest_{split}.json', dict(images=images, annotations=annotations))
    return people


@pytest.fixture(scope='session')
def scene():
    """The helpers of this file; test files are not importable by each other."""
    return SimpleNamespace(
        Camera=Camera,
        Person=Person,
        box_of=box_of,
        coco_scene=coco_scene,
        joints_named=joints_named,
        openpose_of=openpose_of,
        project=project,
        pw3d_file=pw3d_file,
        sample_vertices=sample_vertices,
        size=(WIDTH, HEIGHT),
    )
