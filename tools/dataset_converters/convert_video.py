"""Convert the annotations of a video dataset to a clip file, at full frame rate.

Examples::

    python tools/dataset_converters/convert_video.py mpi_inf_3dhp data/mpi_inf_3dhp --workers 8
    python tools/dataset_converters/convert_video.py mpi_inf_3dhp_test \\
        data/mpi_inf_3dhp/mpi_inf_3dhp_test_set
    python tools/dataset_converters/convert_video.py 3dpw data/3DPW --split validation
    python tools/dataset_converters/convert_video.py penn_action data/Penn_Action --workers 8
    python tools/dataset_converters/convert_video.py amass data/amass --subsets vibe --workers 8
    python tools/dataset_converters/convert_video.py insta_variety data/vibe_db/insta_train_db.h5
    python tools/dataset_converters/convert_video.py vibe_db data/vibe_db/mpii3d_train_db.pt

Clip files go to ``data/clips``. What is left out is counted and printed. The last two have features
instead of images; they go beside the clip file, for ``feature_file`` of the dataset.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import mmpose_ext  # noqa: F401
from mmpose_ext.apis.video_converters import (
    AMASSConverter,
    MPIInf3DHPConverter,
    MPIInf3DHPTestConverter,
    PennActionConverter,
    PW3DConverter,
    VideoConverter,
    convert_insta_variety,
    convert_vibe_db,
    convert_videos,
)
from mmpose_ext.apis.video_converters.amass import VIBE_SUBSETS
from mmpose_ext.apis.video_converters.mpi_inf_3dhp import CAMERAS, IMAGE_PATTERN, SUBJECTS
from mmpose_ext.apis.video_converters.mpi_inf_3dhp_test import SCORES
from mmpose_ext.apis.video_converters.penn_action import SPLITS as PENN_SPLITS
from mmpose_ext.apis.video_converters.pw3d import SPLITS as PW3D_SPLITS
from mmpose_ext.apis.video_converters.vibe_db import KINDS
from mmpose_ext.datasets.datasets.video import ClipFile, write_clip_file

_CLIPS = Path('data/clips')


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest='dataset', required=True, metavar='DATASET')
    _add_3dhp(commands)
    _add_pw3d(commands)
    _add_penn_action(commands)
    _add_amass(commands)
    _add_stored_features(commands)
    args = parser.parse_args(arguments)
    if args.out is None:
        args.out = _CLIPS / f'{_name(args)}.npz'
    return args


def _add(commands: argparse._SubParsersAction, name: str, root: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=root)
    parser.add_argument('root', type=Path, help=root)
    parser.add_argument('--out', type=Path, help='the clip file (default: in data/clips)')
    return parser


def _add_workers(parser: argparse.ArgumentParser, images: bool = True) -> None:
    parser.add_argument('--workers', type=int, default=0, help='processes; 0 works in this one')
    if images:
        parser.add_argument(
            '--no-images', action='store_true', help='do not look for the images of the frames'
        )


def _add_3dhp(commands: argparse._SubParsersAction) -> None:
    parser = _add(commands, 'mpi_inf_3dhp', 'folder with S1/Seq1/annot.mat')
    parser.add_argument('--subjects', type=int, nargs='+', default=list(SUBJECTS))
    parser.add_argument('--cameras', type=int, nargs='+', default=list(CAMERAS))
    parser.add_argument('--image-pattern', default=IMAGE_PATTERN, help='default: %(default)s')
    parser.add_argument('--first-frame', type=int, default=1, help='number of the first image')
    parser.add_argument('--fps', type=float, help='of all videos, instead of the known ones')
    parser.add_argument('--body-model', help='file or folder of SMPL files, for generated bodies')
    _add_workers(parser)
    parser = _add(commands, 'mpi_inf_3dhp_test', 'folder with TS1/annot_data.mat')
    parser.add_argument('--score', choices=SCORES, default='valid', help='frames that count')
    parser.add_argument('--fps', type=float, default=25.0, help='default: %(default)s')
    _add_workers(parser)


def _add_pw3d(commands: argparse._SubParsersAction) -> None:
    parser = _add(commands, '3dpw', 'folder with sequenceFiles and imageFiles')
    parser.add_argument('--split', choices=PW3D_SPLITS, required=True)
    parser.add_argument('--body-model', help='file or folder of SMPL files')
    parser.add_argument('--min-visible', type=int, default=7, help='limb joints that a frame needs')
    parser.add_argument(
        '--keep-invalid-camera', action='store_true', help='keep frames without a camera pose'
    )
    _add_workers(parser)


def _add_penn_action(commands: argparse._SubParsersAction) -> None:
    parser = _add(commands, 'penn_action', 'folder with frames and labels')
    parser.add_argument('--split', choices=PENN_SPLITS, default='train')
    parser.add_argument('--min-visible', type=int, default=6, help='joints that a frame needs')
    parser.add_argument('--fps', type=float, default=30.0, help='default: %(default)s')
    _add_workers(parser)


def _add_amass(commands: argparse._SubParsersAction) -> None:
    parser = _add(commands, 'amass', 'folder with SUBSET/SUBJECT/*.npz')
    parser.add_argument('--fps', type=float, default=25.0, help='default: %(default)s')
    parser.add_argument('--subsets', nargs='+', help="names, or 'vibe' for VIBE's; default: all")
    _add_workers(parser, images=False)


def _add_stored_features(commands: argparse._SubParsersAction) -> None:
    insta = _add(commands, 'insta_variety', 'insta_train_db.h5')
    insta.add_argument('--crop-scale', type=float, default=1.2, help='default: %(default)s')
    vibe = _add(commands, 'vibe_db', "one of VIBE's *_db.pt")
    vibe.add_argument('--kind', choices=list(KINDS), help="default: the start of the file's name")
    vibe.add_argument('--crop-scale', type=float, help="of the features; default: VIBE's")
    vibe.add_argument('--image-root', default='', help='start of image paths that is cut off')
    for parser in (insta, vibe):
        parser.add_argument('--backbone', default='spin_resnet50', help='default: %(default)s')
        parser.add_argument('--fps', type=float, help='frame rate that is written')
        parser.add_argument(
            '--features-out', type=Path, help='the .npy file; default: beside --out'
        )
        parser.add_argument('--no-features', action='store_true', help='write the clip file only')


def _name(args: argparse.Namespace) -> str:
    """Name of the clip file."""
    names = dict(mpi_inf_3dhp='mpi_inf_3dhp_train', insta_variety='insta_variety_train')
    if args.dataset == 'vibe_db':
        return f'vibe_{args.root.stem.removesuffix("_db")}'
    split = f'_{args.split}' if 'split' in args else ''
    return f'{names.get(args.dataset, args.dataset)}{split}'


def build_converter(args: argparse.Namespace) -> VideoConverter:
    """The converter of a dataset whose videos are files of their own."""
    images = not getattr(args, 'no_images', False)
    if args.dataset == 'mpi_inf_3dhp':
        return MPIInf3DHPConverter(
            args.root,
            tuple(args.subjects),
            tuple(args.cameras),
            args.image_pattern,
            args.first_frame,
            args.fps,
            args.body_model,
            images,
        )
    if args.dataset == 'mpi_inf_3dhp_test':
        return MPIInf3DHPTestConverter(args.root, score=args.score, fps=args.fps, images=images)
    if args.dataset == '3dpw':
        return PW3DConverter(
            args.root,
            args.split,
            args.body_model,
            args.min_visible,
            keep_invalid_camera=args.keep_invalid_camera,
            images=images,
        )
    if args.dataset == 'penn_action':
        return PennActionConverter(args.root, args.split, args.min_visible, args.fps, images)
    subsets = VIBE_SUBSETS if args.subsets == ['vibe'] else args.subsets
    return AMASSConverter(args.root, args.fps, subsets and tuple(subsets))


def convert(args: argparse.Namespace) -> tuple[ClipFile, Counter[str]]:
    """Make the rows of the clip file, and count what was left out."""
    if args.dataset in ('insta_variety', 'vibe_db'):
        options = dict(backbone=args.backbone)
        if not args.no_features:
            options['features_out'] = args.features_out or args.out.with_suffix('.npy')
        for name in ('fps', 'kind', 'crop_scale', 'image_root'):
            if getattr(args, name, None) is not None:
                options[name] = getattr(args, name)
        run = convert_vibe_db if args.dataset == 'vibe_db' else convert_insta_variety
        return run(args.root, args.out, **options), Counter()
    columns = TextColumn(args.dataset), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns) as progress:
        task = progress.add_task('videos', total=None)
        return convert_videos(
            build_converter(args),
            args.workers,
            lambda done, total: progress.update(task, completed=done, total=total),
        )


def main(arguments: list[str] | None = None) -> None:
    """Convert and write."""
    args = parse_args(arguments)
    try:
        table, skipped = convert(args)
        write_clip_file(args.out, table)
    except (ValueError, OSError, ImportError) as error:
        raise SystemExit(f'error: {error}') from error
    except KeyboardInterrupt:
        raise SystemExit('stopped; nothing was written') from None
    tracks = len(np.unique(table.video_id))
    print(f'{args.out}: {len(table)} frames of {tracks} tracks, {sorted(table.columns())}')
    for reason, number in skipped.items():
        print(f'  left out: {number} {reason}')


if __name__ == '__main__':
    main()
