"""The ``*_db.pt`` files of VIBE (Kocabas et al., CVPR 2020) and of methods that follow it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mmpose_ext.datasets.datasets.video import ClipFile
from mmpose_ext.datasets.datasets.video.joint_order import check_joint_order
from mmpose_ext.skeletons import LSP14, PENN13, PENN14, SPIN49, Skeleton

from .conversion import with_confidence
from .joblib_file import read_joblib
from .stored_features import write_features
from .track_order import frame_numbers, order_rows, texts


class Kind(NamedTuple):
    """What VIBE's files of a dataset have in common.

    Args:
        fps: Frame rate that is written; they have none.
        crop_scale: Scale of the crops that their features were made of. Of 3DPW and its own
            targets VIBE uses 1.2, of the others 1.3.
    """

    fps: float
    crop_scale: float = 1.2


KINDS = {
    '3dpw': Kind(30.0),
    'mpii3d': Kind(25.0, 1.3),
    'pennaction': Kind(30.0, 1.3),
    'amass': Kind(25.0),
}
_CONVENTIONS: dict[int, Skeleton] = {49: SPIN49, 14: LSP14, 13: PENN13}
_NECK = LSP14.index('neck')


def kind_of(file: Path) -> str:
    """The dataset that the name of a file says, such as ``3dpw_test_db.pt``.

    Raises:
        ValueError: If it says none.
    """
    for kind in KINDS:
        if file.name.startswith(kind):
            return kind
    raise ValueError(
        f'{file.name}: the name says no dataset, expected one that starts with {list(KINDS)}'
    )


def convert_vibe_db(
    file: Path,
    out: Path,
    features_out: Path | None = None,
    kind: str | None = None,
    crop_scale: float | None = None,
    backbone: str = 'spin_resnet50',
    image_root: str = '',
    fps: float | None = None,
) -> ClipFile:
    """Make a clip file, and a file of features.

    Joint orders are told by their number and names: 49 are SPIN's, 14 LSP's, 13 PennAction's own.
    PennAction's files have LSP's 14 with an unknown neck, which VIBE reads as 13 others.

    Args:
        file: The file that joblib wrote; it is read without running what it may contain.
        out: Where the features' manifest says that the clip file is.
        features_out: The ``.npy`` file; none if None.
        kind: A name of :data:`KINDS`; by default what the name of the file says.
        crop_scale: Scale of the crops that the features were made of; by default VIBE's.
        backbone: Name of the network that made the features.
        image_root: Start of the paths of images that is cut off.
        fps: Frame rate that is written; by default the dataset's.

    Returns:
        The rows. Bodies are at the origin of the camera's axes, as the files have no translation.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: If it is damaged, or its keypoints are in another order than expected.
    """
    kind = kind_of(file) if kind is None else kind
    if kind not in KINDS:
        raise ValueError(f'kind got {kind!r}, expected one of {list(KINDS)}')
    content = read_joblib(file)
    if not isinstance(content, Mapping):
        raise ValueError(f'{file} holds a {type(content).__name__}, expected a dict of arrays')
    content = {key: value for key, value in content.items() if value is not None}
    tracks = texts(_need(content, 'vid_name', file))
    number = len(tracks)
    for key, value in content.items():
        if len(value) != number:
            raise ValueError(f'{file}: {key!r} has {len(value)} rows, vid_name {number}')
    if 'frame_id' in content:
        frames = frame_numbers(content['frame_id'], str(file))
    elif 'img_name' in content:
        frames = frame_numbers(content['img_name'], str(file))
    else:
        frames = _count_frames(tracks)
    rows = order_rows(tracks, frames, str(file))
    rate = KINDS[kind].fps if fps is None else fps
    columns: dict[str, Any] = dict(
        video_id=tracks[rows],
        frame_idx=frames[rows],
        fps=np.full(number, rate, np.float32),
    )
    if 'img_name' in content:
        names = [name.removeprefix(image_root).lstrip('/') for name in texts(content['img_name'])]
        columns['image_path'] = np.array(names)[rows]
    if 'bbox' in content:
        columns['bbox_xywh'] = _boxes(content['bbox'], file)[rows]
    columns |= _keypoints(content, rows, kind, file) | _bodies(content, rows, file)
    table = ClipFile(**columns)
    table.check(str(file))
    if features_out is not None and 'features' in content:
        scale = KINDS[kind].crop_scale if crop_scale is None else crop_scale
        write_features(features_out, content['features'], rows, table, out, backbone, scale)
    return table


def _keypoints(
    content: Mapping[str, Any], rows: np.ndarray, kind: str, file: Path
) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if 'joints2D' in content:
        points = np.asarray(content['joints2D'])[rows].astype(np.float64)
        skeleton = _skeleton(points, 3, 'joints2D', file)
        if kind == 'pennaction' and skeleton is LSP14:
            if (points[:, _NECK, 2] > 0).any():
                raise ValueError(
                    f'{file}: joints2D has 14 joints of which number {_NECK} is known, expected an '
                    "unknown neck there: PennAction has none, so this is not VIBE's order"
                )
            skeleton = PENN14
        check_joint_order(points, skeleton, str(file))
        columns['keypoints2d'] = with_confidence(points[..., :2], points[..., 2])
        columns['keypoints2d_convention'] = skeleton.name
    if 'joints3D' in content:
        points = np.asarray(content['joints3D'])[rows].astype(np.float64)
        skeleton = _skeleton(points, 3, 'joints3D', file)
        # 3DPW's are regressed from bodies, which are in the file too.
        if skeleton is SPIN49 or 'pose' not in content:
            known = _annotated(points, columns, kind)
            columns['keypoints3d'] = with_confidence(points, known)
            columns['keypoints3d_convention'] = skeleton.name
    return columns


def _annotated(points: np.ndarray, columns: Mapping[str, Any], kind: str) -> np.ndarray:
    """Which 3D joints are known: MPI-INF-3DHP has no more than those with a 2D keypoint."""
    known = np.ones(points.shape[:2])
    pixels = columns.get('keypoints2d')
    if kind == 'mpii3d' and pixels is not None and pixels.shape[1] == points.shape[1]:
        # The others are at zero or, after centring, at minus the root, without a sign of it.
        known *= (pixels[..., 2] > 0).any(axis=0)
    return known


def _bodies(content: Mapping[str, Any], rows: np.ndarray, file: Path) -> dict[str, Any]:
    if 'theta' in content:
        theta = np.asarray(content['theta'])
        if theta.ndim != 2 or theta.shape[1] != 82:
            raise ValueError(f'{file}: theta got shape {theta.shape}, expected (N, 82)')
        pose, betas = theta[:, :72], theta[:, 72:]
    elif 'pose' in content and 'shape' in content:
        pose, betas = np.asarray(content['pose']), np.asarray(content['shape'])
    else:
        return {}
    # MPI-INF-3DHP's test file has zeros instead of bodies.
    known = pose[rows].any(axis=1)
    if not known.any():
        return {}
    return dict(
        smpl_pose=pose[rows].astype(np.float32),
        smpl_betas=betas[rows].astype(np.float32),
        smpl_transl=np.zeros((len(rows), 3), np.float32),
        has_smpl=known.astype(np.float32),
        gender=np.full(len(rows), 'neutral'),
    )


def _skeleton(points: np.ndarray, size: int, key: str, file: Path) -> Skeleton:
    if points.ndim != 3 or points.shape[2] != size or points.shape[1] not in _CONVENTIONS:
        raise ValueError(
            f'{file}: {key} got shape {points.shape}, expected (N, K, {size}) with K one of '
            f'{list(_CONVENTIONS)}'
        )
    return _CONVENTIONS[points.shape[1]]


def _boxes(boxes: Any, file: Path) -> np.ndarray:
    """Centre, width and height as left, top, width, height and score."""
    boxes = np.asarray(boxes, np.float64)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f'{file}: bbox got shape {boxes.shape}, expected (N, 4)')
    corner, ones = boxes[:, :2] - boxes[:, 2:] / 2, np.ones((len(boxes), 1))
    return np.concatenate([corner, boxes[:, 2:], ones], axis=1).astype(np.float32)


def _count_frames(tracks: np.ndarray) -> np.ndarray:
    """Numbers of rows within their tracks."""
    _, code = np.unique(tracks, return_inverse=True)
    code = code.ravel()
    order = np.argsort(code, kind='stable')
    starts = np.concatenate([[0], np.cumsum(np.bincount(code))[:-1]])
    frames = np.empty(len(tracks), np.int64)
    frames[order] = np.arange(len(tracks)) - starts[code[order]]
    return frames


def _need(content: Mapping[str, Any], key: str, file: Path) -> Any:
    if key not in content:
        raise ValueError(f'{file} has no {key!r}, it has {sorted(map(str, content))}')
    return content[key]
