"""Batches from a worker to the main process: packed, against PyTorch's way of sending tensors.

One worker of each side copies an RTMPose sample again and again, and has the next batch ready when
it is asked for: what is timed is the main process, which receives it::

    python tools/benchmark/bench_batch_transport.py
"""

import argparse
import copy
import warnings
from collections.abc import Callable
from typing import Any

import torch
from _harness import compare
from torch.utils.data import DataLoader, Dataset

import mmpose_ext  # noqa: F401  (cures for current PyTorch, before anything of OpenMMLab)
from mmengine.dataset import pseudo_collate
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmpose_ext.datasets import packed_collate


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--batch-size', type=int, default=128, help='people per batch')
    parser.add_argument('--repeats', type=int, default=30, help='timed batches of each side')
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings('ignore')
    count = (args.repeats + 10) * args.batch_size
    compare(
        'batch_transport',
        ours=reader(count, args.batch_size, packed_collate),
        peer=reader(count, args.batch_size, pseudo_collate),
        target='>= 2 x peer',
        repeats=args.repeats,
        items=args.batch_size,
    )


def reader(count: int, batch_size: int, collate: Callable) -> Callable[[], Any]:
    """A function that receives the next batch."""
    stream = iter(
        DataLoader(
            Repeated(pose_sample(), count),
            batch_size=batch_size,
            num_workers=1,
            prefetch_factor=1,
            collate_fn=collate,
        )
    )
    return lambda: next(stream)


class Repeated(Dataset):
    """A new copy of one sample each time."""

    def __init__(self, sample: dict, count: int) -> None:
        self._sample = sample
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> dict:
        return copy.deepcopy(self._sample)


def pose_sample() -> dict:
    """An image of 192x256 and SimCC labels of 21 keypoints, as RTMPose is trained on."""
    sample = PoseDataSample(
        metainfo=dict(
            img_id=1,
            img_path='data/coco/train2017/000000000001.jpg',
            ori_shape=(480, 640),
            img_shape=(256, 192),
            input_size=(192, 256),
            flip_indices=list(range(21)),
        )
    )
    sample.gt_instances = InstanceData(
        bboxes=torch.rand(1, 4).numpy(),
        bbox_scores=torch.rand(1).numpy(),
        keypoints=torch.rand(1, 21, 2).numpy(),
        keypoints_visible=torch.rand(1, 21).numpy(),
    )
    sample.gt_instance_labels = InstanceData(
        keypoint_x_labels=torch.rand(1, 21, 384),
        keypoint_y_labels=torch.rand(1, 21, 512),
        keypoint_weights=torch.rand(1, 21),
    )
    return dict(inputs=torch.randint(0, 256, (3, 256, 192), dtype=torch.uint8), data_samples=sample)


if __name__ == '__main__':
    main()
