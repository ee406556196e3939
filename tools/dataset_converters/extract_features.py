"""Compute the image features of all frames of a clip file, for ``VideoMeshDataset``.

Writes ``OUT.npy`` (rows, channels) and, when all of it is there, ``OUT.json``, which says which
frames, weights and crops it belongs to.

Examples::

    python tools/dataset_converters/extract_features.py configs/fewshot/image_hmr_resnet50.py \\
        checkpoints/spin_resnet50.pth data/clips/3dpw_train.npz --data-root data/3DPW/imageFiles \\
        --out data/features/3dpw_train_spin.npy --name spin_resnet50 --device cuda --workers 8

Stop it at any time and run the same command to continue. On several machines, give each its
``--shard I/N`` (I from 0) of the work on a shared disk; on several GPUs of one, also
``--device cuda:I``.
"""

import argparse
import os
import time
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import mmpose_ext  # noqa: F401

# isort: split
from mmengine.config import Config, DictAction

from mmpose_ext.apis.feature_extraction import FeatureJob, Summary
from mmpose_ext.apis.image_features import ImageFeatures
from mmpose_ext.apis.sharded_work import parse_shard
from mmpose_ext.datasets.datasets.video import read_clip_file

_DEFAULTS = dict(input_size=224, crop_scale=1.2)


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='of a model with an image backbone, or of a backbone')
    parser.add_argument('checkpoint', help='its weights')
    parser.add_argument('clip_file', type=Path, help='clip file (.npz)')
    parser.add_argument('--data-root', default='', help='folder of its images')
    parser.add_argument('--out', type=Path, required=True, help='.npy file of features')
    parser.add_argument('--name', help="of the network, for the manifest (the config's)")
    parser.add_argument(
        '--input-size', type=int, help="side of crops in pixels (the config's input_size, or 224)"
    )
    parser.add_argument(
        '--crop-scale', type=float, help="crop side / box side (the config's crop_scale, or 1.2)"
    )
    parser.add_argument('--device', default='cpu', help='cpu (default), cuda or cuda:I')
    parser.add_argument(
        '--workers',
        type=int,
        help='processes; 0 works in this one (one per core, on another device one)',
    )
    parser.add_argument('--shard', type=parse_shard, default=(0, 1), metavar='I/N')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='config entries to replace: a.b=c'
    )
    args = parser.parse_args(arguments)
    if args.workers is None:
        args.workers = os.cpu_count() if args.device == 'cpu' else 1
    if args.workers < 0:
        parser.error(f'--workers got {args.workers}, expected at least 0')
    return args


def build_job(args: argparse.Namespace) -> FeatureJob:
    """Build the job of a command line.

    Raises:
        OSError: If a file does not exist.
        ValueError: If files do not fit, or there are features of other settings.
    """
    config = Config.fromfile(args.config)
    if args.cfg_options:
        config.merge_from_dict(args.cfg_options)
    settings = {
        name: config.get(name, default) if getattr(args, name) is None else getattr(args, name)
        for name, default in _DEFAULTS.items()
    }
    return FeatureJob(
        ImageFeatures(config, args.checkpoint, args.device),
        read_clip_file(args.clip_file),
        args.clip_file,
        args.out,
        args.name or Path(args.config).stem,
        args.data_root,
        backend_args=config.get('backend_args'),
        **settings,
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    args = parse_args(arguments)
    columns = TextColumn('frames'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    start = time.monotonic()
    try:
        job = build_job(args)
        with Progress(*columns) as progress:
            task = progress.add_task('frames', total=None)
            summary = job.run(
                args.workers,
                args.shard,
                lambda done, total: progress.update(task, completed=done, total=total),
            )
    except (ValueError, OSError) as error:
        raise SystemExit(f'error: {error}') from error
    except KeyboardInterrupt:
        raise SystemExit('stopped; run the same command to continue') from None
    report(args, summary, time.monotonic() - start)


def report(args: argparse.Namespace, summary: Summary, seconds: float) -> None:
    """Say what was done, and how to use it."""
    print(
        f'{args.out}: computed the features of {summary.made} frames in {seconds:.0f} s, kept '
        f'those of {summary.kept}'
    )
    if not summary.complete:
        print('this shard is done; others are not yet')
        return
    print(f'complete; use dict(type=..., feature_file={str(args.out)!r})')


if __name__ == '__main__':
    main()
