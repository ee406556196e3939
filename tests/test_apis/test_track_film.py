"""Films of tracks of a test set. Drawing is tested with the visualization."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmpose_ext.apis.track_film import compare_motions, film_track, longest_run, predict_track
from mmpose_ext.datasets.datasets.video import ClipFile, write_clip_file
from mmpose_ext.registry import MODELS


def test_the_track_with_the_most_frames_in_a_row_is_taken():
    ranges = [('a', 0, 16), ('a', 20, 36), ('a', 40, 56), ('b', 0, 16), ('b', 10, 26)]
    assert longest_run(ranges) == 'b'
    assert longest_run(ranges[:3]) == 'a'
    # As tails of tracks are in testing: the last clip begins within the one before.
    assert longest_run([('c', 0, 5), *ranges, ('d', 3, 29)]) == 'b'


@pytest.fixture(scope='module')
def small_model(tmp_path_factory):
    """A config with one track of 7 frames and a model of random weights."""
    folder = tmp_path_factory.mktemp('track')
    write_clip_file(folder / 'clips.npz', make_clips(folder))
    pipeline = [dict(type='mmpose_ext.CropClip'), dict(type='mmpose_ext.PackVideoMeshInputs')]
    model = dict(
        type='mmpose_ext.VideoMeshEstimator',
        head=dict(type='mmpose_ext.SMPLIterativeHead', in_channels=4, hidden_channels=8),
        body_model=dict(path='standin'),
    )
    dataset = dict(
        type='mmpose_ext.VideoMeshDataset',
        ann_file=str(folder / 'clips.npz'),
        data_prefix=dict(img=str(folder)),
        seq_len=4,
        test_mode=True,
        body_model='standin',
        pipeline=pipeline,
        check_order=False,
    )
    config = Config(dict(model=model, test_dataloader=dict(dataset=dataset)))
    checkpoint = folder / 'model.pth'
    torch.manual_seed(0)
    torch.save(dict(state_dict=MODELS.build(model).state_dict()), checkpoint)
    return config, checkpoint


def make_clips(folder: Path):
    number = 7
    names = [f'{frame}.png' for frame in range(number)]
    for name in names:
        cv2.imwrite(str(folder / name), np.full((64, 48, 3), 120, np.uint8))
    random = np.random.default_rng(0)
    return ClipFile(
        video_id=np.full(number, 'walk'),
        frame_idx=np.arange(number),
        fps=np.full(number, 25, np.float32),
        image_path=np.array(names),
        bbox_xywh=np.tile(np.float32([10, 10, 20, 40, 1]), (number, 1)),
        features=random.standard_normal((number, 4)).astype(np.float32),
        smpl_pose=(0.1 * random.standard_normal((number, 72))).astype(np.float32),
        smpl_betas=np.zeros((number, 10), np.float32),
        smpl_transl=np.zeros((number, 3), np.float32),
        has_smpl=np.ones(number, np.float32),
        gender=np.full(number, 'neutral'),
    )


def test_a_track_is_predicted_once_per_frame_filmed_and_plotted(small_model, tmp_path):
    track = predict_track(*small_model)
    assert (track.video_id, track.fps) == ('walk', 25)
    assert [frame.number for frame in track.frames] == list(range(7))
    film = film_track(track, tmp_path / 'walk.mp4', 'standin')
    assert film.stat().st_size > 0
    picture = compare_motions({'one': track, 'two': track}, tmp_path / 'walk')
    rows = picture.with_suffix('.csv').read_text().splitlines()
    # A head and three motions, the true one among them.
    assert len(rows) == 1 + 3 * 7


def test_unknown_and_different_tracks_are_refused(small_model, tmp_path):
    with pytest.raises(ValueError, match="video_id got 'run', expected one of \\['walk'\\]"):
        predict_track(*small_model, video_id='run')
    track = predict_track(*small_model)
    with pytest.raises(ValueError, match='expected one track'):
        compare_motions({'one': track, 'two': track._replace(video_id='run')}, tmp_path / 'x')
