"""3DPW (von Marcard et al., ECCV 2018) from its sequence files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_ext.body_models import load_body_model
from mmpose_ext.datasets.datasets.body.annotation_check import check_images
from mmpose_ext.datasets.datasets.mesh.plain_npz import read_plain_pickle
from mmpose_ext.datasets.datasets.mesh.smpl_fits import GENDERS, SMPLFits
from mmpose_ext.datasets.datasets.video import ClipFile
from mmpose_ext.skeletons import OPENPOSE18

from .conversion import Converted, VideoConverter, with_confidence
from .pw3d_boxes import smooth_boxes

SPLITS = ('train', 'validation', 'test')
#: Sequences in each split.
NUM_SEQUENCES = dict(train=24, validation=12, test=24)
_CODES = dict(m=GENDERS.index('male'), f=GENDERS.index('female'), n=GENDERS.index('neutral'))
_FPS = 30.0
_LIMBS = OPENPOSE18.indices(
    f'{side}_{joint}'
    for joint in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
    for side in ('left', 'right')
)


@dataclass(frozen=True)
class PW3DConverter(VideoConverter):
    """Sequences of a split, a track per person.

    SMPL bodies are moved to the camera's axes exactly, with the pivot about the root joint, so the
    model of the person's gender is needed. Files are read without running what they may contain.
    Frames in which too few of the 12 limb joints are detected are left out, so that clips end
    there, and so are those whose camera pose did not converge.

    Args:
        root: Folder that has ``sequenceFiles`` and ``imageFiles``.
        split: ``'train'``, ``'validation'`` or ``'test'``.
        body_model: SMPL file or folder, see :func:`mmpose_ext.body_models.load_body_model`.
        min_visible: Fewest limb joints that a frame needs.
        threshold: Confidence above which a joint counts, for that and for boxes.
        keep_invalid_camera: Keep frames whose camera pose did not converge, as VIBE does.
        images: Whether every image must be there.
    """

    root: Path
    split: str = 'test'
    body_model: str | None = None
    min_visible: int = 7
    threshold: float = 0.3
    keep_invalid_camera: bool = False
    images: bool = True

    title = '3DPW'

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise ValueError(f'split got {self.split!r}, expected one of {SPLITS}')

    def videos(self) -> list[Path]:
        """The sequence files."""
        folder = Path(self.root) / 'sequenceFiles' / self.split
        files = sorted(folder.glob('*.pkl'))
        if not files:
            raise FileNotFoundError(
                f'{self.title}: {folder} has no sequence files (*.pkl). They come from '
                'https://virtualhumans.mpi-inf.mpg.de/3DPW'
            )
        return files

    def convert(self, video: Path) -> Converted:
        """All people of a sequence."""
        content = read_plain_pickle(str(video), f'{self.title}: sequence file')
        if not isinstance(content, Mapping):
            raise ValueError(f'{video} holds a {type(content).__name__}, expected a dict')
        skipped: Counter[str] = Counter()
        people = len(_need(content, 'poses', video))
        tables = [self._person(content, number, video, skipped) for number in range(people)]
        tables = [table for table in tables if table is not None]
        return Converted(ClipFile.concatenate(tables) if tables else None, skipped)

    def _person(
        self, content: Mapping[str, Any], person: int, file: Path, skipped: Counter[str]
    ) -> ClipFile | None:
        title = f'{file}: person {person}'
        pose = _array(content, 'poses', person, (None, 72), title)
        frames = len(pose)
        transl = _array(content, 'trans', person, (frames, 3), title)
        poses2d = _array(content, 'poses2d', person, (frames, 3, 18), title).swapaxes(1, 2)
        extrinsics = _array(content, 'cam_poses', None, (frames, 4, 4), title, finite=False)
        intrinsics = _array(content, 'cam_intrinsics', None, (3, 3), title)
        valid = _array(content, 'campose_valid', person, (frames,), title) > 0
        posed = np.isfinite(extrinsics).all(axis=(1, 2))
        points, confidence = poses2d[..., :2], poses2d[..., 2]
        known = confidence > self.threshold
        seen = known[:, _LIMBS].sum(axis=1) >= self.min_visible
        kept = seen & posed & (valid | self.keep_invalid_camera)
        for reason, flags in (
            (f'frames with fewer than {self.min_visible} visible limb joints', ~seen),
            ('frames without a camera pose', seen & ~kept),
        ):
            if flags.any():
                skipped[reason] += int(flags.sum())
        rows = np.flatnonzero(kept)
        if not len(rows):
            return None
        sequence = str(_need(content, 'sequence', file))
        names = [f'{sequence}/image_{row:05d}.jpg' for row in rows]
        if self.images:
            folder = Path(self.root) / 'imageFiles'
            check_images([str(folder / name) for name in names], f'{self.title} {file}')
        code = _gender(content, person, title)
        fits = self._bodies(content, person, pose[rows], transl[rows], code, title)
        fits = fits.to_camera(extrinsics[rows, :3, :3], extrinsics[rows, :3, 3])
        return ClipFile(
            video_id=np.full(len(rows), f'{sequence}_p{person}'),
            frame_idx=rows.astype(np.int64),
            fps=np.full(len(rows), _FPS, np.float32),
            image_path=np.array(names),
            bbox_xywh=smooth_boxes(points, known)[rows],
            keypoints2d=with_confidence(points[rows], confidence[rows]),
            keypoints2d_convention=OPENPOSE18.name,
            smpl_pose=fits.pose.reshape(len(rows), 72),
            smpl_betas=fits.betas,
            smpl_transl=fits.transl,
            has_smpl=np.ones(len(rows), np.float32),
            gender=np.full(len(rows), GENDERS[code]),
            camera=np.tile(intrinsics.astype(np.float32), (len(rows), 1, 1)),
        )

    def _bodies(
        self,
        content: Mapping[str, Any],
        person: int,
        pose: np.ndarray,
        transl: np.ndarray,
        code: int,
        title: str,
    ) -> SMPLFits:
        betas = np.ravel(np.asarray(_need(content, 'betas', title)[person], np.float64))[:10]
        if betas.shape != (10,) or not np.isfinite(betas).all():
            raise ValueError(f'{title}: betas is {betas.tolist()}, expected at least 10 numbers')
        return SMPLFits.build(
            pose.reshape(-1, 24, 3).astype(np.float32),
            np.tile(betas.astype(np.float32), (len(pose), 1)),
            transl.astype(np.float32),
            np.full(len(pose), code, np.uint8),
            lambda gender: load_body_model(self.body_model, gender),
        )


def _need(content: Mapping[str, Any], key: str, title: Any) -> Any:
    if content.get(key) is None:
        raise ValueError(f'{title} has no {key!r}, it has {sorted(map(str, content))}')
    return content[key]


def _array(
    content: Mapping[str, Any],
    key: str,
    person: int | None,
    shape: tuple[int | None, ...],
    title: str,
    finite: bool = True,
) -> np.ndarray:
    value = _need(content, key, title)
    if person is not None:
        if len(value) <= person:
            raise ValueError(f'{title}: {key!r} is of {len(value)} people')
        value = value[person]
    array = np.asarray(value, np.float64)
    if array.ndim != len(shape) or any(s not in (None, n) for s, n in zip(shape, array.shape)):
        expected = tuple('F' if size is None else size for size in shape)
        raise ValueError(f'{title}: {key!r} got shape {array.shape}, expected {expected}')
    bad = ~np.isfinite(array).reshape(len(array), -1).all(axis=1)
    if finite and bad.any():
        raise ValueError(f'{title}: {key!r} of frame {int(np.argmax(bad))} is not finite')
    return array


def _gender(content: Mapping[str, Any], person: int, title: str) -> int:
    gender = _need(content, 'genders', title)[person]
    name = gender.decode() if isinstance(gender, bytes) else str(gender)
    if name[:1] not in _CODES:
        raise ValueError(f"{title}: gender got {gender!r}, expected 'm' or 'f'")
    return _CODES[name[:1]]
