"""MPI-INF-3DHP (Mehta et al., 3DV 2017): training videos from ``annot.mat``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_ext.datasets.datasets.body.annotation_check import check_images
from mmpose_ext.datasets.datasets.video import ClipFile
from mmpose_ext.skeletons import MPI_INF_3DHP28

from .conversion import (
    Converted,
    VideoConverter,
    first_image_size,
    fit_camera,
    inside_image,
    joint_boxes,
    read_mat,
    with_confidence,
)
from .filmed_bodies import FilmedBodies, read_bodies

SUBJECTS = tuple(range(1, 9))
SEQUENCES = (1, 2)
#: Cameras at the height of a chest, which others train with, of 14.
CAMERAS = (0, 1, 2, 4, 5, 6, 7, 8)
IMAGE_PATTERN = 'S{subject}/Seq{sequence}/imageFrames/video_{camera}/frame_{frame:06d}.jpg'
_FRAMES = (
    *((6416, 12430), (6502, 6081), (12489, 12283), (6171, 6675)),
    *((12820, 12312), (6188, 6145), (6239, 6320), (6468, 6054)),
)
#: Frames of every camera, by subject and sequence.
NUM_FRAMES = {
    (subject, sequence): frames
    for subject, of_subject in enumerate(_FRAMES, start=1)
    for sequence, frames in enumerate(of_subject, start=1)
}
# Sequences of twice the length were filmed at twice the rate.
_FAST = frozenset(key for key, frames in NUM_FRAMES.items() if frames > 10_000)
_SIZE = (2048, 2048)
_GROW = 1.1
# A share of the image's width; joints in another order are off by much more.
_LARGEST_RESIDUAL = 0.02


@dataclass(frozen=True)
class MPIInf3DHPConverter(VideoConverter):
    """Videos ``S{subject}/Seq{sequence}``, a track per camera.

    Frames with a joint outside of the image are left out, so that clips end there. Boxes are those
    around the joints, grown by a tenth. The frame rate is the file's ``fps`` if it has one, else 50
    for the sequences that were filmed so and 25 for others. Intrinsics are fitted to the 2D and 3D
    joints, which also shows whether both belong together. MPI-INF-3DHP has no SMPL bodies; files
    that are generated in its format may have them in ``smpl.npz`` beside ``annot.mat``.

    Args:
        root: Folder that has ``S1/Seq1/annot.mat``.
        subjects: Numbers of subjects.
        cameras: Numbers of cameras.
        image_pattern: Path of an image below ``root``.
        first_frame: Number of the first frame in the names of images.
        fps: Frame rate of all videos instead.
        body_model: SMPL file or folder, only for ``smpl.npz``.
        images: Whether every image must be there.
    """

    root: Path
    subjects: Sequence[int] = SUBJECTS
    cameras: Sequence[int] = CAMERAS
    image_pattern: str = IMAGE_PATTERN
    first_frame: int = 1
    fps: float | None = None
    body_model: str | None = None
    images: bool = True

    title = 'MPI-INF-3DHP'

    def videos(self) -> list[tuple[int, int]]:
        """Subjects and sequences with annotations."""
        found = [key for key in self._wanted() if self._file(*key).is_file()]
        if not found:
            raise FileNotFoundError(
                f'{self.title}: {self.root} has no S{{subject}}/Seq{{sequence}}/annot.mat of '
                f'subjects {list(self.subjects)}. It comes from '
                'https://vcai.mpi-inf.mpg.de/3dhp-dataset'
            )
        return found

    def absent(self) -> Counter[str]:
        """Sequences without annotations."""
        missing = [key for key in self._wanted() if not self._file(*key).is_file()]
        return Counter({'sequences without annot.mat': len(missing)} if missing else {})

    def convert(self, video: tuple[int, int]) -> Converted:
        """All cameras of a sequence."""
        subject, sequence = video
        file = self._file(subject, sequence)
        content = read_mat(file, ('annot2', 'annot3'), ('fps',))
        pixels, joints = (_by_camera(content[key]) for key in ('annot2', 'annot3'))
        bodies = read_bodies(file.with_name('smpl.npz'), self.body_model)
        skipped: Counter[str] = Counter()
        tables = []
        for camera in self.cameras:
            if camera >= min(len(pixels), len(joints)):
                raise ValueError(f'{file} has {len(pixels)} cameras, expected number {camera}')
            fps = self.fps or _fps(content, bodies, subject, sequence)
            table = self._track(
                video, camera, pixels[camera], joints[camera], fps, skipped, f'{file}'
            )
            if table is None:
                continue
            if bodies is not None:
                table = replace(table, **bodies.seen_by(camera, table.frame_idx))
            tables.append(table)
        return Converted(ClipFile.concatenate(tables) if tables else None, skipped)

    def _track(
        self,
        video: tuple[int, int],
        camera: int,
        pixels: Any,
        joints: Any,
        fps: float,
        skipped: Counter[str],
        file: str,
    ) -> ClipFile | None:
        subject, sequence = video
        pixels, joints = (
            _points(values, size, f'{file}: {name} of camera {camera}')
            for values, size, name in ((pixels, 2, 'annot2'), (joints, 3, 'annot3'))
        )
        if len(pixels) != len(joints):
            raise ValueError(
                f'{file}: camera {camera} has {len(pixels)} frames in annot2 and {len(joints)} in '
                'annot3'
            )
        if not len(pixels):
            skipped['cameras without frames'] += 1
            return None
        names = [self._image(subject, sequence, camera, frame) for frame in range(len(pixels))]
        size = first_image_size(self.root / names[0], _SIZE)
        kept = inside_image(pixels, *size) & np.isfinite(joints).all(axis=(1, 2))
        if number := int((~kept).sum()):
            skipped['frames with a joint outside of the image'] += number
        frames = np.flatnonzero(kept)
        if not len(frames):
            return None
        pixels, joints, names = pixels[frames], joints[frames] / 1000, [names[n] for n in frames]
        intrinsics, residual = fit_camera(joints, pixels)
        if residual > _LARGEST_RESIDUAL * size[0]:
            raise ValueError(
                f'{file}: camera {camera}: no camera projects annot3 to annot2, half of the joints '
                f'are off by {residual:.0f} pixels or more; are both in one order?'
            )
        if self.images:
            check_images([str(self.root / name) for name in names], f'{self.title} {file}')
        sure = np.ones(pixels.shape[:2])
        return ClipFile(
            video_id=np.full(len(frames), f'S{subject}_Seq{sequence}_V{camera}'),
            frame_idx=frames.astype(np.int64),
            fps=np.full(len(frames), fps, np.float32),
            image_path=np.array(names),
            bbox_xywh=joint_boxes(pixels, sure > 0, _GROW),
            keypoints2d=with_confidence(pixels, sure),
            keypoints2d_convention=MPI_INF_3DHP28.name,
            keypoints3d=with_confidence(joints, sure),
            keypoints3d_convention=MPI_INF_3DHP28.name,
            camera=np.tile(intrinsics.astype(np.float32), (len(frames), 1, 1)),
        )

    def _wanted(self) -> list[tuple[int, int]]:
        return [(subject, sequence) for subject in self.subjects for sequence in SEQUENCES]

    def _file(self, subject: int, sequence: int) -> Path:
        return Path(self.root) / f'S{subject}' / f'Seq{sequence}' / 'annot.mat'

    def _image(self, subject: int, sequence: int, camera: int, frame: int) -> str:
        return self.image_pattern.format(
            subject=subject, sequence=sequence, camera=camera, frame=frame + self.first_frame
        )


def _by_camera(cell: np.ndarray) -> list[Any]:
    return [np.asarray(values) for values in np.asarray(cell, object).reshape(-1)]


def _points(values: np.ndarray, dimensions: int, what: str) -> np.ndarray:
    expected = MPI_INF_3DHP28.num_keypoints * dimensions
    if values.ndim != 2 or values.shape[1] != expected:
        raise ValueError(f'{what} got shape {values.shape}, expected (frames, {expected})')
    return values.astype(np.float64).reshape(len(values), MPI_INF_3DHP28.num_keypoints, dimensions)


def _fps(
    content: dict[str, Any], bodies: FilmedBodies | None, subject: int, sequence: int
) -> float:
    if 'fps' in content:
        return float(np.asarray(content['fps']).reshape(-1)[0])
    if bodies is not None:
        return bodies.fps
    return 50.0 if (subject, sequence) in _FAST else 25.0
