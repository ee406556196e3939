"""MMHuman3D's HumanData as columns of a clip file."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from mmpose_ext.datasets.datasets.mesh.human_data_mesh import HUMAN_DATA_COLUMNS
from mmpose_ext.skeletons import SUPERSET30

_NUM_KEYPOINTS = 190
_DEFAULT_FPS = 30.0
# Names of older and newer files.
_KEYPOINTS = dict(
    keypoints2d=('keypoints2d', 'keypoints2d_original', 'keypoints2d_smpl'),
    keypoints3d=('keypoints3d', 'keypoints3d_original', 'keypoints3d_smpl'),
)


def is_human_data(content: Mapping[str, Any]) -> bool:
    """Whether a file's content is HumanData rather than a clip file."""
    masks = (f'{name}_mask' for names in _KEYPOINTS.values() for name in names)
    return 'image_path' in content and ('smpl' in content or any(m in content for m in masks))


def human_data_columns(content: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Columns of a clip file, in order of track and time.

    Tracks are ``video_id``, else ``video_path``, else the folders of the images; frames are
    ``frame_idx``, else the numbers at the end of the images' names. Files that say nothing of
    their frame rate get 30.

    Args:
        content: What the file holds.
        title: What file it is, the start of messages.

    Raises:
        ValueError: If a column is missing or has another size, or an image has no number.
    """
    paths = [str(path) for path in content['image_path']]
    number = len(paths)
    columns: dict[str, Any] = dict(
        image_path=np.array(paths),
        video_id=np.array([str(name) for name in _tracks(content, paths)]),
        frame_idx=_frames(content, paths, title),
        fps=np.asarray(content.get('fps', np.full(number, _DEFAULT_FPS)), np.float32),
        bbox_xywh=_rows(content, 'bbox_xywh', number, title)[:, :5],
    )
    for name, names in _KEYPOINTS.items():
        found = next((other for other in names if content.get(other) is not None), None)
        if found:
            columns[name] = _keypoints(content, found, number, title)
            columns[f'{name}_convention'] = SUPERSET30.name
    for name in ('mask_path', 'features', 'scored'):
        if content.get(name) is not None:
            columns[name] = content[name]
    if content.get('smpl') is not None:
        columns |= _smpl(content, number, title)
    for name, values in columns.items():
        if not name.endswith('_convention') and len(values) != number:
            raise ValueError(f'{title}: {name!r} has {len(values)} rows for {number}')
    order = np.lexsort([columns['frame_idx'], columns['video_id']])
    return {
        name: values if name.endswith('_convention') else np.asarray(values)[order]
        for name, values in columns.items()
    }


def _tracks(content: Mapping[str, Any], paths: list[str]) -> Any:
    for key in ('video_id', 'video_path'):
        if content.get(key) is not None:
            return content[key]
    return [str(PurePosixPath(path).parent) for path in paths]


def _frames(content: Mapping[str, Any], paths: list[str], title: str) -> np.ndarray:
    if content.get('frame_idx') is not None:
        return np.asarray(content['frame_idx'], np.int64)
    numbers = [re.search(r'(\d+)\.\w+$', path) for path in paths]
    if None in numbers:
        raise ValueError(
            f"{title} has no 'frame_idx', and image {paths[numbers.index(None)]!r} no number"
        )
    return np.array([int(match[1]) for match in numbers if match])


def _rows(content: Mapping[str, Any], key: str, number: int, title: str) -> np.ndarray:
    if content.get(key) is None:
        raise ValueError(f'{title} has no {key!r}, it has {sorted(content)}')
    values = np.asarray(content[key], np.float32)
    if len(values) != number:
        raise ValueError(f'{title}: {key!r} has {len(values)} rows for {number}')
    return values


def _keypoints(content: Mapping[str, Any], key: str, number: int, title: str) -> np.ndarray:
    """Keypoints of the superset (N, 30, D), confidence last, zero where the file has none."""
    values = _rows(content, key, number, title)
    mask = np.asarray(content.get(f'{key}_mask', ())) > 0
    if mask.shape != (_NUM_KEYPOINTS,) or values.shape[1] not in (_NUM_KEYPOINTS, mask.sum()):
        raise ValueError(
            f'{title}: {key!r} has {values.shape[1]} keypoints with a mask of {int(mask.sum())} of '
            f'{mask.size}, expected a mask of {_NUM_KEYPOINTS}'
        )
    compressed = values.shape[1] != _NUM_KEYPOINTS
    places = np.cumsum(mask) - 1 if compressed else np.arange(_NUM_KEYPOINTS)
    result = np.zeros((number, SUPERSET30.num_keypoints, values.shape[2]), np.float32)
    for k, name in enumerate(SUPERSET30.keypoints):
        column = next((places[c] for c in HUMAN_DATA_COLUMNS[name] if mask[c]), None)
        if column is not None:
            result[:, k] = values[:, column]
    return result


def _smpl(content: Mapping[str, Any], number: int, title: str) -> dict[str, np.ndarray]:
    smpl = content['smpl']

    def values(key: str, size: int) -> np.ndarray:
        array = np.asarray(smpl.get(key, ()), np.float32)
        if array.size != number * size:
            raise ValueError(f"{title}: 'smpl' {key!r} has shape {array.shape} for {number} rows")
        return array.reshape(number, size)

    transl = values('transl', 3) if 'transl' in smpl else np.zeros((number, 3), np.float32)
    valid = content.get('has_smpl')
    columns = dict(
        smpl_pose=np.concatenate([values('global_orient', 3), values('body_pose', 69)], axis=1),
        smpl_betas=values('betas', 10),
        smpl_transl=transl,
        has_smpl=np.ones(number, np.float32) if valid is None else np.asarray(valid, np.float32),
    )
    genders = (content.get('meta') or {}).get('gender')
    if genders is not None:
        long = dict(m='male', f='female', n='neutral')
        columns['gender'] = np.array([long.get(str(g), str(g)) for g in genders])
    return columns
