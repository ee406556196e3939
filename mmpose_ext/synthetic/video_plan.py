"""Which videos a data set for mesh recovery from videos consists of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .mpi_inf_3dhp_writer import write_3dhp_test, write_3dhp_train
from .penn_action_writer import write_penn_action
from .plan import Plan, Split
from .pw3d_sequence_writer import write_pw3d_sequences

PARTS = ('train', 'validation', 'test')
TRAIN_CAMERAS = (0, 1, 2, 4, 5, 6, 7, 8)
"""MPI-INF-3DHP's cameras that methods train on."""
_SIZE = 192


class Take(NamedTuple):
    """Which frame of which video an image is; all count from 0.

    Attributes:
        video: The video; cameras that film at the same time share it.
        frame: The frame.
        camera: Place of the camera in the split's.
    """

    video: int
    frame: int
    camera: int = 0


@dataclass(frozen=True)
class VideoSplit(Split):
    """Images that are frames of videos of one length.

    Args:
        frames: Frames of a video.
        fps: Frames per second.
        size: Width and height of the images.
        pattern: File name of an image, a format string with ``video`` and ``frame``.
        first_video: Number of the first video in it.
        first_frame: Number of the first frame in it.
    """

    frames: int = 1
    fps: int = 30
    size: tuple[int, int] = (_SIZE, _SIZE)
    pattern: str = ''
    first_video: int = 1
    first_frame: int = 1

    def take(self, index: int) -> Take:
        """Which frame of which video an image is."""
        return Take(*divmod(index, self.frames))

    @property
    def videos(self) -> int:
        """Number of videos."""
        return self.count // self.frames

    def file_name(self, index: int) -> str:
        """Name of an image's file."""
        video, frame, _ = self.take(index)
        return self.pattern.format(video=self.first_video + video, frame=self.first_frame + frame)


@dataclass(frozen=True)
class StudioVideoSplit(VideoSplit):
    """Videos of several subjects, twice each, by several cameras at the same time.

    Args:
        cameras: MPI-INF-3DHP's numbers of the cameras.
        sequences: Videos of a subject.
    """

    cameras: tuple[int, ...] = ()
    sequences: int = 2

    def take(self, index: int) -> Take:
        """Which frame of which video an image is."""
        moment, camera = divmod(index, len(self.cameras))
        return Take(*divmod(moment, self.frames), camera)

    @property
    def videos(self) -> int:
        """Number of videos, those of several cameras counted once."""
        return self.count // self.frames // len(self.cameras)

    def subject(self, video: int) -> tuple[int, int]:
        """Numbers of the subject and the sequence, from 1."""
        subject, sequence = divmod(video, self.sequences)
        return subject + 1, sequence + 1

    def file_name(self, index: int) -> str:
        """Name of an image's file."""
        video, frame, camera = self.take(index)
        subject, sequence = self.subject(video)
        folder = f'S{subject}/Seq{sequence}/imageFrames/video_{self.cameras[camera]}'
        return f'{folder}/frame_{frame + 1:06d}.jpg'


@dataclass(frozen=True)
class MotionSplit(Split):
    """Motions without images: the files are AMASS's.

    Args:
        seconds: Length of a motion.
        rates: Frames per second, in turn.
    """

    seconds: float = 4
    rates: tuple[int, ...] = (60, 120)

    def file_name(self, index: int) -> str:
        """Name of a motion's file."""
        return f'Standin/{index // 4:04d}/motion_{index:05d}_poses.npz'


@dataclass(frozen=True)
class VideoSize:
    """How large a data set is.

    Args:
        studio: Training videos and their frames.
        cameras: Number of cameras that film each.
        studio_test: Test videos and their frames.
        outdoors: Training, validation and test videos.
        outdoors_frames: Their frames, in each of the three.
        sports: Videos of sports and their frames.
        motions: Number of motions and their length in seconds.
        image_scale: Factor on image sizes.
    """

    studio: tuple[int, int]
    cameras: int
    studio_test: tuple[int, int]
    outdoors: tuple[int, int, int]
    outdoors_frames: tuple[int, int, int]
    sports: tuple[int, int]
    motions: tuple[int, float]
    image_scale: float = 1


# Shots come from the outdoor validation videos. Few clips teach more if each shows another person:
# in the small size the videos are many and short, as long as two clips.
VIDEO_SIZES = dict(
    tiny=VideoSize((2, 20), 2, (1, 18), (1, 1, 2), (18, 18, 18), (2, 16), (3, 2.2), 0.6),
    small=VideoSize((8, 64), 4, (6, 64), (4, 40, 16), (32, 32, 48), (24, 48), (40, 4)),
    full=VideoSize((16, 160), 8, (6, 400), (50, 70, 50), (128, 128, 128), (160, 64), (400, 6)),
)


def video_plan(size: str) -> Plan:
    """Plan stand-ins of MPI-INF-3DHP, 3DPW, PennAction and AMASS in their raw formats.

    Args:
        size: A key of ``VIDEO_SIZES``.

    Returns:
        The plan.
    """
    amounts = VIDEO_SIZES[size]
    cameras = tuple(np.array(TRAIN_CAMERAS)[:: len(TRAIN_CAMERAS) // amounts.cameras].tolist())
    videos, frames = amounts.studio
    square = _scaled((_SIZE, _SIZE), amounts)
    studio = StudioVideoSplit(
        name='mpi_inf_3dhp_train',
        domain='gym',
        labels='mpi_inf_3dhp',
        count=videos * frames * len(cameras),
        folder='mpi_inf_3dhp',
        stream=51,
        genders=('neutral',),
        frames=frames,
        fps=25,
        size=square,
        cameras=cameras,
    )
    videos, frames = amounts.studio_test
    studio_test = VideoSplit(
        name='mpi_inf_3dhp_test',
        domain='gym',
        labels='mpi_inf_3dhp_test',
        count=videos * frames,
        folder='mpi_inf_3dhp/mpi_inf_3dhp_test_set',
        stream=52,
        genders=('neutral',),
        frames=frames,
        fps=25,
        size=square,
        pattern='TS{video}/imageSequence/img_{frame:06d}.jpg',
    )
    videos, frames = amounts.sports
    sports = VideoSplit(
        name='penn_action',
        domain='sports',
        labels='penn_action',
        count=videos * frames,
        folder='Penn_Action/frames',
        stream=56,
        frames=frames,
        fps=30,
        size=_scaled((240, 180), amounts),
        pattern='{video:04d}/{frame:06d}.jpg',
    )
    number, seconds = amounts.motions
    motions = MotionSplit(
        name='amass',
        domain='outdoors',
        labels='amass',
        count=number,
        folder='amass',
        stream=57,
        seconds=seconds,
    )
    outdoors = [
        VideoSplit(
            name=f'pw3d_{part}',
            domain='outdoors',
            labels='pw3d_video',
            count=videos * frames,
            folder='3DPW/imageFiles',
            stream=53 + number,
            frames=frames,
            fps=30,
            size=_scaled((160, 224), amounts),
            pattern=f'outdoors_{part}_{{video:02d}}/image_{{frame:05d}}.jpg',
            first_video=0,
            first_frame=0,
        )
        for number, (part, videos, frames) in enumerate(
            zip(PARTS, amounts.outdoors, amounts.outdoors_frames)
        )
    ]
    return Plan('video', size, (studio, studio_test, *outdoors, sports, motions), _write)


def _scaled(size: tuple[int, int], amounts: VideoSize) -> tuple[int, int]:
    width, height = size
    return round(width * amounts.image_scale), round(height * amounts.image_scale)


def _write(records: Mapping[str, Sequence[dict]], out: Path) -> list[Path]:
    studio = out / 'mpi_inf_3dhp'
    written = [
        *write_3dhp_train(records['mpi_inf_3dhp_train'], studio),
        *write_3dhp_test(records['mpi_inf_3dhp_test'], studio / 'mpi_inf_3dhp_test_set'),
        *write_penn_action(records['penn_action'], out / 'Penn_Action' / 'labels'),
    ]
    for part in PARTS:
        folder = out / '3DPW' / 'sequenceFiles' / part
        written += write_pw3d_sequences(records[f'pw3d_{part}'], folder)
    return written
