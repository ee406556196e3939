"""3DPW's sequence files, with bodies in the world whose vertices are known in the camera."""

import pickle

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mmpose_ext.apis.video_converters import PW3DConverter, convert_videos
from mmpose_ext.apis.video_converters.pw3d_boxes import smooth_boxes
from mmpose_ext.body_models import load_standin
from mmpose_ext.skeletons import OPENPOSE18

FRAMES = 30


@pytest.fixture
def content(film):
    """Two people, a woman and a man, and a camera that turns."""
    rng = np.random.default_rng(0)
    pixels = film.project(film.walker(FRAMES, OPENPOSE18.keypoints, 0.01))
    poses2d = np.concatenate([pixels, np.full((FRAMES, 18, 1), 0.9)], axis=2)
    cameras = np.tile(np.eye(4), (FRAMES, 1, 1))
    angles = np.linspace(0, 1, FRAMES)[:, None] * [0.5, 1, 0.2]
    cameras[:, :3, :3] = Rotation.from_euler('xyz', angles).as_matrix()
    cameras[:, :3, 3] = rng.normal(0, 1, (FRAMES, 3))
    return dict(
        sequence='downtown_walking_00',
        poses=[rng.normal(0, 0.3, (FRAMES, 72)) for _ in range(2)],
        trans=[rng.normal(0, 1, (FRAMES, 3)) for _ in range(2)],
        betas=[rng.normal(0, 1, 10), rng.normal(0, 1, 300)],
        genders=['f', 'm'],
        poses2d=[poses2d.transpose(0, 2, 1).copy(), poses2d.transpose(0, 2, 1).copy()],
        cam_poses=cameras,
        cam_intrinsics=film.camera,
        campose_valid=[np.ones(FRAMES), np.ones(FRAMES)],
        img_frame_ids=np.arange(FRAMES),
    )


@pytest.fixture
def write(tmp_path, film):
    def write(content, protocol=2, images=True):
        folder = tmp_path / 'sequenceFiles/test'
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f'{content.get("sequence", "a")}.pkl'
        path.write_bytes(pickle.dumps(content, protocol=protocol))
        for frame in range(FRAMES if images else 0):
            film.write_image(tmp_path / f'imageFiles/{content["sequence"]}/image_{frame:05d}.jpg')
        return tmp_path

    return write


def convert(root, **arguments):
    return convert_videos(PW3DConverter(root, 'test', 'standin', **arguments))


def test_bodies_are_where_the_camera_sees_them(write, content):
    table, skipped = convert(write(content))

    assert not skipped and len(table) == 2 * FRAMES
    assert table.gender[0] == 'female' and table.gender[-1] == 'male'
    assert np.unique(table.video_id).tolist() == [f'downtown_walking_00_p{p}' for p in (0, 1)]
    for person, gender in enumerate(('female', 'male')):
        body = load_standin(gender)
        rows = np.flatnonzero(table.video_id == f'downtown_walking_00_p{person}')
        for frame in (0, 11, 29):
            row, camera = rows[frame], content['cam_poses'][frame]
            betas = content['betas'][person][:10]
            pose = content['poses'][person][frame].reshape(24, 3)
            world, _ = body.skin(betas, pose, content['trans'][person][frame])
            seen, _ = body.skin(
                table.smpl_betas[row], table.smpl_pose[row].reshape(24, 3), table.smpl_transl[row]
            )
            expected = world @ camera[:3, :3].T + camera[:3, 3]
            np.testing.assert_allclose(seen, expected, atol=2e-4)
    assert table.image_path[3] == 'downtown_walking_00/image_00003.jpg'
    assert set(table.fps) == {30}


def test_keypoints_keep_their_confidence_and_order(write, content):
    content['poses2d'][0][4, :, 2] = [50, 60, 0.0]
    content['poses2d'][0][5, 2, 3] = 0.4
    table, _ = convert(write(content))

    expected = content['poses2d'][0].transpose(0, 2, 1).copy()
    expected[4, 2] = 0
    np.testing.assert_allclose(table.keypoints2d[:FRAMES], expected, rtol=1e-6)
    assert table.keypoints2d_convention == 'openpose18'
    np.testing.assert_allclose(table.camera[0], content['cam_intrinsics'])


def test_frames_without_a_person_or_camera_end_clips_and_are_counted(write, content):
    # Six of twelve limb joints are too few, faces do not count.
    limbs = OPENPOSE18.indices(['right_wrist', 'left_wrist', 'right_ankle', 'left_ankle'])
    more = OPENPOSE18.indices(['right_knee', 'left_knee'])
    content['poses2d'][0][3, 2, limbs + more] = 0.2
    content['poses2d'][0][4, 2, limbs] = 0.2
    content['campose_valid'][0][8:10] = 0
    content['cam_poses'][9] = np.nan

    root = write(content)
    table, skipped = convert(root)

    frames = table.frame_idx[table.video_id == 'downtown_walking_00_p0'].tolist()
    assert frames == [n for n in range(FRAMES) if n not in (3, 8, 9)]
    assert skipped == {
        'frames with fewer than 7 visible limb joints': 1,
        'frames without a camera pose': 3,
    }
    kept, _ = convert(root, keep_invalid_camera=True, min_visible=6)
    assert len(kept) == 2 * FRAMES - 2


def test_somebody_who_is_never_seen_is_counted(write, content):
    content['poses2d'][1][:] = 0
    table, skipped = convert(write(content))
    assert set(table.video_id) == {'downtown_walking_00_p0'}
    assert skipped == {'frames with fewer than 7 visible limb joints': FRAMES}


@pytest.mark.parametrize(
    'key, value, message',
    [
        ('poses2d', [np.zeros((FRAMES, 18, 3))] * 2, r"'poses2d' got shape \(30, 18, 3\)"),
        ('trans', [np.zeros((5, 3))] * 2, r"'trans' got shape \(5, 3\)"),
        ('poses', [np.full((FRAMES, 72), np.nan)] * 2, "'poses' of frame 0 is not finite"),
        ('genders', ['x', 'm'], "gender got 'x'"),
        ('cam_poses', None, "has no 'cam_poses'"),
        ('betas', [np.zeros(3)] * 2, 'at least 10 numbers'),
    ],
)
def test_wrong_content_is_named(write, content, key, value, message):
    root = write(content | {key: value})
    with pytest.raises(ValueError, match=f'downtown_walking_00.pkl.*{message}'):
        convert(root)


class Exploit:
    def __reduce__(self):
        return (print, ('run',))


def test_pickles_cannot_run_code(write, content, capsys):
    root = write(content | dict(extra=Exploit()))
    with pytest.raises(ValueError, match='nothing was run'):
        convert(root)
    assert 'run' not in capsys.readouterr().out.split()
    (root / 'sequenceFiles/test/downtown_walking_00.pkl').write_bytes(b'broken')
    with pytest.raises(ValueError, match='not a readable pickle'):
        convert(root)


@pytest.mark.parametrize('protocol', [0, 2, 4])
def test_pickles_of_any_protocol_are_read(write, content, protocol):
    assert len(convert(write(content, protocol)).table) == 2 * FRAMES


def test_missing_files_are_named(tmp_path, write, content):
    with pytest.raises(FileNotFoundError, match='no sequence files'):
        convert(tmp_path)
    with pytest.raises(FileNotFoundError, match='30 of 30 images are missing'):
        convert(write(content, images=False))
    assert len(convert(tmp_path, images=False).table) == 2 * FRAMES
    with pytest.raises(ValueError, match='split got'):
        PW3DConverter(tmp_path, 'val')


def test_boxes_follow_slow_movement_and_ignore_outliers():
    frames, rng = 80, np.random.default_rng(0)
    shape = rng.uniform(-30, 30, (12, 2))
    # Corners, so that the extent is known.
    shape[:2] = [[-30, -40], [30, 40]]
    centre = np.stack([100 + 0.5 * np.arange(frames), np.full(frames, 90.0)], axis=1)
    points, known = centre[:, None] + shape, np.ones((frames, 12), bool)
    clean = smooth_boxes(points, known)
    points[40] += 500
    known[50:53] = False
    boxes = smooth_boxes(points, known)

    inner = slice(30, 60)
    middle = boxes[:, :2] + boxes[:, 2:4] / 2
    np.testing.assert_allclose(middle[inner], centre[inner], atol=0.5)
    # The diagonal of 60 x 80 is 100.
    np.testing.assert_allclose(boxes[:, 2:4], 110, rtol=1e-3)
    np.testing.assert_allclose(boxes[inner], clean[inner], atol=0.5)
    with pytest.raises(ValueError, match='no frame'):
        smooth_boxes(points, np.zeros_like(known))
