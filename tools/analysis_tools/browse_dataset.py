"""Draw what training sees: samples after augmentation, with the tier of each label.

Example:
    python tools/analysis_tools/browse_dataset.py configs/unified_rtmpose_s.py --out browse --canvas
    python tools/analysis_tools/browse_dataset.py configs/unified_rtmpose_s.py --out browse --raw
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from rich.progress import track

import mmpose_ext  # noqa: F401

# isort: split
from mmengine.config import Config, DictAction
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope
from mmengine.runner import set_random_seed
from mmpose.registry import DATASETS

from mmpose_ext.skeletons import Skeleton
from mmpose_ext.visualization import contact_sheet, draw_keypoints, draw_training_sample

_RAW_TILE = (480, 360)


class Picture(NamedTuple):
    """A drawn sample."""

    name: str
    image: np.ndarray
    caption: str


def browse(dataset: BaseDataset, number: int, raw: bool, canvas: bool, seed: int) -> list[Picture]:
    """Draw samples, the same number of each source.

    Args:
        dataset: The dataset; its pipeline ends in a packing transform unless ``raw``.
        number: Pictures in all.
        raw: Whether the dataset has no pipeline: draw on the original images.
        canvas: Whether to show all of the canvas, or only the student's window.
        seed: Seed of the choice and the augmentation.

    Returns:
        The pictures.
    """
    set_random_seed(seed)
    draw = draw_raw if raw else draw_packed
    pictures = []
    for index in track(_indices(dataset, number, seed), description='drawing'):
        source, image, caption = draw(dataset[index], dataset, canvas)
        pictures.append(Picture(f'{source}_{index:06d}', image, f'{source} #{index} {caption}'))
    return pictures


def draw_packed(
    sample: dict[str, Any], dataset: BaseDataset, canvas: bool
) -> tuple[str, np.ndarray, str]:
    """Draw a sample as the model gets it."""
    data_sample, labels = sample['data_samples'], sample['data_samples'].gt_instance_labels
    visible = data_sample.gt_instances.keypoints_visible
    if 'keypoint_weights' in labels:
        weights = labels.keypoint_weights.numpy()[0]
    else:
        weights = (visible[..., 0] if visible.ndim == 3 else visible)[0]
    # A dataset without tiers labels whatever it has.
    tiers = labels.label_tier.numpy()[0] if 'label_tier' in labels else np.where(weights > 0, 3, 0)
    picture = draw_training_sample(
        np.ascontiguousarray(sample['inputs'].permute(1, 2, 0).numpy()),
        data_sample.gt_instances.transformed_keypoints[0],
        weights,
        tiers,
        Skeleton.from_metainfo(dataset.metainfo),
        data_sample.input_size,
        canvas,
    )
    flipped = ', flipped' if data_sample.get('flip') else ''
    file = Path(data_sample.img_path).name
    return _source(data_sample.metainfo), picture, f'{file}{flipped}'


def draw_raw(
    sample: dict[str, Any], dataset: BaseDataset, canvas: bool
) -> tuple[str, np.ndarray, str]:
    """Draw the annotation on the original image."""
    image = cv2.imread(sample['img_path'])
    if image is None:
        raise ValueError(f'image {sample["img_path"]!r} cannot be read')
    source = _source(sample)
    visible = sample['keypoints_visible']
    bases = {each.name: each.skeleton for each in getattr(dataset, 'datasets', [])}
    picture = draw_keypoints(
        image,
        sample['keypoints'],
        visible[..., 0] if visible.ndim == 3 else visible,
        Skeleton.from_metainfo(dataset.metainfo),
        bases.get(source),
    )
    x1, y1, x2, y2 = (int(round(value)) for value in sample['bbox'][0])
    cv2.rectangle(picture, (x1, y1), (x2, y2), (0, 230, 255), 1)
    return source, picture, Path(sample['img_path']).name


def _source(sample: dict[str, Any]) -> str:
    return sample.get('source') or sample['dataset_name']


def _indices(dataset: BaseDataset, number: int, seed: int) -> list[int]:
    lengths = list(getattr(dataset, 'source_lengths', {'': len(dataset)}).values())
    generator = np.random.default_rng(seed)
    chosen: list[int] = []
    for order, length in enumerate(lengths):
        share = number // len(lengths) + (order < number % len(lengths))
        picked = generator.choice(length, min(share, length), replace=False)
        chosen += sorted((picked + sum(lengths[:order])).tolist())
    return chosen


def build_dataset(config: Config, split: str, raw: bool) -> BaseDataset:
    """Build a config's dataset to browse it.

    Args:
        config: The config.
        split: ``'train'``, ``'val'`` or ``'test'``.
        raw: Whether to leave out the pipeline.

    Returns:
        The dataset.

    Raises:
        ValueError: If the config has no such data loader.
    """
    init_default_scope(config.get('default_scope', 'mmpose'))
    loader = config.get(f'{split}_dataloader')
    if loader is None:
        raise ValueError(f'{config.filename}: has no {split}_dataloader')
    settings = loader.dataset
    if raw:
        settings.pipeline = []
    else:
        settings.pipeline[-1].pack_transformed = True
    # A test set keeps its ground truth in each source's own skeleton; browsing shows it in the
    # model's.
    settings.test_mode = False
    for source in settings.get('sources', {}).values():
        for key in ('bbox_file', 'headbox_file'):
            source.dataset.pop(key, None)
    return DATASETS.build(settings)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config')
    parser.add_argument('--out', type=Path, required=True, help='folder to write to')
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train')
    parser.add_argument('--number', type=int, default=12, help='pictures, over all sources')
    parser.add_argument('--raw', action='store_true', help='draw on the original images')
    parser.add_argument(
        '--canvas', action='store_true', help="show what teachers see around the student's window"
    )
    parser.add_argument('--columns', type=int, default=4)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='config entries to replace: a.b=c'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    config = Config.fromfile(args.config)
    if args.cfg_options:
        config.merge_from_dict(args.cfg_options)
    try:
        dataset = build_dataset(config, args.split, args.raw)
        pictures = browse(dataset, args.number, args.raw, args.canvas, args.seed)
    except (ValueError, OSError) as error:
        raise SystemExit(f'error: {error}') from error
    args.out.mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        cv2.imwrite(str(args.out / f'{picture.name}.png'), picture.image)
    sheet = contact_sheet(
        [picture.image for picture in pictures],
        [picture.caption for picture in pictures],
        args.columns,
        _RAW_TILE if args.raw else None,
    )
    cv2.imwrite(str(args.out / 'sheet.png'), sheet)
    print(f'{len(pictures)} pictures in {args.out}, all of them on {args.out / "sheet.png"}')


if __name__ == '__main__':
    main()
