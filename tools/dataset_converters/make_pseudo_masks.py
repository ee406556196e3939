"""Make foreground masks of the people in a clip file, whom nobody segmented.

A pixel is foreground where all instance segmentors agree, or where the annotated keypoints draw the
body: (Mask R-CNN and Cascade Mask R-CNN) or capsules, cut at 0.2. ``--detectors none`` takes the
keypoints alone and needs no weights; ``--detectors smpl`` draws the silhouettes of annotated SMPL
bodies, to check the others against.

Examples::

    python tools/dataset_converters/make_pseudo_masks.py data/clips/mpi_inf_3dhp_train.npz \\
        --img-prefix data/mpi_inf_3dhp --out data/masks/mpi_inf_3dhp_train --every 10 \\
        --checkpoints mask_rcnn_r50_fpn_1x_coco.pth cascade_mask_rcnn_r50_fpn_1x_coco.pth
    python tools/dataset_converters/make_pseudo_masks.py \\
        data/synthetic_video/clips/mpi_inf_3dhp_train.npz --detectors none \\
        --img-prefix data/synthetic_video/mpi_inf_3dhp \\
        --out data/synthetic_video/masks/mpi_inf_3dhp_train --workers 2

Stop it at any time and run the same command to continue; run it again to check all masks and make
damaged ones anew. On several machines, give each its ``--shard I/N`` (I from 0) of the work on a
shared disk. The run that completes the masks writes a copy of the clip file that names them.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import mmpose_ext  # noqa: F401

# isort: split
from mmpose_ext.apis.mmdet_mask_adapter import DEFAULT_DETECTORS
from mmpose_ext.apis.pseudo_mask_drawers import MaskDrawer, PseudoMaskDrawer, SilhouetteDrawer
from mmpose_ext.apis.pseudo_mask_job import FORMATS, PseudoMaskJob
from mmpose_ext.apis.pseudo_masks import CONJUNCTIONS, UNIONS
from mmpose_ext.apis.sharded_files import Summary
from mmpose_ext.apis.sharded_work import parse_shard
from mmpose_ext.datasets.datasets.video.clip_file import (
    ClipFile,
    read_clip_file,
    write_clip_file,
)
from mmpose_ext.visualization import contact_sheet

_PREVIEW_FRAMES = 12
_OVERLAY = np.array([0, 140, 255], np.float32)


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('clips', type=Path, help='clip file')
    parser.add_argument('--img-prefix', type=Path, default=Path(), help='folder of its images')
    parser.add_argument('--out', type=Path, required=True, help='folder of the masks')
    parser.add_argument(
        '--clips-out',
        type=Path,
        help='clip file that names the masks (CLIPS with _masks before its suffix)',
    )
    parser.add_argument('--in-place', action='store_true', help='write them into CLIPS itself')
    parser.add_argument(
        '--detectors',
        nargs='+',
        default=list(DEFAULT_DETECTORS),
        metavar='CONFIG',
        help="configs of segmentors, 'none' or 'smpl' (%(default)s)",
    )
    parser.add_argument('--checkpoints', nargs='+', default=[], help='their weights')
    parser.add_argument('--device', default='cpu', help='cpu (default) or cuda')
    parser.add_argument('--conjunction', choices=list(CONJUNCTIONS), default='min')
    parser.add_argument('--union', choices=list(UNIONS), default='max')
    parser.add_argument('--threshold', type=float, default=0.2, help='of certainty (%(default)s)')
    parser.add_argument('--score-threshold', type=float, default=0.3, help='of instances')
    parser.add_argument('--person-label', type=int, default=0, help='0 as in COCO')
    parser.add_argument('--body-model', help='SMPL file or folder, for --detectors smpl')
    parser.add_argument('--format', choices=FORMATS, default='png')
    parser.add_argument('--every', type=int, default=1, help='take every n-th frame of a track')
    parser.add_argument('--workers', type=int, help='processes; 0 works in this one')
    parser.add_argument('--shard', type=parse_shard, default=(0, 1), metavar='I/N')
    parser.add_argument(
        '--preview', type=Path, metavar='FILE', help='only draw some frames with their masks'
    )
    args = parser.parse_args(arguments)
    if args.workers is None:
        args.workers = os.cpu_count() if args.device == 'cpu' else 1
    if args.workers < 0:
        parser.error(f'--workers got {args.workers}, expected at least 0')
    if args.in_place and args.clips_out:
        parser.error('expected either --in-place or --clips-out')
    args.without_networks = args.detectors[0] in ('none', 'smpl') and len(args.detectors) == 1
    expected = 0 if args.without_networks else len(args.detectors)
    if len(args.checkpoints) != expected:
        parser.error(f'--checkpoints got {len(args.checkpoints)}, expected {expected}')
    if args.in_place:
        args.clips_out = args.clips
    args.clips_out = args.clips_out or args.clips.with_name(f'{args.clips.stem}_masks.npz')
    return args


def build_drawer(args: argparse.Namespace, table: ClipFile) -> MaskDrawer:
    """Build what draws the masks.

    Raises:
        OSError: If a file does not exist.
        ValueError: If a file does not fit, or the clips have no keypoints.
    """
    if args.detectors == ['smpl']:
        return SilhouetteDrawer(args.body_model)
    if table.keypoints2d_convention is None:
        raise ValueError(f'{args.clips} has no keypoints2d')
    pairs = [] if args.without_networks else list(zip(args.detectors, args.checkpoints))
    return PseudoMaskDrawer(
        table.keypoints2d_convention,
        pairs,
        args.device,
        conjunction=args.conjunction,
        union=args.union,
        threshold=args.threshold,
        score_threshold=args.score_threshold,
        person_label=args.person_label,
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    args = parse_args(arguments)
    columns = TextColumn('files'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    try:
        table = read_clip_file(args.clips)
        job = PseudoMaskJob(
            table,
            args.out,
            build_drawer(args, table),
            args.img_prefix,
            args.format,
            args.every,
            args.threshold,
        )
        if args.preview:
            preview(job, args.preview)
            return
        with Progress(*columns) as progress:
            task = progress.add_task('files', total=None)
            summary = job.run(
                args.workers,
                args.shard,
                lambda done, total: progress.update(task, completed=done, total=total),
            )
        report(args, job, summary)
    except (ValueError, OSError) as error:
        raise SystemExit(f'error: {error}') from error
    except KeyboardInterrupt:
        raise SystemExit('stopped; run the same command to continue') from None


def preview(job: PseudoMaskJob, file: Path) -> None:
    """Draw frames from all over a job, with their masks, on one sheet.

    Raises:
        ValueError: If an image cannot be read, or OpenCV does not know the sheet's kind of file.
    """
    if not cv2.haveImageWriter(str(file)):
        raise ValueError(f'--preview got {str(file)!r}, expected the name of a PNG or JPEG')
    chosen = np.linspace(0, len(job.items) - 1, min(_PREVIEW_FRAMES, len(job.items))).astype(int)
    frames = [job.frames(job.items[index])[0] for index in chosen]
    pictures = [_overlay(frame.img_path, job.drawer.draw(frame)) for frame in frames]
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), contact_sheet(pictures, columns=4))
    print(file)


def _overlay(img_path: str, mask: np.ndarray) -> np.ndarray:
    image = cv2.imread(img_path)
    if image is None:
        raise ValueError(f'image {img_path!r} cannot be read')
    share = 0.6 * mask[..., None]
    return np.uint8(np.rint(image * (1 - share) + _OVERLAY * share))


def report(args: argparse.Namespace, job: PseudoMaskJob, summary: Summary) -> None:
    """Say what was done, and name the masks in a clip file once all are there."""
    print(
        f'{args.out}: made {summary.made} files, kept {summary.kept}, '
        f'replaced {summary.remade} damaged or missing ones'
    )
    for reason, count in job.skipped.items():
        print(f'no masks of {count} {reason}')
    if empty := job.empty_masks():
        print(f'{empty} masks are empty')
    if not summary.complete:
        print('this shard is done; others are not yet')
        return
    write_clip_file(args.clips_out, replace(job.table, mask_path=job.mask_paths()))
    print(f'complete; {args.clips_out} names the masks below {args.out}')


if __name__ == '__main__':
    main()
