"""Loading clips for training: features from a memory-mapped file, against a loop over frames.

Ours is ``VideoMeshDataset`` with its pipeline: 16 frames of 2048 features in a file on disk, which
the system keeps in memory once it was read, 28 annotated joints mapped to 49 by name, SMPL
parameters. The peer does the same as it is usually written: every array is held in memory, features
too, and a loop maps, crops and normalises frame by frame. Both give tensors, in this process, on
one core::

    python tools/benchmark/bench_clip_loading.py
"""

import argparse
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab
import numpy as np
import torch
from _harness import compare
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

from mmpose_ext.datasets.datasets.video import (
    ClipFile,
    FeatureManifest,
    VideoMeshDataset,
    rows_crc32,
    write_clip_file,
)
from mmpose_ext.skeletons import MPI_INF_3DHP28, SPIN49, spin49_map

PIPELINE = [dict(type='mmpose_ext.CropClip'), dict(type='mmpose_ext.PackVideoMeshInputs')]
CROP_SCALE, BACKBONE = 1.2, 'random'


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--rows', type=int, default=16_000, help='frames in all')
    parser.add_argument('--channels', type=int, default=2048)
    parser.add_argument('--frames', type=int, default=16, help='frames of a clip')
    parser.add_argument('--clips', type=int, default=64, help='clips per timed call')
    parser.add_argument('--repeats', type=int, default=15)
    args = parser.parse_args()
    torch.set_num_threads(1)
    init_default_scope('mmpose')
    MMLogger.get_instance('benchmark', log_level=logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), args)


def run(folder: Path, args: argparse.Namespace) -> None:
    """Make a data set, check that both sides give the same, and compare them."""
    table, features = make_table(args.rows, args.channels)
    write_clip_file(folder / 'clips.npz', table)
    np.save(folder / 'features.npy', features)
    FeatureManifest(
        ann_file='clips.npz',
        ann_crc32=rows_crc32(table.video_id, table.frame_idx),
        rows=args.rows,
        channels=args.channels,
        backbone=BACKBONE,
        checkpoint='none',
        checkpoint_crc32=0,
        crop_scale=CROP_SCALE,
        input_size=224,
    ).write(folder / 'features.npy')
    ours = VideoMeshDataset(
        str(folder / 'clips.npz'),
        feature_file=str(folder / 'features.npy'),
        crop_scale=CROP_SCALE,
        seq_len=args.frames,
        pipeline=PIPELINE,
        body_model='standin',
        # These joints are anywhere.
        check_order=False,
    )
    peer = FrameLoop(table, features, args.frames)
    check(ours[5], peer[5])
    order = np.random.default_rng(1).permutation(len(ours)).tolist()
    compare(
        'clip_loading',
        ours=reader(ours, order, args.clips),
        peer=reader(peer, order, args.clips),
        target='>= 2 x peer',
        repeats=args.repeats,
        items=args.clips,
    )
    print(
        f'features: {features.nbytes / 2**20:.0f} MiB on disk for ours, shared by all workers; '
        'in memory for the peer'
    )


class FrameLoop:
    """Clips from arrays in memory, frame by frame."""

    def __init__(self, table: ClipFile, features: np.ndarray, frames: int) -> None:
        self.table, self.features, self.frames = table, features, frames
        self.rows = spin49_map(MPI_INF_3DHP28).source_indices

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        keypoints, joints, boxes = [], [], []
        rows = range(index * self.frames, (index + 1) * self.frames)
        for row in rows:
            left, top, width, height, _ = self.table.bbox_xywh[row]
            centre, side = (left + width / 2, top + height / 2), CROP_SCALE * max(width, height)
            points = np.zeros((SPIN49.num_keypoints, 3), np.float32)
            places = np.zeros((SPIN49.num_keypoints, 4), np.float32)
            for target, source in enumerate(self.rows):
                if source >= 0:
                    points[target] = self.table.keypoints2d[row, source]
                    places[target] = self.table.keypoints3d[row, source]
            points[:, :2] = 2 * (points[:, :2] - centre) / side
            points[points[:, 2] == 0, :2] = 0
            keypoints.append(points)
            joints.append(places)
            half = side / 2
            boxes.append([centre[0] - half, centre[1] - half, centre[0] + half, centre[1] + half])
        part = slice(rows.start, rows.stop)
        arrays = dict(
            features=self.features[part],
            keypoints=np.stack(keypoints),
            joints=np.stack(joints),
            bboxes=np.array(boxes, np.float32),
            smpl_pose=self.table.smpl_pose[part],
            smpl_betas=self.table.smpl_betas[part],
            smpl_transl=self.table.smpl_transl[part],
            smpl_valid=self.table.has_smpl[part],
        )
        return {name: torch.tensor(array) for name, array in arrays.items()}


def check(ours: dict, peer: dict[str, torch.Tensor]) -> None:
    """Both sides must have done the same work."""
    labels = ours['data_samples'].gt_instances
    for name, array in (
        ('features', ours['inputs']['features']),
        ('keypoints', np.concatenate([labels.keypoints, labels.keypoints_visible[..., None]], -1)),
        ('joints', np.concatenate([labels.joints, labels.joints_visible[..., None]], -1)),
        ('bboxes', labels.bboxes),
        ('smpl_pose', labels.smpl_pose.reshape(len(labels.smpl_pose), -1)),
    ):
        np.testing.assert_allclose(np.asarray(array), peer[name].numpy(), rtol=1e-4, atol=1e-3)


def reader(dataset: VideoMeshDataset | FrameLoop, order: list[int], clips: int) -> Callable:
    """A function that reads the next few clips."""
    position = 0

    def read() -> None:
        nonlocal position
        for _ in range(clips):
            dataset[order[position % len(order)]]
            position += 1

    return read


def make_table(rows: int, channels: int) -> tuple[ClipFile, np.ndarray]:
    """People of plausible size in twenty videos, and random features."""
    random = np.random.default_rng(0)
    tracks = 20
    count = MPI_INF_3DHP28.num_keypoints
    corners = random.uniform(100, 600, (rows, 2))
    sizes = random.uniform(200, 500, (rows, 2))
    points = corners[:, None] + sizes[:, None] * random.uniform(0, 1, (rows, count, 2))
    table = ClipFile(
        video_id=np.array([f'video_{row * tracks // rows:02d}' for row in range(rows)]),
        frame_idx=np.arange(rows) % (rows // tracks),
        fps=np.full(rows, 25, np.float32),
        bbox_xywh=_floats(corners, sizes, np.ones((rows, 1))),
        keypoints2d=_floats(points, np.ones((rows, count, 1))),
        keypoints2d_convention='mpi_inf_3dhp28',
        keypoints3d=_floats(random.normal(0, 0.5, (rows, count, 3)), np.ones((rows, count, 1))),
        keypoints3d_convention='mpi_inf_3dhp28',
        smpl_pose=_floats(random.normal(0, 0.3, (rows, 72))),
        smpl_betas=_floats(random.normal(0, 1, (rows, 10))),
        smpl_transl=_floats(random.normal(0, 1, (rows, 3))),
        has_smpl=np.ones(rows, np.float32),
    )
    return table, random.random((rows, channels), np.float32)


def _floats(*parts: np.ndarray) -> np.ndarray:
    return np.concatenate(parts, axis=-1).astype(np.float32)


if __name__ == '__main__':
    main()
