"""The annotation files of video datasets: rows are frames of tracks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_ext.datasets.datasets.mesh.plain_npz import read_plain_npz
from mmpose_ext.datasets.datasets.mesh.smpl_fits import GENDERS
from mmpose_ext.skeletons import Skeleton, get_skeleton

from .human_data_clips import human_data_columns, is_human_data

FEWSHOT_HINT = (
    'Clip files are made by tools/dataset_converters/convert_video.py; to try without licensed '
    'data, run `python tools/make_synthetic.py video`. `python tools/check_data.py fewshot` says '
    'where each file comes from'
)

# Shape of one row; None stands for the number of keypoints, or of channels.
_NUMBERS: dict[str, tuple[int | None, ...]] = dict(
    fps=(),
    bbox_xywh=(5,),
    keypoints2d=(None, 3),
    keypoints3d=(None, 4),
    smpl_pose=(72,),
    smpl_betas=(10,),
    smpl_transl=(3,),
    has_smpl=(),
    camera=(3, 3),
    features=(None,),
    scored=(),
    source_fps=(),
)
_TEXTS = ('video_id', 'image_path', 'gender', 'mask_path')
_CONVENTIONS = ('keypoints2d_convention', 'keypoints3d_convention')


@dataclass(frozen=True)
class ClipFile:
    """Frames of tracks, N rows: track after track, each in the order of time.

    A track is one person in one video. Lengths are in metres in camera axes, positions of the
    image in pixels. Everything but the first three is optional.

    Args:
        video_id: Name of the track, (N,) str.
        frame_idx: Number of the frame in its video, (N,) int64.
        fps: Frames per second of the video, (N,) float32, one number per track.
        image_path: Path below the dataset's image folder, (N,) str.
        bbox_xywh: Tight box, left, top, width, height and score, (N, 5) float32.
        keypoints2d: x, y and confidence, (N, K, 3) float32.
        keypoints2d_convention: Name of their skeleton.
        keypoints3d: x, y, z and confidence, (N, K, 4) float32.
        keypoints3d_convention: Name of their skeleton.
        smpl_pose: Rotation vectors of SMPL's joints, (N, 72) float32.
        smpl_betas: Shape parameters, (N, 10) float32.
        smpl_transl: Translation of the body, (N, 3) float32.
        has_smpl: 1 where the SMPL parameters are meant, (N,) float32.
        gender: Of the SMPL parameters, (N,) str, one per track.
        camera: From camera axes to pixels, (N, 3, 3) float32.
        mask_path: Path below the dataset's mask folder, (N,) str.
        features: Features of the image, (N, C) float32; usually they have a file of their own.
        scored: 1 where a frame counts in evaluation, (N,) float32; all do without.
        source_fps: Frames per second before resampling, (N,) float32.
    """

    video_id: np.ndarray
    frame_idx: np.ndarray
    fps: np.ndarray
    image_path: np.ndarray | None = None
    bbox_xywh: np.ndarray | None = None
    keypoints2d: np.ndarray | None = None
    keypoints2d_convention: str | None = None
    keypoints3d: np.ndarray | None = None
    keypoints3d_convention: str | None = None
    smpl_pose: np.ndarray | None = None
    smpl_betas: np.ndarray | None = None
    smpl_transl: np.ndarray | None = None
    has_smpl: np.ndarray | None = None
    gender: np.ndarray | None = None
    camera: np.ndarray | None = None
    mask_path: np.ndarray | None = None
    features: np.ndarray | None = None
    scored: np.ndarray | None = None
    source_fps: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.video_id)

    def columns(self) -> dict[str, Any]:
        """What there is, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    def skeleton(self, dimensions: int) -> Skeleton:
        """The skeleton of the 2D or 3D keypoints."""
        return get_skeleton(getattr(self, f'keypoints{dimensions}d_convention'))

    def take(self, rows: Any) -> ClipFile:
        """The table of some rows: indices, a mask or a slice."""
        arrays = {k: v[rows] for k, v in self.columns().items() if isinstance(v, np.ndarray)}
        return replace(self, **arrays)

    @classmethod
    def concatenate(cls, parts: Sequence[ClipFile]) -> ClipFile:
        """The rows of several tables, one after the other.

        Raises:
            ValueError: If there is none, or they have different columns or conventions.
        """
        if not parts:
            raise ValueError('got no tables of clips, expected at least one')
        first = parts[0].columns()
        for part in parts[1:]:
            columns = part.columns()
            if columns.keys() != first.keys():
                some = sorted(first.keys() ^ columns.keys())
                raise ValueError(f'tables of clips have different columns: {some} are not in all')
            for name in _CONVENTIONS:
                if columns.get(name) != first.get(name):
                    raise ValueError(f'{name} got {first[name]!r} and {columns[name]!r}')
        return cls(
            **{
                name: np.concatenate([getattr(part, name) for part in parts])
                if isinstance(value, np.ndarray)
                else value
                for name, value in first.items()
            }
        )

    def check(self, title: str) -> None:
        """Check shapes, numbers and order.

        Args:
            title: What table it is, the start of messages.

        Raises:
            ValueError: With the first row that is wrong: it is not finite, a box is empty, a
                skeleton is unknown or has another number of keypoints, a track comes in two
                pieces, its frames are not in the order of time, or it has several frame rates.
        """
        if not len(self):
            raise ValueError(f'{title} has no rows')
        for name, value in self.columns().items():
            if isinstance(value, np.ndarray) and len(value) != len(self):
                raise ValueError(f'{title}: {name!r} has {len(value)} rows for {len(self)}')
        for name, shape in _NUMBERS.items():
            self._check_numbers(name, shape, title)
        for dimensions in (2, 3):
            self._check_skeleton(dimensions, title)
        if self.smpl_pose is not None and (self.smpl_betas is None or self.has_smpl is None):
            raise ValueError(f"{title} has 'smpl_pose' without 'smpl_betas' and 'has_smpl'")
        self._check_tracks(title)

    def row_name(self, row: int) -> str:
        """How messages call a row."""
        return f'row {row} (track {str(self.video_id[row])!r}, frame {int(self.frame_idx[row])})'

    def _check_numbers(self, name: str, shape: tuple[int | None, ...], title: str) -> None:
        values = getattr(self, name)
        if values is None:
            return
        fits = values.ndim == len(shape) + 1 and all(
            size in (None, found) for size, found in zip(shape, values.shape[1:])
        )
        if not fits or values.dtype.kind not in 'fiu':
            expected = ', '.join('K' if size is None else str(size) for size in shape)
            raise ValueError(
                f'{title}: {name!r} got shape {values.shape} of {values.dtype}, '
                f'expected (N{", " if shape else ""}{expected}) numbers'
            )
        # Features may be larger than the memory; their readers check what they take.
        if name == 'features':
            return
        finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
        self._raise_first(~finite, title, name, 'expected finite numbers')
        if name in ('fps', 'source_fps'):
            self._raise_first(values <= 0, title, name, 'expected a positive number')
        if name == 'bbox_xywh':
            self._raise_first((values[:, 2:4] <= 0).any(axis=1), title, name, 'expected a size > 0')

    def _check_skeleton(self, dimensions: int, title: str) -> None:
        name = f'keypoints{dimensions}d'
        values, convention = getattr(self, name), getattr(self, f'{name}_convention')
        if values is None:
            return
        if convention is None:
            raise ValueError(f'{title} has {name!r} without {name + "_convention"!r}')
        try:
            expected = get_skeleton(convention).num_keypoints
        except (KeyError, ValueError) as error:
            raise ValueError(f'{title}: {name}_convention got {convention!r}: {error}') from error
        if values.shape[1] != expected:
            raise ValueError(
                f'{title}: {name!r} has {values.shape[1]} keypoints, expected the {expected} of '
                f'{convention!r}'
            )

    def _check_tracks(self, title: str) -> None:
        if self.video_id.dtype.kind not in 'US':
            raise ValueError(f"{title}: 'video_id' got {self.video_id.dtype}, expected strings")
        if self.frame_idx.dtype.kind not in 'iu':
            raise ValueError(f"{title}: 'frame_idx' got {self.frame_idx.dtype}, expected integers")
        same = self.video_id[1:] == self.video_id[:-1]
        starts = np.flatnonzero(np.concatenate([[True], ~same]))
        _, first, counts = np.unique(self.video_id[starts], return_index=True, return_counts=True)
        if (counts > 1).any():
            track = self.video_id[starts[first[np.argmax(counts > 1)]]]
            raise ValueError(
                f'{title}: the rows of track {str(track)!r} are not one after the other'
            )
        later = np.concatenate([[False], same])
        step = np.diff(self.frame_idx, prepend=self.frame_idx[:1])
        self._raise_first(
            later & (step <= 0), title, 'frame_idx', 'expected more than in the row before'
        )
        if self.gender is not None:
            unknown = ~np.isin(self.gender, GENDERS)
            self._raise_first(unknown, title, 'gender', f'expected one of {GENDERS}')
        for name in ('fps', 'gender'):
            values = getattr(self, name)
            if values is not None:
                other = np.concatenate([[False], values[1:] != values[:-1]])
                self._raise_first(later & other, title, name, 'expected one value per track')

    def _raise_first(self, bad: np.ndarray, title: str, name: str, expected: str) -> None:
        if bad.any():
            row = int(np.argmax(bad))
            value = str(getattr(self, name)[row].tolist())
            value = value if len(value) <= 100 else f'{value[:97]}...'
            raise ValueError(f'{title}: {self.row_name(row)}: {name!r} is {value}, {expected}')


def read_clip_file(path: str | Path, what: str = 'clip file') -> ClipFile:
    """Read and check a clip file, or a file in MMHuman3D's HumanData format.

    HumanData's rows are put in order of track and time; its 190 keypoints become those of
    :data:`SUPERSET30`. Files are read without running what they may contain.

    Args:
        path: A local ``.npz`` file.
        what: What the file is, for messages.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If it is damaged, see also :meth:`ClipFile.check`.
    """
    path = Path(path)
    title = f'{what} {str(path)!r}'
    if not path.is_file():
        raise FileNotFoundError(f'{what} {str(path.absolute())!r} does not exist. {FEWSHOT_HINT}')
    content = read_plain_npz(str(path), what)
    if is_human_data(content):
        content = human_data_columns(content, title)
    missing = [name for name in ('video_id', 'frame_idx', 'fps') if name not in content]
    if missing:
        raise ValueError(f'{title} has no {missing}, it has {sorted(content)}. {FEWSHOT_HINT}')
    known = {field.name for field in fields(ClipFile)}
    table = ClipFile(**{k: _column(k, v) for k, v in content.items() if k in known})
    table.check(title)
    return table


def write_clip_file(path: str | Path, table: ClipFile) -> Path:
    """Check a table and write it; a reader never sees half of it.

    The same table gives the same bytes, and nothing in it needs unpickling.

    Args:
        path: A ``.npz`` file; its folder is made.
        table: The rows.

    Returns:
        ``path``.

    Raises:
        ValueError: If the suffix is another, or the table is wrong, see :meth:`ClipFile.check`.
    """
    path = Path(path)
    if path.suffix != '.npz':
        raise ValueError(f'clip file got the name {path.name!r}, expected .npz')
    table.check(f'clip file {str(path)!r}')
    columns = {name: _column(name, value) for name, value in table.columns().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.tmp-{os.getpid()}')
    try:
        with temporary.open('wb') as file:
            np.savez_compressed(file, **columns)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _column(name: str, value: Any) -> Any:
    """A column in the type that the format says."""
    if name in _CONVENTIONS:
        return str(value)
    array = np.asarray(value)
    if name in _TEXTS:
        if array.dtype.kind == 'S':
            return np.char.decode(array, 'utf-8')
        return array.astype(str)
    if name == 'frame_idx' and array.dtype.kind in 'iu':
        return array.astype(np.int64, copy=False)
    return array.astype(np.float32, copy=False) if array.dtype.kind in 'fiub' else array
