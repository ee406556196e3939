"""Films of recovered bodies during validation and testing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.structures import PoseDataSample

from mmpose_ext.registry import HOOKS
from mmpose_ext.visualization.clip_people import ClipFrame, read_clip
from mmpose_ext.visualization.clip_video import ClipPainter, read_frame_image
from mmpose_ext.visualization.contact_sheet import contact_sheet
from mmpose_ext.visualization.mesh_people import MeshBodies
from mmpose_ext.visualization.motion_curves import motion_table, save_motion_curves
from mmpose_ext.visualization.video_file import VideoFile

_BACKGROUNDS = ('image', 'blank')
_FOLDER = 'films'
_GREY = 200
_SHEET_FRAMES, _SHEET_COLUMNS = 6, 2


@HOOKS.register_module()
class VideoMeshVisualizationHook(Hook):
    """Film every n-th track of a validation or a test, and plot how it moves.

    Takes the place of MMPose's ``PoseVisualizationHook`` as ``default_hooks.visualization``, where
    ``--show`` and ``--show-dir`` of the tools turn it on. Clips of a track must follow each other
    in the dataset, as they do in all of ours. Of several processes only the first one draws, the
    clips that it has.

    A track becomes ``<phase>_<video>.mp4``, and where joints are annotated also ``.png`` and
    ``.csv`` of :func:`save_motion_curves`; files of a validation end with its iteration. Six of its
    frames go to the visualizer's backends as one picture. Each validation shows the same tracks, so
    that they can be compared.

    Args:
        enable: Whether to draw.
        interval: Draw every n-th track, counted anew in each validation and test.
        max_tracks: Draw at most so many tracks of a validation; a test has no limit.
        max_frames: Draw at most so many frames of a track in a validation; a test has no limit.
        background: What bodies are drawn over: the ``'image'``, or a ``'blank'`` one, for data
            sets of which only features are there.
        body_model: ``path`` and ``gender`` of the body model that the estimator has.
        panel_size: Longer side of a panel in pixels.
        show: Open a window instead of storing films.
        wait_time: Seconds that each frame stays, 0 for until a key is pressed.
        out_dir: Folder of the films; by default ``films``. Relative to the folder of this run below
            the work directory.
        backend_args: File backend to read images with.

    Raises:
        ValueError: If a number is not positive, or ``background`` is another word.
    """

    def __init__(
        self,
        enable: bool = False,
        interval: int = 1,
        max_tracks: int = 2,
        max_frames: int = 64,
        background: str = 'image',
        body_model: dict | None = None,
        panel_size: int = 384,
        show: bool = False,
        wait_time: float = 0.0,
        out_dir: str | None = None,
        backend_args: dict | None = None,
    ) -> None:
        numbers = {'interval': interval, 'max_tracks': max_tracks, 'max_frames': max_frames}
        for name, value in numbers.items():
            if value < 1:
                raise ValueError(f'{name} got {value!r}, expected at least 1')
        if background not in _BACKGROUNDS:
            raise ValueError(f'background got {background!r}, expected one of {_BACKGROUNDS}')
        self.enable = enable
        self.interval = interval
        self.max_tracks = max_tracks
        self.max_frames = max_frames
        self.background = background
        self.body_model = dict(body_model or {})
        self.panel_size = panel_size
        self.show = show
        self.wait_time = wait_time
        self.out_dir = out_dir
        self.backend_args = backend_args
        self._bodies: MeshBodies | None = None

    def before_val_epoch(self, runner: Runner) -> None:
        """Start with the first track."""
        self._begin()

    def before_test_epoch(self, runner: Runner) -> None:
        """Start with the first track."""
        self._begin()

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[PoseDataSample] | None = None,
    ) -> None:
        """Take in a batch, and draw the tracks that are complete."""
        self._collect(runner, outputs, 'val')

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[PoseDataSample] | None = None,
    ) -> None:
        """Take in a batch, and draw the tracks that are complete."""
        self._collect(runner, outputs, 'test')

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Draw the last track."""
        self._draw_track(runner, 'val')

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Draw the last track."""
        self._draw_track(runner, 'test')

    def _begin(self) -> None:
        self._frames: list[ClipFrame] = []
        self._track: Any = None
        self._fps = 0.0
        self._count = 0

    def _collect(self, runner: Runner, outputs: Sequence[PoseDataSample], phase: str) -> None:
        if not self.enable or not is_main_process():
            return
        for sample in outputs:
            track = sample.get('source'), str(sample.get('video_id'))
            if track != self._track:
                self._draw_track(runner, phase)
                self._track, self._fps = track, float(sample.get('fps') or 0)
                self._count += 1
            number = self._count - 1
            testing = phase == 'test'
            if number % self.interval or not (testing or number < self.interval * self.max_tracks):
                continue
            last = self._frames[-1].number if self._frames else -1
            frames = [f for f in read_clip(sample) if f.scored and f.number > last]
            room = len(frames) if testing else self.max_frames - len(self._frames)
            self._frames += frames[:room]

    def _draw_track(self, runner: Runner, phase: str) -> None:
        frames, self._frames = self._frames, []
        if not frames:
            return
        if self._bodies is None:
            self._bodies = MeshBodies(**self.body_model)
        painter = ClipPainter(frames, self._bodies, self.panel_size)
        blank = _blank(frames) if self.background == 'blank' else None
        pictures = (
            painter.draw(frame, self._read(frame) if blank is None else blank) for frame in frames
        )
        name = f'{phase}_{self._track[1]}'.replace('/', '_')
        step = runner.iter if phase == 'val' else 0
        if self.show:
            for picture in pictures:
                runner.visualizer.show(picture, win_name=name, wait_time=self.wait_time)
            return
        folder = Path(runner.work_dir, runner.timestamp, self.out_dir or _FOLDER)
        path = folder / (f'{name}_{step}' if phase == 'val' else name)
        chosen = set(np.linspace(0, len(frames) - 1, _SHEET_FRAMES).round().astype(int).tolist())
        sheet = []
        # Video ids may have dots.
        with VideoFile(path.with_name(f'{path.name}.mp4'), self._fps or 25) as film:
            for index, picture in enumerate(pictures):
                film.write(picture)
                if index in chosen:
                    sheet.append(picture)
        runner.visualizer.add_image(name, contact_sheet(sheet, columns=_SHEET_COLUMNS), step)
        self._plot(path, frames)

    def _plot(self, path: Path, frames: Sequence[ClipFrame]) -> None:
        if all(frame.label_joints is None for frame in frames):
            return
        predicted = np.stack([frame.joints for frame in frames])
        unknown = np.full(predicted.shape[1:], np.nan)
        target = np.stack(
            [unknown if frame.label_joints is None else frame.label_joints for frame in frames]
        )
        numbers = [frame.number for frame in frames]
        rows = motion_table(numbers, self._fps or 25, {'prediction': predicted}, target)
        save_motion_curves(path, rows, path.name)

    def _read(self, frame: ClipFrame) -> np.ndarray:
        try:
            return read_frame_image(frame, self.backend_args)
        except (FileNotFoundError, ValueError) as error:
            raise type(error)(f"{error}; background='blank' draws without images") from error


def _blank(frames: Sequence[ClipFrame]) -> np.ndarray:
    """A grey picture that has all squares in it."""
    width, height = np.ceil(np.max([frame.box[2:] for frame in frames], axis=0)).astype(int)
    return np.full((max(int(height), 2), max(int(width), 2), 3), _GREY, np.uint8)
