import csv

import cv2
import numpy as np
import pytest
import torch
import trimesh
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_ext.body_models import load_body_model
from mmpose_ext.engine import SavePredictedClipHook, VideoMeshVisualizationHook
from mmpose_ext.geometry import project_points, weak_to_image, weak_translation
from mmpose_ext.skeletons import LSP14, SPIN49

T, SIZE = 3, (64, 96)
COMMON = list(SPIN49.indices(LSP14.keypoints))
CAMERA = np.array([0.9, 0.0, 0.25])


def box_of(frame):
    return np.array([10.0 + frame, 2, 70 + frame, 62])


class ClipDataset(BaseDataset):
    """Tracks of some length, cut into clips of three frames; the last one ends with the track."""

    def __init__(self, folder, tracks, labels=True):
        self.folder, self.tracks, self.labels = folder, tracks, labels
        super().__init__(serialize_data=False)

    def load_data_list(self):
        clips, row = [], 0
        for name, frames in self.tracks.items():
            for start in range(0, frames, T):
                first = max(min(start, frames - T), 0)
                clips.append(
                    dict(id=row + first, video_id=name, first=first, unscored=start - first)
                )
            row += frames
        return clips

    def prepare_data(self, index):
        info = self.get_data_info(index)
        numbers = np.arange(info['first'], info['first'] + T)
        sample = PoseDataSample(
            metainfo=dict(
                id=info['id'],
                source='toy',
                video_id=info['video_id'],
                frame_ids=numbers,
                fps=20.0,
                gender='neutral',
                img_paths=[f'{self.folder}/{info["video_id"]}_{n}.png' for n in numbers],
            )
        )
        labels = dict(scored=np.arange(T) >= info['unscored'])
        if self.labels:
            labels |= dict(joints=np.zeros((T, 49, 3)), joints_valid=np.ones(T))
        sample.gt_instances = InstanceData(**labels)
        return dict(inputs=dict(features=torch.zeros(T, 2)), data_samples=sample)


class ClipModel(BaseModel):
    """Predicts the stand-in with one arm higher in every frame."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.body = load_body_model('standin')

    def forward(self, inputs, data_samples, mode):
        if mode == 'loss':
            return dict(loss=self.weight**2)
        for sample in data_samples:
            poses = np.zeros((T, 24, 3), np.float32)
            poses[:, 0, 0] = np.pi
            poses[:, 16, 2] = 0.2 * sample.frame_ids
            bodies = [self.body.skin(np.zeros(10), pose) for pose in poses]
            joints = np.zeros((T, 49, 3))
            joints[:, COMMON[:2]] = [[joint[0], joint[1]] for _, joint in bodies]
            boxes = np.stack([box_of(number) for number in sample.frame_ids])
            camera = np.tile(CAMERA, (T, 1))
            sample.pred_instances = InstanceData(
                smpl_pose=torch.tensor(poses),
                smpl_betas=torch.zeros(T, 10),
                vertices=torch.tensor(np.stack([vertices for vertices, _ in bodies])),
                joints=joints,
                keypoints=weak_to_image(joints, camera, boxes),
                camera=camera,
                transl=weak_translation(camera),
                bboxes=boxes,
            )
        return data_samples


class Count(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results += data_samples

    def compute_metrics(self, results):
        return dict(count=len(results))


@pytest.fixture
def make_clip_runner(tmp_path):
    def runner(tracks, hook, images=True, labels=True):
        for name, frames in tracks.items() if images else ():
            for number in range(frames):
                path = tmp_path / f'{name}_{number}.png'
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), np.full((*SIZE, 3), 40 * number, np.uint8))
        loader = dict(
            batch_size=2,
            dataset=ClipDataset(tmp_path, tracks, labels),
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='pseudo_collate'),
        )
        return Runner(
            ClipModel(),
            work_dir=str(tmp_path / 'work'),
            experiment_name=f'{tmp_path.name}_{np.random.default_rng().integers(1 << 60)}',
            train_dataloader=loader,
            val_dataloader=loader,
            test_dataloader=loader,
            train_cfg=dict(by_epoch=True, max_epochs=2, val_interval=1),
            val_cfg=dict(),
            test_cfg=dict(),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            val_evaluator=[Count()],
            test_evaluator=[Count()],
            custom_hooks=[dict(hook, body_model=dict(path='standin'))],
            visualizer=dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')]),
            default_scope='mmpose',
            default_hooks=dict(logger=None, checkpoint=None),
        )

    return runner


def films(**options):
    return dict(type='mmpose_ext.VideoMeshVisualizationHook', enable=True, panel_size=96, **options)


def pictures_of(path):
    capture, pictures = cv2.VideoCapture(str(path)), []
    while True:
        ok, picture = capture.read()
        if not ok:
            return pictures
        pictures.append(picture)


def names(folder, pattern):
    return {path.name for path in folder.rglob(pattern)}


def test_each_validation_films_every_nth_track(make_clip_runner, tmp_path):
    tracks = dict(a=4, b=3, c=5, d=3)
    runner = make_clip_runner(tracks, films(interval=2, max_frames=4))
    runner.train()
    # Six clips in batches of two: three iterations an epoch.
    stems = {f'val_{track}_{step}' for track in 'ac' for step in (3, 6)}
    folder = tmp_path / 'work' / runner.timestamp / 'films'
    assert {path.name for path in folder.iterdir()} == {
        f'{stem}.{kind}' for stem in stems for kind in ('mp4', 'png', 'csv')
    }
    assert names(tmp_path / 'work', 'vis_image/*') == {f'{stem}.png' for stem in stems}
    for track, frames in (('a', 4), ('c', 4)):
        found = pictures_of(folder / f'val_{track}_3.mp4')
        assert len(found) == frames
        # The images of a track's frames in order, those of its tail once.
        for number, picture in enumerate(found):
            # A corner of the second panel, where nobody is.
            assert abs(picture[8:18, 111:121].mean() - 40 * number) < 10
    with (folder / 'val_a_3.csv').open(newline='') as file:
        rows = [row for row in csv.DictReader(file) if row['motion'] == 'prediction']
    assert [row['frame'] for row in rows] == ['0', '1', '2', '3']
    assert [float(row['seconds']) for row in rows] == [0, 0.05, 0.1, 0.15]


def test_a_test_films_whole_tracks_into_the_folder_that_is_asked_for(make_clip_runner, tmp_path):
    tracks = {'S1/a.b': 5, 'S1/a.c': 3, 'x': 3}
    options = dict(max_tracks=1, max_frames=2, out_dir='shown')
    runner = make_clip_runner(tracks, films(**options), labels=False)
    runner.test()
    folder = tmp_path / 'work' / runner.timestamp / 'shown'
    found = {path.name: len(pictures_of(path)) for path in folder.iterdir()}
    assert found == {'test_S1_a.b.mp4': 5, 'test_S1_a.c.mp4': 3, 'test_x.mp4': 3}


def test_images_that_are_missing_can_be_blank(make_clip_runner, tmp_path):
    with pytest.raises(FileNotFoundError, match="a_0.png. does not exist; background='blank'"):
        make_clip_runner(dict(a=3), films(), images=False).val()
    runner = make_clip_runner(dict(a=3), films(background='blank'), images=False)
    runner.val()
    (film,) = (tmp_path / 'work' / runner.timestamp).rglob('*.mp4')
    assert len(pictures_of(film)) == 3


def test_a_window_is_opened_instead_of_storing(make_clip_runner, tmp_path, monkeypatch):
    runner = make_clip_runner(dict(a=3), films(show=True, wait_time=0.5))
    shown = []
    monkeypatch.setattr(
        type(runner.visualizer), 'show', lambda self, image, **options: shown.append(options)
    )
    runner.test()
    assert shown == [dict(win_name='test_a', wait_time=0.5)] * 3
    assert not names(tmp_path / 'work', '*.mp4')


def test_nothing_is_filmed_until_it_is_enabled(make_clip_runner, tmp_path):
    make_clip_runner(dict(a=3), dict(films(), enable=False), images=False).val()
    assert not names(tmp_path / 'work', '*.mp4')


def test_wrong_arguments_are_refused():
    for name in ('interval', 'max_tracks', 'max_frames'):
        with pytest.raises(ValueError, match=f'{name} got 0, expected at least 1'):
            VideoMeshVisualizationHook(**{name: 0})
    with pytest.raises(ValueError, match="background got 'sky'"):
        VideoMeshVisualizationHook(background='sky')
    with pytest.raises(ValueError, match=r"format got \['obj'\]"):
        SavePredictedClipHook(formats=('obj',))
    with pytest.raises(ValueError, match='formats got .*npz'):
        SavePredictedClipHook(formats='npz')


def test_tracks_are_saved_whole(make_clip_runner, tmp_path):
    hook = dict(type='mmpose_ext.SavePredictedClipHook')
    make_clip_runner({'S1/a.b': 5, 'x': 3}, hook, images=False).test()
    folder = tmp_path / 'work' / 'clips'
    assert {path.name for path in folder.iterdir()} == {
        f'{stem}.{kind}' for stem in ('S1_a.b', 'x') for kind in ('npz', 'glb')
    }
    body = load_body_model('standin')
    with np.load(folder / 'S1_a.b.npz') as found:
        assert found['video_id'] == 'S1/a.b'
        assert found['fps'] == 20
        assert found['frame_ids'].tolist() == [0, 1, 2, 3, 4]
        assert found['image_path'][4] == f'{tmp_path}/S1/a.b_4.png'
        assert found['joints'].shape == (5, 14, 3)
        for number in range(5):
            vertices, _ = body.skin(*(found[key][number] for key in ('betas', 'pose', 'transl')))
            expected = weak_to_image(vertices - found['transl'][number], CAMERA, box_of(number))
            pixels = project_points(vertices, found['camera'][number])
            np.testing.assert_allclose(pixels, expected, atol=0.01)
            assert found['pose'][number, 16, 2] == pytest.approx(0.2 * number)
    (mesh,) = trimesh.load_scene(folder / 'x.glb', process=False).geometry.values()
    np.testing.assert_allclose(mesh.vertices, body.v_template, atol=1e-6)


def test_videos_of_one_name_are_kept_apart(tmp_path):
    hook = SavePredictedClipHook(formats=('npz',), body_model=dict(path='standin'))
    hook.before_test_epoch(None)
    model = ClipModel()
    dataset = ClipDataset(tmp_path, dict(a=3))
    for source in ('studio', 'wild'):
        sample = dataset.prepare_data(0)['data_samples']
        sample.set_field(source, 'source', field_type='metainfo')
        hook.after_test_iter(None, 0, None, model(None, [sample], 'predict'))
    # Of the bodies only the parameters are kept.
    assert all(len(f.vertices) == 0 for track in hook._tracks.values() for f in track.values())
    hook.after_test_epoch(type('R', (), dict(work_dir=str(tmp_path))))
    assert {p.name for p in (tmp_path / 'clips').iterdir()} == {'studio_a.npz', 'wild_a.npz'}


def test_names_that_become_the_same_are_numbered(tmp_path):
    hook = SavePredictedClipHook(formats=('npz',), body_model=dict(path='standin'))
    hook.before_test_epoch(None)
    dataset = ClipDataset(tmp_path, dict(a=3))
    for name in ('a/b', 'a_b', 'a_b_2'):
        sample = dataset.prepare_data(0)['data_samples']
        sample.set_field(name, 'video_id', field_type='metainfo')
        hook.after_test_iter(None, 0, None, ClipModel()(None, [sample], 'predict'))
    hook.after_test_epoch(type('R', (), dict(work_dir=str(tmp_path))))
    files = {file.name: str(np.load(file)['video_id']) for file in (tmp_path / 'clips').iterdir()}
    assert files == {'a_b.npz': 'a/b', 'a_b_2.npz': 'a_b', 'a_b_2_2.npz': 'a_b_2'}
