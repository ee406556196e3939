"""Predicted bodies of whole tracks as files."""

import itertools
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import gather_object, is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from mmpose.structures import PoseDataSample

from mmpose_ext.registry import HOOKS
from mmpose_ext.visualization.animated_mesh import save_animated_mesh
from mmpose_ext.visualization.clip_files import save_clip_parameters
from mmpose_ext.visualization.clip_people import ClipFrame, read_clip
from mmpose_ext.visualization.mesh_files import check_formats
from mmpose_ext.visualization.mesh_people import MeshBodies

_FORMATS = ('npz', 'glb')
_Track = tuple[Any, str, float]


@HOOKS.register_module()
class SavePredictedClipHook(Hook):
    """Write the predicted bodies of a test, a file per track.

    Clips are joined to the tracks they were cut from, from all processes; frames whose ``scored``
    is 0 belong to another clip. Files are named after the video, with ``_`` for ``/``, and after
    the source where several datasets have a video of that name; names that are still the same are
    numbered.

    Args:
        out_dir: Folder for the files, relative to the work directory.
        formats: Any of ``'npz'``, SMPL parameters with cameras (see :func:`save_clip_parameters`),
            and ``'glb'``, an animated body that turns about its own root (see
            :func:`save_animated_mesh`).
        body_model: Arguments of :class:`MeshBodies`: ``path`` and ``gender`` of the body model that
            the estimator has. Only for ``'glb'``.

    Raises:
        ValueError: If there is no format, or a format is none of these.
    """

    def __init__(
        self,
        out_dir: str = 'clips',
        formats: Sequence[str] = _FORMATS,
        body_model: Mapping[str, Any] | None = None,
    ) -> None:
        if isinstance(formats, str) or not formats:
            raise ValueError(f'formats got {formats!r}, expected some of {list(_FORMATS)}')
        check_formats(formats, _FORMATS)
        self.out_dir = out_dir
        self.formats = tuple(formats)
        self.bodies = MeshBodies(**(body_model or {}))

    def before_test_epoch(self, runner: Runner) -> None:
        """Start with nothing."""
        self._tracks: dict[_Track, dict[int, ClipFrame]] = {}

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[PoseDataSample] | None = None,
    ) -> None:
        """Take in a batch; of its bodies only the parameters are kept."""
        for sample in outputs or ():
            fps = float(sample.get('fps') or 25)
            track = self._tracks.setdefault(
                (sample.get('source'), str(sample.get('video_id')), fps), {}
            )
            for frame in read_clip(sample):
                if frame.scored:
                    track[frame.number] = replace(frame, vertices=np.empty((0, 3)))

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Write all tracks."""
        parts = gather_object(self._tracks)
        self._tracks = {}
        if not is_main_process():
            return
        tracks: dict[_Track, dict[int, ClipFrame]] = {}
        for part in parts:
            for key, frames in part.items():
                tracks.setdefault(key, {}).update(frames)
        folder = Path(runner.work_dir, self.out_dir)
        for ((_, name, fps), frames), stem in zip(tracks.items(), _file_names(tracks)):
            self._write(folder / stem, name, fps, frames)
        print_log(f'{len(tracks)} tracks as {", ".join(self.formats)} in {folder}', 'current')

    def _write(self, path: Path, name: str, fps: float, frames: Mapping[int, ClipFrame]) -> None:
        ordered = [frames[number] for number in sorted(frames)]
        # Video ids may have dots.
        if 'npz' in self.formats:
            save_clip_parameters(path.with_name(f'{path.name}.npz'), ordered, name, fps)
        if 'glb' in self.formats:
            save_animated_mesh(
                path.with_name(f'{path.name}.glb'),
                self.bodies.body(),
                np.stack([frame.pose for frame in ordered]),
                np.stack([frame.betas for frame in ordered]),
                np.array([frame.number for frame in ordered]) / fps,
                name=name,
            )


def _file_names(tracks: Collection[_Track]) -> list[str]:
    times = Counter(name for _, name, _ in tracks)
    # Of a dict, which keeps their order and finds them fast.
    stems: dict[str, None] = {}
    for source, name, _ in tracks:
        stem = (f'{source}_{name}' if times[name] > 1 else name).replace('/', '_')
        numbered = (f'{stem}_{number}' for number in itertools.count(2))
        stems[next(one for one in itertools.chain([stem], numbered) if one not in stems)] = None
    return list(stems)
