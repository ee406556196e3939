"""Training data pipeline: ours with a teacher canvas, against MMPose's RTMPose pipeline.

Both read the same COCO-style annotation and the same 640x480 JPEG files, in this process, on one
core. Ours makes 256x256 canvases, MMPose's 192x256 inputs. The peer needs albumentations 1.x::

    python tools/benchmark/bench_data_pipeline.py
    python tools/benchmark/bench_data_pipeline.py --img-dir data/coco/val2017 \
        --ann-file data/coco/annotations/person_keypoints_val2017.json
"""

import argparse
import json
import logging
import tempfile
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import torch
from _harness import compare

import mmpose_ext  # noqa: F401  (cures for current PyTorch, before anything of OpenMMLab)
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS

CODEC = dict(
    type='SimCCLabel',
    input_size=(192, 256),
    sigma=(4.9, 5.66),
    simcc_split_ratio=2.0,
    normalize=False,
    use_dark=False,
)
OURS = [
    dict(type='mmpose_ext.LoadEncodedImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='mmpose_ext.RandomMirror'),
    dict(type='RandomHalfBody'),
    dict(type='mmpose_ext.RandomBoxTransform', scale_factor=[0.6, 1.4], rotate_factor=80),
    dict(type='mmpose_ext.TopdownAffineCanvas', input_size=(192, 256), canvas_size=(256, 256)),
    dict(type='mmpose_ext.RandomHSV'),
    dict(type='mmpose_ext.RandomBlur', method='mean'),
    dict(type='mmpose_ext.RandomBlur', method='median'),
    dict(type='mmpose_ext.CoarseDropout'),
    dict(type='mmpose_ext.GenerateSimCCTarget', encoder=CODEC),
    dict(type='mmpose_ext.PackUnionInputs'),
]
HOLE = dict(max_holes=1, max_height=0.4, max_width=0.4, min_holes=1, min_height=0.2, min_width=0.2)
ALBUMENTATION = dict(
    type='Albumentation',
    transforms=[
        dict(type='Blur', p=0.1),
        dict(type='MedianBlur', p=0.1),
        dict(type='CoarseDropout', p=1.0, **HOLE),
    ],
)
PEER = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomHalfBody'),
    dict(type='RandomBBoxTransform', scale_factor=[0.6, 1.4], rotate_factor=80),
    dict(type='TopdownAffine', input_size=(192, 256)),
    dict(type='YOLOXHSVRandomAug'),
    ALBUMENTATION,
    dict(type='GenerateTarget', encoder=CODEC),
    dict(type='PackPoseInputs'),
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--ann-file', type=Path, help='COCO annotation; made up if omitted')
    parser.add_argument('--img-dir', type=Path, help='folder of its images')
    parser.add_argument('--samples', type=int, default=64, help='samples per timed call')
    parser.add_argument('--repeats', type=int, default=15, help='timed calls of each side')
    args = parser.parse_args()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    warnings.filterwarnings('ignore')
    init_default_scope('mmpose')
    MMLogger.get_instance('benchmark', log_level=logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        if args.ann_file is None:
            args.ann_file, args.img_dir = make_dataset(Path(folder), images=16)
        run(args)


def run(args: argparse.Namespace) -> None:
    """Build both datasets and compare them."""
    source = dict(
        type='CocoDataset', ann_file=str(args.ann_file), data_prefix=dict(img=f'{args.img_dir}/')
    )
    peer_pipeline = PEER
    if find_spec('albumentations') is None:
        print('Without albumentations the peer does without blur and dropout; ours keeps them.')
        peer_pipeline = [transform for transform in PEER if transform is not ALBUMENTATION]
    ours = DATASETS.build(
        dict(
            type='mmpose_ext.UnionDataset',
            skeleton='union21',
            sources=dict(coco=dict(skeleton='coco17', dataset=source)),
            pipeline=OURS,
        )
    )
    peer = DATASETS.build(dict(source, pipeline=peer_pipeline))
    compare(
        'data_pipeline',
        ours=reader(ours, args.samples),
        peer=reader(peer, args.samples),
        target='>= 2 x peer',
        repeats=args.repeats,
        items=args.samples,
    )


def reader(dataset: object, samples: int) -> Callable[[], None]:
    """A function that reads the next few samples."""
    position = 0

    def read() -> None:
        nonlocal position
        for _ in range(samples):
            dataset[position % len(dataset)]
            position += 1

    return read


def make_dataset(folder: Path, images: int) -> tuple[Path, Path]:
    """Write textured 640x480 JPEGs of the size of COCO's, with three persons each."""
    rng = np.random.default_rng(0)
    content = dict(images=[], annotations=[], categories=[dict(id=1, name='person')])
    for number in range(images):
        cv2.imwrite(str(folder / f'{number}.jpg'), texture(rng), [cv2.IMWRITE_JPEG_QUALITY, 92])
        content['images'].append(dict(id=number, file_name=f'{number}.jpg', width=640, height=480))
        for _ in range(3):
            width, height = rng.uniform((60, 120), (200, 400))
            left, top = rng.uniform(0, (640 - width, 480 - height))
            points = rng.uniform((left, top), (left + width, top + height), (17, 2)).round()
            content['annotations'].append(
                dict(
                    id=len(content['annotations']),
                    image_id=number,
                    category_id=1,
                    iscrowd=0,
                    area=width * height / 2,
                    bbox=[left, top, width, height],
                    num_keypoints=17,
                    keypoints=np.column_stack([points, np.full(17, 2)]).ravel().tolist(),
                )
            )
    ann_file = folder / 'annotation.json'
    ann_file.write_text(json.dumps(content))
    size = sum(path.stat().st_size for path in folder.glob('*.jpg')) / images / 1024
    print(f'Made {images} images of {size:.0f} KiB on average (COCO train2017: about 160 KiB).')
    return ann_file, folder


def texture(rng: np.random.Generator) -> np.ndarray:
    """Noise on several scales, as photographs have."""
    layers = [
        cv2.resize(
            rng.normal(0, strength, (480 // step, 640 // step, 3)).astype(np.float32),
            (640, 480),
            interpolation=cv2.INTER_CUBIC,
        )
        for step, strength in ((1, 6), (4, 14), (16, 25), (80, 40))
    ]
    return np.clip(128 + sum(layers), 0, 255).astype(np.uint8)


if __name__ == '__main__':
    main()
