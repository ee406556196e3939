"""Cut the labelled people of a COCO-style dataset out of its images.

A long training of a top-down network at a small input spends most of its data time on decoding
whole images, again in every epoch. Here that is done once: every person becomes a small image with
enough around for MMPose's augmentations, and an annotation file in the same format describes them.

Example::

    python tools/dataset_converters/crop_people.py \\
        --ann-file data/coco/annotations/person_keypoints_train2017.json \\
        --img-dir data/coco/train2017 --out data/coco_crops --box-height 256 --workers 8

Stop it at any time and run the same command to continue. On several machines, give each its
``--shard I/N`` (I from 0) of the work on a shared disk.
"""

import argparse
import os
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import mmpose_ext  # noqa: F401
from mmpose_ext.apis.crop_people import CropJob, CropSettings
from mmpose_ext.apis.sharded_work import parse_shard


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    defaults = CropSettings()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--ann-file', type=Path, required=True)
    parser.add_argument('--img-dir', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True, help='folder of the crops')
    parser.add_argument(
        '--box-height',
        type=int,
        default=defaults.box_height,
        help='pixels of a person; about 1.07 times the height of the input shows all of its detail '
        'even where augmentation enlarges by a third (%(default)s)',
    )
    parser.add_argument(
        '--region',
        type=float,
        default=defaults.region,
        help='side of a crop in heights of the box, for augmentation (%(default)s)',
    )
    parser.add_argument(
        '--aspect',
        type=float,
        default=defaults.aspect,
        help='width by height of the input (%(default)s)',
    )
    parser.add_argument(
        '--quality', type=int, default=defaults.quality, help='of the JPEGs (%(default)s)'
    )
    parser.add_argument(
        '--workers', type=int, default=os.cpu_count(), help='processes; 0 works in this one'
    )
    parser.add_argument('--shard', type=parse_shard, default=(0, 1), metavar='I/N')
    return parser.parse_args(arguments)


def main() -> None:
    args = parse_args()
    try:
        settings = CropSettings(args.box_height, args.region, args.aspect, args.quality)
        job = CropJob(args.ann_file, args.img_dir, args.out, settings)
        columns = TextColumn('people'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        with Progress(*columns) as progress:
            bar = progress.add_task('people', total=None)
            summary = job.run(
                args.workers,
                args.shard,
                lambda done, total: progress.update(bar, completed=done, total=total),
            )
    except (OSError, ValueError) as error:
        raise SystemExit(f'Error: {error}') from error
    except KeyboardInterrupt:
        raise SystemExit('\nStopped. The same command continues.') from None
    print(f'{summary.made} made, {summary.remade} made anew, {summary.kept} found.')
    if summary.complete:
        print(f'All people are in {args.out}.')
    else:
        print('Other shards are not finished.')


if __name__ == '__main__':
    main()
