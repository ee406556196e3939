"""People in single images as clips of one frame."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from mmpose_ext.apis.edge_images import single_datasets
from mmpose_ext.datasets.datasets.mesh import BaseMeshDataset
from mmpose_ext.datasets.datasets.video import ClipFile

# Single images have no frame rate; clip files need one.
_FPS = 30.0


def single_frame_clips(dataset: BaseDataset, img_prefix: str) -> ClipFile:
    """Turn the people of mesh datasets into tracks of one frame each.

    An image network such as SPIN's is trained on datasets of single images, whose poses are more
    various than those of a few filmed people. 3D joints are not taken over: those of people with a
    SMPL fit are read off the fit.

    Args:
        dataset: A :class:`BaseMeshDataset`, or datasets of them (``datasets`` or ``dataset``, at
            any depth). Pipelines are not used.
        img_prefix: Folder that all images lie in, which image paths are relative to.

    Returns:
        A row per person, tracks named ``<source>_<number>``.

    Raises:
        ValueError: If a dataset is none of people with bodies, an image lies elsewhere, or two
            datasets have one name.
    """
    rows: dict[str, list[Any]] = {}
    sources: set[str] = set()
    for single in single_datasets(dataset):
        if not isinstance(single, BaseMeshDataset):
            raise ValueError(f'dataset got {type(single).__name__}, expected a BaseMeshDataset')
        if single.source in sources:
            raise ValueError(f'two datasets got the source {single.source!r}, expected different')
        sources.add(single.source)
        for index in range(len(single)):
            sample = single.get_data_info(index)
            row = _row(sample, f'{single.source}_{index:07d}', img_prefix)
            for name, value in row.items():
                rows.setdefault(name, []).append(value)
    return ClipFile(
        **{name: _column(values) for name, values in rows.items()},
        keypoints2d_convention='superset30',
    )


def _row(sample: dict[str, Any], track: str, img_prefix: str) -> dict[str, Any]:
    path = os.path.relpath(sample['img_path'], img_prefix)
    if path.startswith(os.pardir):
        raise ValueError(
            f'image {sample["img_path"]!r} does not lie in img_prefix {img_prefix!r}, expected so'
        )
    left, top, right, bottom = sample['bbox'][0]
    box = left, top, right - left, bottom - top, sample['bbox_score'][0]
    visible = sample['keypoints_visible'][0, :, None]
    smpl = sample['smpl'] or {}
    return dict(
        video_id=track,
        frame_idx=0,
        fps=_FPS,
        image_path=path,
        bbox_xywh=np.array(box, np.float32),
        keypoints2d=np.concatenate([sample['keypoints'][0], visible], axis=1, dtype=np.float32),
        smpl_pose=np.ravel(smpl.get('pose', np.zeros(72))).astype(np.float32),
        smpl_betas=np.asarray(smpl.get('betas', np.zeros(10)), np.float32),
        smpl_transl=np.asarray(smpl.get('transl', np.zeros(3)), np.float32),
        has_smpl=float(sample['smpl_valid']),
        gender=smpl.get('gender', 'neutral'),
        camera=np.asarray(sample['camera'], np.float32),
    )


def _column(values: Sequence[Any]) -> np.ndarray:
    array = np.array(values)
    return array.astype(np.float32) if array.dtype.kind == 'f' else array
