"""PennAction (Zhang et al., ICCV 2013) from its label files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmpose_ext.datasets.datasets.body.annotation_check import check_images
from mmpose_ext.datasets.datasets.video import ClipFile
from mmpose_ext.datasets.datasets.video.joint_order import check_joint_order
from mmpose_ext.skeletons import PENN13

from .conversion import Converted, VideoConverter, joint_boxes, read_mat, with_confidence

SPLITS = ('train', 'test', 'all')
#: Videos in the dataset.
NUM_VIDEOS = 2326
_TRAIN = 1
_FPS = 30.0
_GROW = 1.1


@dataclass(frozen=True)
class PennActionConverter(VideoConverter):
    """Videos ``frames/0001`` with ``labels/0001.mat``, a track each.

    Visibility becomes the confidence. Boxes are those around the visible joints, grown by a tenth.
    Frames with too few of them are left out, so that clips end there. The files say nothing of
    frame rates.

    Args:
        root: Folder that has ``frames`` and ``labels``.
        split: ``'train'``, ``'test'`` or ``'all'``.
        min_visible: Fewest visible joints that a frame needs.
        fps: Frame rate that is written.
        images: Whether every image must be there.
    """

    root: Path
    split: str = 'train'
    min_visible: int = 6
    fps: float = _FPS
    images: bool = True

    title = 'PennAction'

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise ValueError(f'split got {self.split!r}, expected one of {SPLITS}')
        if self.min_visible < 2:
            raise ValueError(f'min_visible got {self.min_visible!r}, expected at least 2')

    def videos(self) -> list[Path]:
        """The label files."""
        files = sorted((Path(self.root) / 'labels').glob('*.mat'))
        if not files:
            raise FileNotFoundError(
                f'{self.title}: {self.root} has no labels/*.mat. They come from '
                'https://dreamdragon.github.io/PennAction'
            )
        return files

    def convert(self, video: Path) -> Converted:
        """One video."""
        keys = ('x', 'y', 'visibility', 'train')
        content = read_mat(video, keys)
        x, y, visible = (np.asarray(content[key], np.float64) for key in keys[:3])
        train = np.ravel(content['train']).tolist() == [_TRAIN]
        skipped: Counter[str] = Counter()
        if self.split != 'all' and train != (self.split == 'train'):
            skipped['videos of the other split'] += 1
            return Converted(None, skipped)
        for key, values in zip(keys, (x, y, visible)):
            self._check(values, key, len(x), video)
        points, visible = np.stack([x, y], axis=-1), (visible > 0).astype(np.float64)
        kept = visible.sum(axis=1) >= self.min_visible
        if number := int((~kept).sum()):
            skipped[f'frames with fewer than {self.min_visible} visible joints'] += number
        rows = np.flatnonzero(kept)
        if not len(rows):
            return Converted(None, skipped)
        names = [f'{video.stem}/{row + 1:06d}.jpg' for row in rows]
        if self.images:
            folder = Path(self.root) / 'frames'
            check_images([str(folder / name) for name in names], f'{self.title} {video}')
        points, visible = points[rows], visible[rows]
        table = ClipFile(
            video_id=np.full(len(rows), video.stem),
            frame_idx=rows.astype(np.int64),
            fps=np.full(len(rows), self.fps, np.float32),
            image_path=np.array(names),
            bbox_xywh=joint_boxes(points, visible > 0, _GROW),
            keypoints2d=with_confidence(points, visible),
            keypoints2d_convention=PENN13.name,
        )
        return Converted(table, skipped)

    def check(self, table: ClipFile) -> None:
        """Refuse joints in another order, as that of VIBE's files."""
        check_joint_order(table.keypoints2d, PENN13, f'{self.title} {self.root}')

    def _check(self, values: np.ndarray, key: str, frames: int, video: Path) -> None:
        joints = PENN13.num_keypoints
        if values.shape != (frames, joints):
            hint = ''
            if values.ndim == 2 and values.shape[1] == joints + 1:
                hint = '; 14 are the order that VIBE writes, which the vibe_db converter reads'
            raise ValueError(
                f'{video}: {key!r} got shape {values.shape}, expected ({frames}, {joints}){hint}'
            )
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            raise ValueError(f'{video}: {key!r} of frame {int(np.argmax(bad)) + 1} is not finite')
