"""Extend a dataset's annotations with the keypoints it lacks, predicted by a trained student.

The output is a COCO-style file with the union's keypoints. Original labels come through untouched;
``keypoint_tiers`` says of each keypoint whether it is labelled (3), derived from labels (2),
predicted (1) or absent (0), ``keypoint_confidences`` how sure the student was.

Example:
    python tools/dataset_converters/extend_annotations.py configs/unified_rtmpose_s.py \\
        work_dirs/unified_rtmpose_s/best.pth --img-dir data/coco/train2017 \\
        --ann-file data/coco/annotations/person_keypoints_train2017.json \\
        --out data/coco/annotations/person_keypoints21_train2017.json --workers 8

Stop it at any time and run the same command to continue. On several machines, give each its
``--shard I/N`` (I from 0) of the work on a shared disk; the last one to finish writes the output.
"""

import argparse
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import mmpose_ext  # noqa: F401
from mmpose_ext.apis.extend_annotations import ExtensionJob, ExtensionSettings, extend_annotations
from mmpose_ext.apis.people_file import SOURCES


def _shard(text: str) -> tuple[int, int]:
    index, _, number = text.partition('/')
    if not (index.isdigit() and number.isdigit() and int(index) < int(number)):
        raise argparse.ArgumentTypeError(f'got {text!r}, expected I/N with 0 <= I < N')
    return int(index), int(number)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', type=Path, help='config of the student')
    parser.add_argument('checkpoint', type=Path, help='its checkpoint')
    parser.add_argument('--ann-file', type=Path, required=True)
    parser.add_argument('--img-dir', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True, help='the json file to write')
    parser.add_argument('--source', choices=SOURCES, default='coco', help='kind of --ann-file')
    parser.add_argument('--skeleton', default='union21', help='skeleton to extend to')
    parser.add_argument(
        '--fill',
        choices=['missing', 'unlabelled'],
        default='missing',
        help='predict keypoints the dataset never labels, or also those a person has no label for',
    )
    parser.add_argument(
        '--no-derive',
        action='store_true',
        help='predict pelvis and thorax instead of taking midpoints',
    )
    parser.add_argument('--threshold', type=float, default=0.3, help='lowest score to keep')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--workers', type=int, default=1)
    parser.add_argument('--shard', type=_shard, default=(0, 1), metavar='I/N')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    settings = ExtensionSettings(
        args.source, args.skeleton, args.fill, not args.no_derive, args.threshold
    )
    job = ExtensionJob(
        args.config, args.checkpoint, args.ann_file, args.img_dir, args.out, settings, args.device
    )
    columns = TextColumn('units'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    try:
        with Progress(*columns) as progress:
            task = progress.add_task('units', total=None)
            complete = extend_annotations(
                job,
                args.workers,
                args.shard,
                lambda done, total: progress.update(task, completed=done, total=total),
            )
    except (ValueError, OSError) as error:
        raise SystemExit(f'error: {error}') from error
    except KeyboardInterrupt:
        raise SystemExit('stopped; run the same command to continue') from None
    print(f'{args.out}: complete' if complete else 'this shard is done; others are not yet')


if __name__ == '__main__':
    main()
