"""A film and curves of one test track, as several checkpoints see it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint

from mmpose_ext.registry import DATASETS, MODELS
from mmpose_ext.visualization.clip_people import ClipFrame, read_clip
from mmpose_ext.visualization.clip_video import save_clip_video
from mmpose_ext.visualization.mesh_people import MeshBodies
from mmpose_ext.visualization.motion_curves import motion_table, save_motion_curves


class Track(NamedTuple):
    """A person in a test video, as a model sees it.

    Args:
        video_id: Name of the track.
        fps: Frames per second.
        frames: Its frames in their order, each once.
    """

    video_id: str
    fps: float
    frames: list[ClipFrame]


def predict_track(config: Config, checkpoint: str | Path, video_id: str | None = None) -> Track:
    """Run a video mesh estimator on one track of its test set.

    Args:
        config: Config of the estimator.
        checkpoint: Its checkpoint.
        video_id: Name of the track; by default the one with the most frames in a row.

    Raises:
        ValueError: If the test set has no such track.
    """
    init_default_scope(config.get('default_scope', 'mmpose'))
    dataset = DATASETS.build(config.test_dataloader.dataset)
    ranges = dataset.clip_ranges()
    names = [name for name, _, _ in ranges]
    if video_id is None:
        video_id = longest_run(ranges)
    if video_id not in names:
        raise ValueError(f'video_id got {video_id!r}, expected one of {sorted(set(names))}')
    clips = [index for index, name in enumerate(names) if name == video_id]
    model = MODELS.build(config.model)
    load_checkpoint(model, str(checkpoint), map_location='cpu')
    model.eval()
    batch = pseudo_collate([dataset[index] for index in clips])
    samples = model.predict(**model.data_preprocessor(batch))
    frames = [frame for sample in samples for frame in read_clip(sample) if frame.scored]
    frames.sort(key=lambda frame: frame.number)
    return Track(video_id, float(samples[0].fps), frames)


def longest_run(ranges: Sequence[tuple[str, int, int]]) -> str:
    """The first of the tracks with the most frames in a row.

    Args:
        ranges: Of clips: track, first frame, and the frame after the last.
    """
    runs: list[tuple[str, int, int]] = []
    for name, start, end in sorted(ranges):
        if runs and runs[-1][0] == name and start <= runs[-1][2]:
            runs[-1] = name, runs[-1][1], max(end, runs[-1][2])
        else:
            runs.append((name, start, end))
    return max(runs, key=lambda run: run[2] - run[1])[0]


def film_track(track: Track, path: Path, body_model: str | None = None) -> Path:
    """Write a film of the recovered body.

    Args:
        track: The track.
        path: The ``.mp4`` file.
        body_model: The estimator's body model.
    """
    return save_clip_video(path, track.frames, MeshBodies(path=body_model), track.fps)


def compare_motions(tracks: Mapping[str, Track], path: Path) -> Path:
    """Plot errors and accelerations of the same track in several models.

    Args:
        tracks: The track by the name of the model.
        path: Picture and table without their suffix.

    Returns:
        The picture.

    Raises:
        ValueError: If these are different tracks.
    """
    if len({track.video_id for track in tracks.values()}) != 1:
        names = {name: track.video_id for name, track in tracks.items()}
        raise ValueError(f'tracks got {names}, expected one track')
    first = next(iter(tracks.values()))
    unknown = np.full_like(first.frames[0].joints, np.nan)
    target = np.stack([unknown if f.label_joints is None else f.label_joints for f in first.frames])
    rows = motion_table(
        [frame.number for frame in first.frames],
        first.fps,
        {name: np.stack([f.joints for f in track.frames]) for name, track in tracks.items()},
        target,
    )
    return save_motion_curves(path, rows, first.video_id)[0]
