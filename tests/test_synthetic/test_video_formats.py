"""What the files of a data set of videos say is what is in the images."""

import pickle

import cv2
import h5py
import numpy as np
import pytest
import torch
from scipy.io import loadmat

from mmpose_ext.body_models import SMPLLayer
from mmpose_ext.geometry import PinholeCamera, axis_angle_to_matrix, world_to_camera_smpl
from mmpose_ext.rendering import rasterize
from mmpose_ext.skeletons import (
    MPI_INF_3DHP17,
    MPI_INF_3DHP28,
    OPENPOSE18,
    PENN13,
    SPIN49,
)
from mmpose_ext.synthetic.video_domains import VIDEO_DOMAINS
from mmpose_ext.synthetic.video_plan import VIDEO_SIZES

TINY = VIDEO_SIZES['tiny']
TRAIN_CAMERAS = {0, 1, 2, 4, 5, 6, 7, 8}
PARTS = ('train', 'validation', 'test')


def projected(points, intrinsics):
    """Pixels of points in camera axes, in any unit."""
    homogeneous = points @ np.asarray(intrinsics).T
    return homogeneous[..., :2] / homogeneous[..., 2:]


def moved(points, rotation, translation):
    return points @ np.asarray(rotation).T + np.asarray(translation)


def read_calibration(path):
    """Intrinsic and extrinsic matrices by camera, as MPI-INF-3DHP's readers parse them."""
    cameras, matrices = [], {'intrinsic': [], 'extrinsic': []}
    for line in path.read_text().splitlines():
        key, *values = line.split() or ['']
        if key == 'name':
            cameras.append(int(values[0]))
        elif key in matrices:
            matrices[key].append(np.reshape([float(value) for value in values], (4, 4)))
    return dict(zip(cameras, zip(*matrices.values())))


def spin_joints(layer, poses, betas):
    rotations = torch.tensor(axis_angle_to_matrix(np.reshape(poses, (-1, 24, 3))))
    betas = torch.tensor(np.tile(betas, (len(rotations), 1)))
    return layer.joints(rotations.float(), betas.float()).double().numpy()


@pytest.fixture(scope='module')
def studio(video_set):
    """Per sequence: its folder, labels, calibration and parameters."""
    found = []
    for path in sorted(video_set.glob('mpi_inf_3dhp/S*/Seq*/annot.mat')):
        calibration = read_calibration(path.parent / 'camera.calibration')
        found.append((path.parent, loadmat(path), calibration, np.load(path.parent / 'smpl.npz')))
    return found


@pytest.fixture(scope='module')
def sequences(video_set):
    found = []
    for part in PARTS:
        for path in sorted((video_set / '3DPW' / 'sequenceFiles' / part).iterdir()):
            with path.open('rb') as file:
                found.append(pickle.load(file, encoding='latin1'))
    return found


@pytest.fixture(scope='module')
def layers():
    return {
        gender: SMPLLayer('standin', gender, joints='spin49')
        for gender in ('neutral', 'male', 'female')
    }


def test_training_labels_have_the_shapes_of_mpi_inf_3dhp(studio):
    videos, frames = TINY.studio
    assert len(studio) == videos
    for folder, labels, calibration, _ in studio:
        assert labels['frames'].shape == (frames, 1)
        assert labels['cameras'].ravel().tolist() == list(range(14))
        filmed = set()
        for name, width in (('annot2', 56), ('annot3', 84), ('univ_annot3', 84)):
            assert labels[name].shape == (14, 1)
            for camera, (array,) in enumerate(labels[name]):
                assert array.shape in ((frames, width), (0, width))
                filmed |= {camera} if len(array) else set()
        assert filmed == set(calibration) and len(filmed) == TINY.cameras
        assert filmed <= TRAIN_CAMERAS
        for camera in filmed:
            images = sorted((folder / 'imageFrames' / f'video_{camera}').iterdir())
            assert [path.name for path in images] == [
                f'frame_{number + 1:06d}.jpg' for number in range(frames)
            ]


def test_joints_of_the_studio_have_the_labelled_pixels(studio):
    for folder, labels, calibration, _ in studio:
        image = cv2.imread(str(next((folder / 'imageFrames').rglob('*.jpg'))))
        for camera, (intrinsics, _) in calibration.items():
            pixels = labels['annot2'][camera, 0].reshape(-1, 28, 2)
            for name in ('annot3', 'univ_annot3'):
                points = labels[name][camera, 0].reshape(-1, 28, 3)
                assert np.abs(projected(points, intrinsics[:3, :3]) - pixels).max() < 1e-2
            assert pixels.min() > 0 and (pixels < image.shape[1]).all()


def test_cameras_of_the_studio_see_one_person(studio):
    for _, labels, calibration, _ in studio:
        world = [
            moved(labels['annot3'][camera, 0].reshape(-1, 3) - outer[:3, 3], outer[:3, :3].T, 0)
            for camera, (_, outer) in calibration.items()
        ]
        assert np.abs(world[0] - world[1]).max() < 0.01
        # The feet are above the floor, the head tops at a plausible height.
        heights = world[0].reshape(-1, 28, 3)[..., 1]
        assert heights.min() > -30
        assert 1000 < np.median(heights[:, MPI_INF_3DHP28.index('head_top')]) < 2100


def test_parameters_of_the_studio_reproduce_the_joints(studio, layers):
    checked = 0
    for _, labels, _, params in studio:
        joints = spin_joints(layers['neutral'], params['poses'], params['betas'])
        joints += params['trans'][:, None]
        for row, camera in enumerate(params['cameras']):
            seen = moved(joints, params['rotations'][row], params['translations'][row])
            points = labels['annot3'][camera, 0].reshape(-1, 28, 3) / 1000
            for name in ('left_knee', 'right_wrist', 'neck', 'head_top', 'pelvis', 'right_hip'):
                own = points[:, MPI_INF_3DHP28.index(name)]
                assert np.abs(seen[:, SPIN49.index(name)] - own).max() < 1e-3, name
                checked += 1
    assert checked


def test_labels_of_the_test_set_have_the_shapes_of_hdf5(video_set):
    videos, frames = TINY.studio_test
    paths = sorted(video_set.glob('mpi_inf_3dhp/mpi_inf_3dhp_test_set/TS*/annot_data.mat'))
    assert len(paths) == videos
    for path in paths:
        with h5py.File(path) as file:
            content = {name: np.array(file[name]) for name in file}
        assert content['annot2'].shape == (frames, 1, 17, 2)
        assert content['annot3'].shape == content['univ_annot3'].shape == (frames, 1, 17, 3)
        assert content['valid_frame'].shape == content['activity_annotation'].shape == (frames, 1)
        assert set(np.unique(content['valid_frame'])) <= {0, 1}
        assert set(np.unique(content['activity_annotation'])) <= set(range(1, 8))
        points = content['annot3'][:, 0]
        pelvis, head = (points[:, MPI_INF_3DHP17.index(name)] for name in ('pelvis', 'head_top'))
        assert (head[:, 1] < pelvis[:, 1]).all()
        ratio = content['univ_annot3'] / content['annot3']
        assert np.allclose(ratio, ratio.flat[0])
        images = sorted((path.parent / 'imageSequence').iterdir())
        assert [image.name for image in images][:2] == ['img_000001.jpg', 'img_000002.jpg']
        assert len(images) == frames


def test_sequences_have_the_fields_of_3dpw(sequences, video_set):
    frames = TINY.outdoors_frames[0]
    assert len(sequences) == sum(TINY.outdoors)
    for content in sequences:
        people = len(content['poses'])
        assert 1 <= people <= 2
        shapes = dict(
            poses=(frames, 72),
            betas=(10,),
            trans=(frames, 3),
            poses2d=(frames, 3, 18),
            campose_valid=(frames,),
            jointPositions=(frames, 72),
            poses_60Hz=(2 * frames - 1, 72),
            trans_60Hz=(2 * frames - 1, 3),
        )
        for name, shape in shapes.items():
            assert [array.shape for array in content[name]] == [shape] * people, name
        assert set(content['genders']) <= {'m', 'f'} and len(content['genders']) == people
        assert content['cam_poses'].shape == (frames, 4, 4)
        assert content['cam_intrinsics'].shape == (3, 3)
        assert content['img_frame_ids'].tolist() == list(range(frames))
        for frame in range(frames):
            image = f'{content["sequence"]}/image_{frame:05d}.jpg'
            assert (video_set / '3DPW' / 'imageFiles' / image).is_file()


def test_pickles_hold_nothing_but_arrays(video_set):
    """A reader that allows numpy's arrays and builtins only reads the files."""

    class Strict(pickle.Unpickler):
        def find_class(self, module, name):
            if module.split('.')[0] not in ('numpy', '_codecs'):
                raise pickle.UnpicklingError(f'{module}.{name}')
            return super().find_class(module, name)

    for path in video_set.glob('3DPW/sequenceFiles/*/*.pkl'):
        with path.open('rb') as file:
            assert isinstance(Strict(file, encoding='latin1').load(), dict)


def test_bodies_outdoors_reproduce_their_joints_in_the_world(sequences, bodies):
    genders = dict(m='male', f='female')
    for content in sequences:
        for person, gender in enumerate(content['genders']):
            body = bodies[genders[gender]]
            for frame in (0, -1):
                pose = content['poses'][person][frame].reshape(24, 3)
                _, joints = body.skin(
                    content['betas'][person], pose, content['trans'][person][frame]
                )
                expected = content['jointPositions'][person][frame].reshape(24, 3)
                assert np.abs(joints - expected).max() < 1e-4
            fine = content['poses_60Hz'][person][::2] - content['poses'][person]
            assert np.abs(fine).max() < 1e-5


def test_camera_poses_bring_bodies_to_where_the_image_shows_them(sequences, bodies, video_set):
    """Both ways into the camera agree, and detections lie on the silhouette of the body."""
    genders = dict(m='male', f='female')
    near = []
    for content in sequences:
        path = video_set / '3DPW' / 'imageFiles' / content['sequence'] / 'image_00000.jpg'
        height, width = cv2.imread(str(path)).shape[:2]
        lens = content['cam_intrinsics']
        camera = PinholeCamera(lens[0, 0], lens[1, 1], lens[0, 2], lens[1, 2], width, height)
        for person, gender in enumerate(content['genders']):
            body, betas = bodies[genders[gender]], content['betas'][person]
            for frame in (0, 10):
                pose = content['poses'][person][frame].reshape(24, 3)
                transl, outer = content['trans'][person][frame], content['cam_poses'][frame]
                world, _ = body.skin(betas, pose, transl)
                root = body.rest_root(betas).astype(float)
                own = world_to_camera_smpl(pose, transl, root, outer[:3, :3], outer[:3, 3])
                vertices, _ = body.skin(betas, *own)
                assert np.abs(vertices - moved(world, outer[:3, :3], outer[:3, 3])).max() < 1e-3
                mask = rasterize([vertices], body.faces, camera).face_ids >= 0
                mask = cv2.dilate(mask.astype(np.uint8), np.ones((7, 7)))
                found = content['poses2d'][person][frame].T
                found = found[found[:, 2] > 0.5]
                x, y = np.rint(found[:, :2]).astype(int).T
                inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
                near += list(mask[y[inside], x[inside]])
    assert len(near) > 40 and np.mean(near) > 0.85


def test_hand_held_cameras_move_and_look_down_as_far_as_the_domain_says(sequences):
    least, most = VIDEO_DOMAINS['outdoors'].pitch_deg
    assert least > 10
    for content in sequences:
        outer = content['cam_poses']
        assert np.allclose(np.linalg.det(outer[:, :3, :3]), 1)
        down = np.degrees(np.arcsin(-outer[:, 2, 1]))
        # They shake, and follow someone who moves.
        assert least - 6 < down.min() and down.max() < most + 6
        place = -np.einsum('fba,fb->fa', outer[:, :3, :3], outer[:, :3, 3])
        steps = np.linalg.norm(np.diff(place, axis=0), axis=1)
        assert steps.max() > 1e-4
        assert steps.max() * 30 < 6
        assert (place[:, 1] > 0.3).all()


def test_sports_have_the_fields_of_penn_action(video_set):
    videos, frames = TINY.sports
    paths = sorted((video_set / 'Penn_Action' / 'labels').iterdir())
    assert [path.name for path in paths] == [f'{number + 1:04d}.mat' for number in range(videos)]
    seen = 0
    for path in paths:
        content = loadmat(path)
        for name in ('x', 'y', 'visibility'):
            assert content[name].shape == (frames, 13)
        assert content['bbox'].shape == (frames, 4)
        height, width, count = content['dimensions'][0]
        assert count == content['nframes'] == frames
        assert set(np.unique(content['visibility'])) <= {0, 1}
        assert content['train'] in (1, -1) and isinstance(str(content['action'][0]), str)
        for frame in range(frames):
            image = video_set / 'Penn_Action' / 'frames' / path.stem / f'{frame + 1:06d}.jpg'
            if frame == 0:
                assert cv2.imread(str(image)).shape[:2] == (height, width)
            assert image.is_file()
        x, y, visible = content['x'], content['y'], content['visibility'] > 0
        left, top, right, bottom = content['bbox'].T[..., None]
        inside = (x > left - 4) & (x < right + 4) & (y > top - 4) & (y < bottom + 4)
        assert inside[visible].all()
        seen += visible.sum()
        # Image rows go down: heads are above ankles.
        assert (y[:, 0] < y[:, PENN13.index('left_ankle')]).all()
    assert seen > 0.4 * videos * frames * 13


def test_motions_have_the_fields_of_amass(video_set, bodies):
    count, seconds = TINY.motions
    paths = sorted(video_set.glob('amass/*/*/*_poses.npz'))
    assert len(paths) == count
    rates = set()
    for path in paths:
        with np.load(path, allow_pickle=False) as file:
            content = dict(file)
        rate = float(content['mocap_framerate'])
        rates.add(rate)
        frames = round(rate * seconds)
        assert content['poses'].shape == (frames, 156)
        assert content['trans'].shape == (frames, 3)
        assert content['betas'].shape == (16,) and content['dmpls'].shape == (frames, 8)
        gender = str(content['gender'])
        body, betas = bodies[gender], content['betas'][:10]
        for frame in range(0, frames, 60):
            pose = np.zeros((24, 3))
            pose[:22] = content['poses'][frame].reshape(52, 3)[:22]
            vertices, _ = body.skin(betas, pose, content['trans'][frame])
            # z points up and the ground is at 0.
            assert -0.05 < vertices[:, 2].min() < 0.5
            assert vertices[:, 2].max() > 0.9
        assert not content['poses'][:, 66:].any()
    assert rates == {60, 120}


def test_left_of_someone_who_faces_the_camera_is_on_the_right(studio, sequences):
    sides = []
    for _, labels, calibration, _ in studio:
        for camera in calibration:
            points = labels['annot3'][camera, 0].reshape(-1, 28, 3)
            left, right, toe, ankle = (
                points[:, MPI_INF_3DHP28.index(name)]
                for name in ('left_shoulder', 'right_shoulder', 'left_toe', 'left_ankle')
            )
            facing = toe[:, 2] < ankle[:, 2] - 100
            sides += list((left[:, 0] > right[:, 0])[facing])
            sides += list((left[:, 0] < right[:, 0])[toe[:, 2] > ankle[:, 2] + 100])
    assert len(sides) > 10 and np.mean(sides) > 0.95
    for content in sequences:
        # Who shows both eyes, the left one on the right, faces the camera.
        found = content['poses2d'][0]
        shoulders, eyes = (
            found[:, :, OPENPOSE18.indices([f'left_{joint}', f'right_{joint}'])]
            for joint in ('shoulder', 'eye')
        )
        sure = ((shoulders[:, 2] > 0.5) & (eyes[:, 2] > 0.5)).all(1)
        sure &= eyes[:, 0, 0] > eyes[:, 0, 1] + 1.5
        facing = (shoulders[:, 0, 0] > shoulders[:, 0, 1])[sure]
        assert facing.sum() >= 0.8 * len(facing)


def test_static_cameras_see_a_static_room(studio):
    for folder, labels, calibration, _ in studio:
        for camera in calibration:
            paths = sorted((folder / 'imageFrames' / f'video_{camera}').iterdir())
            first, last = (cv2.imread(str(path)).astype(int) for path in (paths[0], paths[-1]))
            pixels = labels['annot2'][camera, 0].reshape(-1, 28, 2)
            # The upper corners, where neither person nor shadow is.
            rows = int(pixels[..., 1].min() / 2)
            if rows > 3:
                assert np.abs(first - last)[:rows].max() < 12
            assert np.abs(first - last).max() > 20
