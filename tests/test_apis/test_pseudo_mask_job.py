import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmpose_ext.apis import pseudo_mask_job
from mmpose_ext.apis.pseudo_mask_drawers import PseudoMaskDrawer, SilhouetteDrawer
from mmpose_ext.apis.pseudo_mask_job import PseudoMaskJob
from mmpose_ext.body_models import load_body_model
from mmpose_ext.datasets.datasets.video import ClipFile, read_clip_file, write_clip_file
from mmpose_ext.datasets.transforms.mask_files import read_mask
from mmpose_ext.geometry import PinholeCamera, project
from mmpose_ext.rendering import keypoint_capsules
from mmpose_ext.skeletons import COCO17

HEIGHT, WIDTH, FRAMES = 48, 40, 7
CAMERA = np.array([[40, 0, 19.5], [0, 40, 23.5], [0, 0, 1]], np.float32)


def keypoints(frame):
    points = np.zeros((17, 3), np.float32)
    for name, x, y in (
        ('left_shoulder', 24, 14),
        ('right_shoulder', 16, 14),
        ('left_hip', 23, 26),
        ('right_hip', 17, 26),
        ('left_knee', 23, 34),
        ('right_knee', 17, 34),
    ):
        points[COCO17.index(name)] = (x + frame, y, 1)
    return points


def make_table():
    """Two tracks of one video, with a body that turns."""
    pose = np.zeros((2 * FRAMES, 72), np.float32)
    pose[:, 0] = np.pi
    pose[:, 50] = np.linspace(0, 1, 2 * FRAMES)
    return ClipFile(
        video_id=np.repeat(['a/p0', 'b'], FRAMES),
        frame_idx=np.tile(np.arange(3, 3 + FRAMES), 2),
        fps=np.full(2 * FRAMES, 25, np.float32),
        image_path=np.array([f'img/{row}.jpg' for row in range(2 * FRAMES)]),
        bbox_xywh=np.tile(np.array([10, 6, 18, 34, 1], np.float32), (2 * FRAMES, 1)),
        keypoints2d=np.stack([keypoints(row % FRAMES) for row in range(2 * FRAMES)]),
        keypoints2d_convention='coco17',
        smpl_pose=pose,
        smpl_betas=np.zeros((2 * FRAMES, 10), np.float32),
        smpl_transl=np.tile(np.array([0, 0, 3], np.float32), (2 * FRAMES, 1)),
        has_smpl=np.ones(2 * FRAMES, np.float32),
        camera=np.tile(CAMERA, (2 * FRAMES, 1, 1)),
    )


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('clips')
    (root / 'img').mkdir()
    for row in range(2 * FRAMES):
        image = np.full((HEIGHT, WIDTH, 3), 9 * row, np.uint8)
        cv2.imwrite(str(root / f'img/{row}.jpg'), image)
    write_clip_file(root / 'clips.npz', make_table())
    return root


@pytest.fixture(autouse=True)
def _small_units(monkeypatch):
    monkeypatch.setattr(pseudo_mask_job, '_UNIT_FRAMES', 4)


@pytest.fixture
def make_job(root, tmp_path):
    def make(out='masks', table=None, drawer=None, **options):
        drawer = drawer or PseudoMaskDrawer('coco17')
        table = make_table() if table is None else table
        return PseudoMaskJob(table, tmp_path / out, drawer, root, **options)

    return make


def contents(folder):
    files = (path for path in sorted(folder.rglob('*')) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def expected_mask(row):
    points = keypoints(row % FRAMES)
    return keypoint_capsules(points[:, :2], points[:, 2], COCO17, (HEIGHT, WIDTH))


@pytest.mark.parametrize('file_format', ['png', 'rle'])
def test_masks_of_all_frames_are_written_and_named(make_job, file_format):
    job = make_job(file_format=file_format)
    summary = job.run(workers=0)
    assert (summary.made, summary.complete) == (14 if file_format == 'png' else 2, True)
    paths = job.mask_paths()
    assert paths[4] == ('a/p0/000007.png' if file_format == 'png' else 'a/p0.json#7')
    for row in range(2 * FRAMES):
        mask = read_mask(str(job.out / str(paths[row])))
        np.testing.assert_array_equal(mask, 255 * expected_mask(row))
    assert job.empty_masks() == 0


def test_run_lengths_are_a_coco_file(make_job):
    job = make_job(file_format='rle')
    job.run(workers=0)
    content = json.loads((job.out / 'b.json').read_text())
    assert content['categories'] == [dict(id=1, name='person')]
    assert [image['id'] for image in content['images']] == list(range(3, 3 + FRAMES))
    assert content['images'][0] == dict(id=3, file_name='img/7.jpg', height=HEIGHT, width=WIDTH)
    found = content['annotations'][2]
    mask = expected_mask(2)
    rows, columns = np.nonzero(mask)
    assert (found['image_id'], found['area'], found['iscrowd']) == (5, mask.sum(), 0)
    box = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
    assert found['bbox'] == box
    with pytest.raises(ValueError, match=r"b\.json' has no image '99'"):
        read_mask(f'{job.out}/b.json#99')


@pytest.mark.parametrize('file_format', ['png', 'rle'])
def test_shards_stops_and_damage_give_the_same_bytes(make_job, file_format):
    options = dict(file_format=file_format)
    make_job('alone', **options).run(workers=0)
    expected = contents(make_job('alone', **options).out)
    job = make_job('shards', **options)
    assert not job.run(workers=0, shard=(1, 2)).complete

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_job('shards', **options).run(workers=0, shard=(0, 2), progress=stop)
    summary = make_job('shards', **options).run(workers=0, shard=(0, 2))
    assert summary.kept > 0 and summary.complete
    assert contents(job.out) == expected
    name = next(name for name in expected if name.startswith('b'))
    (job.out / name).write_bytes(b'damaged')
    assert make_job('shards', **options).run(workers=0).remade == 1
    assert contents(job.out) == expected


@pytest.mark.slow
def test_worker_processes_give_the_same_bytes(make_job):
    alone, workers = make_job('alone'), make_job('workers')
    alone.run(workers=0)
    assert workers.run(workers=2).made == 14
    assert contents(workers.out) == contents(alone.out)


def test_some_frames_of_each_track(make_job):
    job = make_job(every=3)
    job.run(workers=0)
    named = np.flatnonzero(job.mask_paths() != '')
    assert named.tolist() == [0, 3, 6, 7, 10, 13]
    assert sum(job.skipped.values()) == 8


def test_silhouettes_are_what_the_camera_sees_of_the_body(make_job):
    table = make_table()
    has_smpl = np.ones(14, np.float32)
    has_smpl[5] = 0
    job = make_job(table=replace(table, has_smpl=has_smpl), drawer=SilhouetteDrawer('standin'))
    job.run(workers=0)
    paths = job.mask_paths()
    assert paths[5] == '' and sum(job.skipped.values()) == 1
    body = load_body_model('standin', 'neutral')
    for row in (0, 13):
        mask = read_mask(str(job.out / str(paths[row]))) > 0
        vertices, _ = body.skin(np.zeros(10), table.smpl_pose[row].reshape(24, 3), (0, 0, 3))
        pixels = project(vertices, PinholeCamera(40, 40, 19.5, 23.5, WIDTH, HEIGHT))
        near = np.rint(pixels).astype(int)
        # Vertices lie on it or, at the outline, beside it, but for fingers thinner than a pixel;
        # and it reaches no farther.
        beside = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3)))
        assert beside[near[:, 1], near[:, 0]].mean() > 0.98
        rows, columns = np.nonzero(mask)
        assert abs(columns.min() - pixels[:, 0].min()) <= 2
        assert abs(rows.max() - pixels[:, 1].max()) <= 2


def test_masks_of_other_people_or_settings_are_refused(make_job):
    make_job().run(workers=0)
    table = make_table()
    moved = table.keypoints2d + np.array([1, 0, 0], np.float32)
    with pytest.raises(ValueError, match='holds the masks of other people: got 14 frames'):
        make_job(table=replace(table, keypoints2d=moved))
    with pytest.raises(ValueError, match="of other settings: got {'format': 'png'"):
        make_job(file_format='rle')
    with pytest.raises(ValueError, match="got {'capsule_width': None}, expected .*0.5"):
        make_job(drawer=PseudoMaskDrawer('coco17', capsule_width=0.5))


def test_tables_that_cannot_serve_are_errors(make_job, tmp_path):
    table = make_table()
    with pytest.raises(ValueError, match=r"no \['bbox_xywh'\], which PseudoMaskDrawer needs"):
        make_job(table=replace(table, bbox_xywh=None))
    with pytest.raises(ValueError, match='row 7.*cannot be the name of a folder'):
        make_job(table=replace(table, video_id=np.repeat(['a', '../b'], FRAMES)))
    with pytest.raises(ValueError, match='every got 0'):
        make_job(every=0)
    with pytest.raises(ValueError, match='no frame is left'):
        nobody = replace(table, has_smpl=np.zeros(14, np.float32))
        make_job(table=nobody, drawer=SilhouetteDrawer('standin'))
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full/note.txt').write_text('mine')
    with pytest.raises(ValueError, match='holds files that are not masks'):
        make_job('full')


def load_tool():
    path = Path(__file__).parents[2] / 'tools/dataset_converters/make_pseudo_masks.py'
    spec = importlib.util.spec_from_file_location('make_pseudo_masks', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


@pytest.fixture
def arguments(root, tmp_path):
    return [
        *(f'{root}/clips.npz', f'--img-prefix={root}', f'--out={tmp_path}/masks'),
        *(f'--clips-out={tmp_path}/with_masks.npz', '--workers=0'),
    ]


def test_the_command_makes_masks_and_names_them(arguments, tmp_path, capsys):
    tool = load_tool()
    arguments += ['--detectors=none', '--every=2']
    tool.main([*arguments, f'--preview={tmp_path}/sheet.png'])
    assert cv2.imread(str(tmp_path / 'sheet.png')).shape[0] > HEIGHT
    assert not (tmp_path / 'masks').exists()
    tool.main([*arguments, '--shard=0/2'])
    assert not (tmp_path / 'with_masks.npz').exists()
    tool.main([*arguments, '--shard=1/2'])
    printed = capsys.readouterr().out
    assert 'no masks of 6 frames between the chosen ones' in printed
    table = read_clip_file(tmp_path / 'with_masks.npz')
    assert len(table) == 14 and (table.mask_path != '').sum() == 8
    mask = read_mask(f'{tmp_path}/masks/{table.mask_path[2]}')
    np.testing.assert_array_equal(mask, 255 * expected_mask(2))
    np.testing.assert_array_equal(table.keypoints2d, make_table().keypoints2d)


def test_the_command_can_write_into_the_clip_file(arguments, root, tmp_path):
    own = write_clip_file(tmp_path / 'own.npz', make_table())
    rest = [argument for argument in arguments[1:] if not argument.startswith('--clips-out')]
    load_tool().main([str(own), *rest, '--in-place', '--detectors=smpl', '--body-model=standin'])
    assert (read_clip_file(own).mask_path != '').all()


def test_the_command_ends_with_a_sentence(arguments, root, tmp_path, capsys):
    tool = load_tool()
    for wrong, message in (
        (arguments, '--checkpoints got 0, expected 2'),
        ([*arguments, '--detectors=none', '--checkpoints=a.pth'], 'got 1, expected 0'),
        ([*arguments, '--detectors=none', '--in-place'], 'either --in-place or --clips-out'),
        ([*arguments, '--detectors=none', '--shard=2/2'], "got '2/2'"),
    ):
        with pytest.raises(SystemExit):
            tool.main(wrong)
        assert message in capsys.readouterr().err
    with pytest.raises(SystemExit, match=r'no_clips\.npz.*does not exist'):
        tool.main([f'{root}/no_clips.npz', *arguments[1:], '--detectors=none'])
    with pytest.raises(SystemExit, match=r'none\.pth'):
        tool.main([*arguments, '--checkpoints', 'none.pth', 'none.pth'])
    broken = write_clip_file(
        tmp_path / 'broken.npz',
        replace(make_table(), image_path=np.array(['img/gone.jpg'] * 14)),
    )
    with pytest.raises(SystemExit, match='gone.jpg'):
        tool.main([str(broken), *arguments[1:], '--detectors=none'])
