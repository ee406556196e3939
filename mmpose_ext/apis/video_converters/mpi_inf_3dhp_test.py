"""MPI-INF-3DHP's test set, from MATLAB files in HDF5."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmpose_ext.datasets.datasets.body.annotation_check import check_images
from mmpose_ext.datasets.datasets.video import ClipFile
from mmpose_ext.hdf5 import import_h5py
from mmpose_ext.skeletons import MPI_INF_3DHP17

from .conversion import (
    Converted,
    VideoConverter,
    first_image_size,
    fit_camera,
    inside_image,
    joint_boxes,
    with_confidence,
)

SEQUENCES = tuple(range(1, 7))
#: Frames that count, by sequence.
NUM_VALID = {1: 603, 2: 540, 3: 505, 4: 553, 5: 276, 6: 452}
IMAGE_PATTERN = 'TS{sequence}/imageSequence/img_{frame:06d}.jpg'
SCORES = ('valid', 'all')
_SIZES = dict.fromkeys((1, 2, 3, 4), (2048, 2048)) | dict.fromkeys((5, 6), (1920, 1080))
_GROW = 1.1
_LARGEST_RESIDUAL = 0.02


@dataclass(frozen=True)
class MPIInf3DHPTestConverter(VideoConverter):
    """Videos ``TS1`` to ``TS6``, a track each.

    All frames whose joints lie in the image become rows, because temporal networks look at them,
    and those that the dataset calls valid in any case. By default only the valid ones are scored,
    as the dataset's own evaluation does; VIBE scores all rows. Joints are ``univ_annot3``, scaled
    to one height as in the published numbers. Intrinsics are fitted where the joints allow it.

    Args:
        root: Folder that has ``TS1/annot_data.mat``.
        sequences: Numbers of sequences.
        score: Which rows count in evaluation, ``'valid'`` or ``'all'``.
        image_pattern: Path of an image below ``root``.
        fps: Frame rate, if the file has no ``fps``.
        images: Whether every image must be there.
    """

    root: Path
    sequences: Sequence[int] = SEQUENCES
    score: str = 'valid'
    image_pattern: str = IMAGE_PATTERN
    fps: float = 25.0
    images: bool = True

    title = 'MPI-INF-3DHP test'

    def __post_init__(self) -> None:
        if self.score not in SCORES:
            raise ValueError(f'score got {self.score!r}, expected one of {SCORES}')

    def videos(self) -> list[int]:
        """Sequences with annotations."""
        found = [number for number in self.sequences if self._file(number).is_file()]
        if not found:
            raise FileNotFoundError(
                f'{self.title}: {self.root} has no TS*/annot_data.mat of {list(self.sequences)}. '
                'It comes from https://vcai.mpi-inf.mpg.de/3dhp-dataset'
            )
        return found

    def absent(self) -> Counter[str]:
        """Sequences without annotations."""
        missing = [number for number in self.sequences if not self._file(number).is_file()]
        return Counter({'sequences without annot_data.mat': len(missing)} if missing else {})

    def convert(self, video: int) -> Converted:
        """One sequence."""
        file = self._file(video)
        content = _read(file)
        pixels, joints = content['annot2'], content['univ_annot3'] / 1000
        valid = content['valid_frame'] > 0
        names = [self.image_pattern.format(sequence=video, frame=f + 1) for f in range(len(pixels))]
        size = first_image_size(self.root / names[0], _SIZES.get(video, _SIZES[1]))
        kept = inside_image(pixels, *size) | valid
        kept &= np.isfinite(pixels).all(axis=(1, 2)) & np.isfinite(joints).all(axis=(1, 2))
        skipped: Counter[str] = Counter()
        if number := int((~kept).sum()):
            skipped['frames with a joint outside of the image'] += number
        frames = np.flatnonzero(kept)
        if not len(frames):
            return Converted(None, skipped)
        pixels, joints, names = pixels[frames], joints[frames], [names[n] for n in frames]
        if self.images:
            check_images([str(self.root / name) for name in names], f'{self.title} {file}')
        intrinsics, residual = fit_camera(joints, pixels)
        camera = None
        if residual <= _LARGEST_RESIDUAL * size[0]:
            camera = np.tile(intrinsics.astype(np.float32), (len(frames), 1, 1))
        else:
            skipped['cameras that do not fit their video'] += 1
        sure = np.ones(pixels.shape[:2])
        scored = valid[frames] if self.score == 'valid' else np.ones(len(frames))
        table = ClipFile(
            video_id=np.full(len(frames), f'TS{video}'),
            frame_idx=frames.astype(np.int64),
            fps=np.full(len(frames), content.get('fps', self.fps), np.float32),
            image_path=np.array(names),
            bbox_xywh=joint_boxes(pixels, sure > 0, _GROW),
            keypoints2d=with_confidence(pixels, sure),
            keypoints2d_convention=MPI_INF_3DHP17.name,
            keypoints3d=with_confidence(joints, sure),
            keypoints3d_convention=MPI_INF_3DHP17.name,
            camera=camera,
            scored=scored.astype(np.float32),
        )
        return Converted(table, skipped)

    def _file(self, sequence: int) -> Path:
        return Path(self.root) / f'TS{sequence}' / 'annot_data.mat'


def _read(file: Path) -> dict[str, np.ndarray]:
    """Arrays of the file, with the axes in the order that HDF5 sees: frames first."""
    h5py = import_h5py()
    joints = MPI_INF_3DHP17.num_keypoints
    shapes = dict(annot2=(joints, 2), univ_annot3=(joints, 3), valid_frame=())
    try:
        with h5py.File(file, 'r') as content:
            arrays = {key: np.asarray(content[key], np.float64) for key in shapes}
            fps = float(np.ravel(content['fps'])[0]) if 'fps' in content else None
    except (OSError, KeyError) as error:
        raise ValueError(f'{file} is not a readable annot_data.mat: {error}') from error
    frames = len(arrays['annot2'])
    for key, shape in shapes.items():
        if arrays[key].size != frames * np.prod(shape, dtype=int):
            raise ValueError(
                f'{file}: {key} got shape {arrays[key].shape} for {frames} frames, expected '
                f'{(frames, 1, *shape)}'
            )
        arrays[key] = arrays[key].reshape(frames, *shape)
    return arrays if fps is None else arrays | dict(fps=np.float64(fps))
