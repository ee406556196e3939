"""Make synthetic data sets in the file formats of the real ones.

Examples::

    python tools/make_synthetic.py pose --out data/synthetic --size small
    python tools/make_synthetic.py pretrain --out data/synthetic_pretrain --seed 1
    python tools/make_synthetic.py mesh --out data/synthetic_mesh --workers 2
    python tools/make_synthetic.py video --out data/synthetic_video --workers 2
    python tools/make_synthetic.py body --out data/body_models/standin

Stopped runs continue when the same command is given again. On a cluster, give every job of an
array its own ``--shard I/N`` (I from 0); the last one to finish writes the annotation files.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from mmpose_ext.body_models import write_standin
from mmpose_ext.synthetic.generate import Generation, Progress
from mmpose_ext.synthetic.mesh_plan import MESH_SIZES, mesh_plan
from mmpose_ext.synthetic.plan import POSE_SIZES, PRETRAIN_SIZES, pose_plan, pretrain_plan
from mmpose_ext.synthetic.video_plan import VIDEO_SIZES, video_plan

KINDS = dict(
    pose=(
        pose_plan,
        POSE_SIZES,
        'data/synthetic',
        'COCO, MPII and Halpe stand-ins for 2D pose estimation',
    ),
    pretrain=(
        pretrain_plan,
        PRETRAIN_SIZES,
        'data/synthetic_pretrain',
        'both image styles with 21 keypoints, disjoint from "pose", to pretrain backbones',
    ),
    mesh=(
        mesh_plan,
        MESH_SIZES,
        'data/synthetic_mesh',
        'Human3.6M, COCO and 3DPW stand-ins with SMPL bodies for mesh recovery',
    ),
    video=(
        video_plan,
        VIDEO_SIZES,
        'data/synthetic_video',
        'MPI-INF-3DHP, 3DPW, PennAction and AMASS stand-ins: videos and motions of SMPL bodies',
    ),
)

_BODY = "the stand-in body and its keypoint regressors as files in SMPL's format"


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest='kind', required=True, metavar='KIND')
    for name, (_, sizes, out, description) in KINDS.items():
        kind = kinds.add_parser(name, help=description, description=description)
        kind.add_argument(
            '--out', type=Path, default=Path(out), help='folder (default: %(default)s)'
        )
        kind.add_argument(
            '--size',
            choices=list(sizes),
            default='small',
            help='number of images (default: %(default)s)',
        )
        kind.add_argument('--seed', type=_count, default=0, help='default: %(default)s')
        kind.add_argument(
            '--workers',
            type=_count,
            default=os.cpu_count(),
            help='processes; 0 works in this one (default: all cores)',
        )
        kind.add_argument(
            '--shard',
            type=_shard,
            default=(0, 1),
            metavar='I/N',
            help='make every N-th image only, from the I-th (from 0)',
        )
        kind.add_argument(
            '--force',
            action='store_true',
            help='make everything again, replacing any data set this command made',
        )
    body = kinds.add_parser('body', help=_BODY, description=_BODY)
    body.add_argument(
        '--out',
        type=Path,
        default=Path('data/body_models/standin'),
        help='folder (default: %(default)s)',
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    args = parse_args(arguments)
    if args.kind == 'body':
        for file in write_standin(args.out):
            print(file)
        return 0
    plan = KINDS[args.kind][0](args.size)
    try:
        if args.force:
            Generation.clear(args.out)
        generation = Generation(plan, args.out, args.seed)
    except ValueError as error:
        advice = '' if args.force else '; give another --out, or --force to replace a data set'
        print(f'error: {error}{advice}', file=sys.stderr)
        return 2
    if generation.is_complete():
        print(f'{args.out}: complete, nothing to do')
        return 0
    start = time.monotonic()
    try:
        last = show(generation.run(args.workers, args.shard), f'{args.kind} {args.size}')
    except KeyboardInterrupt:
        print('\nstopped; run the same command to continue', file=sys.stderr)
        return 130
    seconds = time.monotonic() - start
    rate = f' ({last.made / seconds:.0f} images/s)' if last.made else ''
    print(
        f'{args.out}: made {last.made} images, kept {last.done - last.made}, '
        f'in {seconds:.0f} s{rate}'
    )
    if not generation.is_complete():
        print('annotation files follow when the other shards are done')
    return 0


def show(steps: Iterable[Progress], title: str) -> Progress:
    """Draw a progress bar on a terminal, print lines elsewhere; return the last step."""
    last = Progress(0, 0, 0)
    if not sys.stdout.isatty():
        printed = time.monotonic()
        for last in steps:
            if time.monotonic() - printed > 10:
                printed = time.monotonic()
                print(f'{title}: {last.done}/{last.total} images', flush=True)
        return last
    from rich import progress

    columns = (
        progress.TextColumn('{task.description}'),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns) as bar:
        task = bar.add_task(title, total=None)
        for last in steps:
            bar.update(task, completed=last.done, total=last.total)
    return last


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f'got {text}, expected an integer of at least 0')
    return value


def _shard(text: str) -> tuple[int, int]:
    index, _, count = text.partition('/')
    if not (index.isdigit() and count.isdigit() and int(index) < int(count)):
        raise argparse.ArgumentTypeError(f'got {text!r}, expected I/N with 0 <= I < N')
    return int(index), int(count)


if __name__ == '__main__':
    sys.exit(main())
