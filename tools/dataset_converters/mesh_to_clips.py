"""Turn the people of single-image mesh datasets into clips of one frame, to train image networks.

Example::

    python tools/dataset_converters/mesh_to_clips.py configs/sefd_baseline.py --img-prefix data \\
        --out data/clips/mesh_mixed_train.npz
"""

import argparse
from pathlib import Path

import mmpose_ext  # noqa: F401

# isort: split
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS

from mmpose_ext.apis.single_frame_clips import single_frame_clips
from mmpose_ext.datasets.datasets.video import write_clip_file


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config whose dataset is taken')
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train')
    parser.add_argument('--img-prefix', default='data', help='folder of all images (%(default)s)')
    parser.add_argument('--out', type=Path, required=True, help='clip file (.npz)')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='config entries to replace: a.b=c'
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    args = parse_args(arguments)
    try:
        config = Config.fromfile(args.config)
        if args.cfg_options:
            config.merge_from_dict(args.cfg_options)
        loader = config.get(f'{args.split}_dataloader')
        if loader is None:
            raise ValueError(f'{args.config}: has no {args.split}_dataloader')
        init_default_scope(config.get('default_scope', 'mmpose'))
        clips = single_frame_clips(DATASETS.build(loader.dataset), args.img_prefix)
        write_clip_file(args.out, clips)
    except (ValueError, OSError) as error:
        raise SystemExit(f'error: {error}') from error
    fits = int((clips.has_smpl > 0).sum())
    print(
        f'{args.out}: {len(clips)} people, {fits} with a SMPL fit; image paths are relative to '
        f'{args.img_prefix}'
    )


if __name__ == '__main__':
    main()
