"""AMASS (Mahmood et al., ICCV 2019): motion of SMPL-H and SMPL-X bodies as SMPL's."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmpose_ext.datasets.datasets.mesh.smpl_fits import GENDERS
from mmpose_ext.datasets.datasets.video import ClipFile

from .conversion import Converted, VideoConverter

#: The subsets that VIBE trains its discriminator with.
VIBE_SUBSETS = (
    *('ACCAD', 'BioMotionLab_NTroje', 'CMU', 'EKUT', 'Eyes_Japan_Dataset', 'HumanEva', 'KIT'),
    *('MPI_HDM05', 'MPI_Limits', 'MPI_mosh', 'SFU', 'SSM_synced', 'TCD_handMocap'),
    *('TotalCapture', 'Transitions_mocap'),
)
# SMPL's 24 joints by the numbers of poses: SMPL's hands are the first joints of index fingers.
_BODY = tuple(range(22))
_JOINTS = {156: (*_BODY, 22, 37), 165: (*_BODY, 25, 40), 72: tuple(range(24))}
_RATES = ('mocap_framerate', 'mocap_frame_rate')


@dataclass(frozen=True)
class AMASSConverter(VideoConverter):
    """Motions ``{subset}/{subject}/*.npz``, a track each.

    Motions are brought to one frame rate exactly: frame i of the result is the frame of the file
    that is nearest in time. Slower ones keep their own rate, which is counted. Files that hold no
    motion, such as ``shape.npz``, are left out and counted.

    Args:
        root: Folder of the subsets.
        fps: Frames per second of the result.
        subsets: Names of subsets; all by default. All of them must be there.
    """

    root: Path
    fps: float = 25.0
    subsets: Sequence[str] | None = None

    title = 'AMASS'

    def __post_init__(self) -> None:
        if not self.fps > 0:
            raise ValueError(f'fps got {self.fps!r}, expected a positive number')

    def videos(self) -> list[Path]:
        """The motion files."""
        root = Path(self.root)
        missing = [name for name in self.subsets or () if not (root / name).is_dir()]
        files = sorted(root.glob('*/*/*.npz'))
        if self.subsets is not None:
            files = [file for file in files if file.relative_to(root).parts[0] in self.subsets]
        if missing or not files:
            what = f'no subsets {missing}' if missing else 'no {subset}/{subject}/*.npz'
            raise FileNotFoundError(
                f'{self.title}: {root} has {what}. They come from https://amass.is.tue.mpg.de'
            )
        return files

    def convert(self, video: Path) -> Converted:
        """One motion."""
        skipped: Counter[str] = Counter()
        try:
            with np.load(video, allow_pickle=False) as content:
                if 'poses' not in content:
                    skipped['files without poses'] += 1
                    return Converted(None, skipped)
                poses = np.asarray(content['poses'], np.float32)
                betas = np.ravel(np.asarray(content['betas'], np.float32))[:10]
                rate = next((float(content[key]) for key in _RATES if key in content), None)
                gender = _text(content['gender']) if 'gender' in content else 'neutral'
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f'{video} is not a readable motion file: {error}') from error
        if poses.ndim != 2 or poses.shape[1] not in _JOINTS:
            raise ValueError(
                f'{video}: poses got shape {poses.shape}, expected (frames, 156) of SMPL-H or '
                '(frames, 165) of SMPL-X'
            )
        if rate is None or not rate > 0:
            raise ValueError(f'{video}: the frame rate is {rate}, expected one of {_RATES}')
        bad = ~np.isfinite(poses).all(axis=1)
        if bad.any():
            raise ValueError(f'{video}: poses of frame {int(np.argmax(bad))} are not finite')
        if not len(poses):
            skipped['files without frames'] += 1
            return Converted(None, skipped)
        if rate < self.fps:
            skipped[f'resamplings of files below {self.fps:g} frames per second'] += 1
        frames = resampled_frames(len(poses), rate, min(self.fps, rate))
        number = len(frames)
        joints = list(_JOINTS[poses.shape[1]])
        pose = poses[frames].reshape(number, -1, 3)[:, joints]
        shape = np.zeros(10, np.float32)
        shape[: len(betas)] = betas
        name = '/'.join(video.relative_to(self.root).with_suffix('').parts)
        table = ClipFile(
            video_id=np.full(number, name),
            frame_idx=np.arange(number),
            fps=np.full(number, min(self.fps, rate), np.float32),
            smpl_pose=pose.reshape(number, 72),
            smpl_betas=np.tile(shape, (number, 1)),
            has_smpl=np.ones(number, np.float32),
            gender=np.full(number, gender if gender in GENDERS else 'neutral'),
            source_fps=np.full(number, rate, np.float32),
        )
        return Converted(table, skipped)


def resampled_frames(frames: int, rate: float, target: float) -> np.ndarray:
    """Frames that are nearest in time to those of another rate.

    Args:
        frames: Number of frames.
        rate: Their rate.
        target: The other rate, at most ``rate``.

    Returns:
        Indices, as many as fit into the duration.
    """
    number = int((frames - 1) * target / rate + 1e-6) + 1
    return np.minimum(np.floor(np.arange(number) * rate / target + 0.5), frames - 1).astype(
        np.int64
    )


def _text(value: np.ndarray) -> str:
    item = np.asarray(value).item()
    return item.decode() if isinstance(item, bytes) else str(item)
