"""Draw the edge maps of all images of a dataset into PNG files, for ``LoadEdgeMap``.

Every map has the size of its image and shows the edges of everybody in it: of the fitted bodies
(``--source smpl``), or of the people that an instance segmentor finds (``--source masks``).

Examples::

    python tools/dataset_converters/make_edges.py configs/sefd_teacher.py --workers 8
    python tools/dataset_converters/make_edges.py --dataset type=mmpose_ext.CocoMesh \\
        data_root=data/coco ann_file=annotations/person_keypoints_train2017.json \\
        data_prefix.img=train2017 --out data/smpl_edges_coco
    python tools/dataset_converters/make_edges.py configs/sefd_student.py --source masks \\
        --checkpoint mask2former_r50_8xb2-lsj-50e_coco.pth --device cuda

Stop it at any time and run the same command to continue; run it again to check all maps and make
damaged ones anew. On several machines, give each its ``--shard I/N`` (I from 0) of the work on a
shared disk.
"""

import argparse
import os
from pathlib import Path

import cv2
import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import mmpose_ext  # noqa: F401

# isort: split
from mmengine.config import Config, DictAction
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS

from mmpose_ext.apis.edge_drawer import EdgeDrawer
from mmpose_ext.apis.edge_images import EdgeImage
from mmpose_ext.apis.edge_maps import EdgeMapJob, Summary
from mmpose_ext.apis.mask_edge_drawer import MaskEdgeDrawer
from mmpose_ext.apis.sharded_work import parse_shard
from mmpose_ext.apis.smpl_edge_drawer import SMPLEdgeDrawer
from mmpose_ext.datasets.transforms import LoadEncodedImage, RenderSMPLEdge
from mmpose_ext.datasets.transforms.load_edge_map import EDGE_NAMING
from mmpose_ext.rendering import EDGE_MODES, EDGE_VALUES
from mmpose_ext.visualization import contact_sheet, edge_sheet

_OPTIONS = dict(
    smpl=('mode', 'values', 'dilation', 'body_model'),
    masks=(
        *('segmentor', 'checkpoint', 'device'),
        *('score_threshold', 'thickness', 'person_label'),
    ),
)
_PREVIEW_IMAGES = 3
_PREVIEW_TILE = (360, 300)


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', nargs='?', help='config whose dataset is taken')
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='config entries to replace: a.b=c'
    )
    parser.add_argument(
        '--dataset', nargs='+', action=DictAction, help='a dataset instead of a config: type=X a=b'
    )
    parser.add_argument('--source', choices=list(_OPTIONS), default='smpl')
    parser.add_argument('--out', type=Path, help='data/smpl_edges or data/mask_edges')
    parser.add_argument('--img-prefix', default='data', help='folder of all images (%(default)s)')
    parser.add_argument('--naming', default=EDGE_NAMING, help='names of the maps (%(default)s)')
    _add_source_options(parser)
    parser.add_argument(
        '--workers',
        type=int,
        help='processes; 0 works in this one (one per core, on another device one)',
    )
    parser.add_argument('--shard', type=parse_shard, default=(0, 1), metavar='I/N')
    parser.add_argument(
        '--preview',
        type=Path,
        metavar='FILE',
        help='only draw the first images with their maps on one sheet',
    )
    args = parser.parse_args(arguments)
    if (args.config is None) == (args.dataset is None):
        parser.error('expected either a config or --dataset')
    if args.workers is None:
        args.workers = os.cpu_count() if getattr(args, 'device', 'cpu') == 'cpu' else 1
    if args.workers < 0:
        parser.error(f'--workers got {args.workers}, expected at least 0')
    others = {name for options in _OPTIONS.values() for name in options} - {*_OPTIONS[args.source]}
    for name in sorted(others & vars(args).keys()):
        parser.error(f'--{name.replace("_", "-")} is not for --source {args.source}')
    if args.source == 'masks' and 'checkpoint' not in args:
        parser.error("--source masks needs --checkpoint, the weights of the segmentor's config")
    args.out = args.out or Path('data', f'{"mask" if args.source == "masks" else "smpl"}_edges')
    return args


def _add_source_options(parser: argparse.ArgumentParser) -> None:
    # What is not given is not there, so that what the other source would ignore is noticed.
    smpl = parser.add_argument_group('smpl', argument_default=argparse.SUPPRESS)
    smpl.add_argument('--mode', choices=EDGE_MODES, help='default: overlap')
    smpl.add_argument('--values', choices=EDGE_VALUES, help='default: binary')
    smpl.add_argument('--dilation', type=_dilation, help="'paper' (default), 'release' or pixels")
    smpl.add_argument('--body-model', help='file or folder of SMPL files')
    masks = parser.add_argument_group('masks', argument_default=argparse.SUPPRESS)
    masks.add_argument('--segmentor', help="its config; MMDetection's Mask2Former by default")
    masks.add_argument('--checkpoint', help='its weights')
    masks.add_argument('--device', help='cpu (default) or cuda')
    masks.add_argument('--score-threshold', type=float, help='of people, default: 0.5')
    masks.add_argument('--thickness', type=int, help='of the lines in pixels, odd, default: 1')
    masks.add_argument('--person-label', type=int, help='class of people, default: 0 as in COCO')


def build_drawer(args: argparse.Namespace) -> EdgeDrawer:
    """Build what draws the maps.

    Raises:
        OSError: If a file does not exist.
        ValueError: If an option is unknown, or a file does not fit.
    """
    options = {name: getattr(args, name) for name in _OPTIONS[args.source] if name in args}
    if args.source == 'masks':
        return MaskEdgeDrawer(**options)
    return SMPLEdgeDrawer(RenderSMPLEdge('image', **options))


def build_dataset(args: argparse.Namespace) -> BaseDataset:
    """Build the dataset of a command line, without its pipeline where it has one of its own.

    Raises:
        ValueError: If the config has no such data loader.
    """
    if args.dataset is not None:
        init_default_scope('mmpose')
        return DATASETS.build(dict(_nested(args.dataset), pipeline=[]))
    config = Config.fromfile(args.config)
    if args.cfg_options:
        config.merge_from_dict(args.cfg_options)
    init_default_scope(config.get('default_scope', 'mmpose'))
    loader = config.get(f'{args.split}_dataloader')
    if loader is None:
        raise ValueError(f'{args.config}: has no {args.split}_dataloader')
    return DATASETS.build(loader.dataset)


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    args = parse_args(arguments)
    columns = TextColumn('images'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    try:
        drawer = build_drawer(args)
        job = EdgeMapJob(build_dataset(args), args.out, drawer, args.img_prefix, args.naming)
        if args.preview:
            preview(job, args.preview)
            return
        with Progress(*columns) as progress:
            task = progress.add_task('images', total=None)
            summary = job.run(
                args.workers,
                args.shard,
                lambda done, total: progress.update(task, completed=done, total=total),
            )
    except (ValueError, OSError) as error:
        raise SystemExit(f'error: {error}') from error
    except KeyboardInterrupt:
        raise SystemExit('stopped; run the same command to continue') from None
    report(args, summary)


def preview(job: EdgeMapJob, file: Path) -> None:
    """Draw the first images of a job, with their maps, on one sheet.

    Raises:
        ValueError: If an image cannot be read, or OpenCV does not know the sheet's kind of file.
    """
    if not cv2.haveImageWriter(str(file)):
        raise ValueError(f'--preview got {str(file)!r}, expected the name of a PNG or JPEG')
    sheets = [_sheet(job, image) for image in job.images[:_PREVIEW_IMAGES]]
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), contact_sheet(sheets, columns=1))
    print(file)


def _sheet(job: EdgeMapJob, edge_image: EdgeImage) -> np.ndarray:
    image = cv2.imread(edge_image.img_path)
    if image is None:
        raise ValueError(f'image {edge_image.img_path!r} cannot be read')
    drawer = job.drawer
    sample = LoadEncodedImage()(dict(img_path=edge_image.img_path, img=image))
    sample['persons'] = job.persons(edge_image)
    if isinstance(drawer, SMPLEdgeDrawer):
        renderer = drawer.renderer
        people = renderer.people(sample)
        return edge_sheet(image, people, renderer.dilation, renderer.values, tile=_PREVIEW_TILE)
    edges = cv2.cvtColor(np.uint8(255 * drawer.draw(sample)), cv2.COLOR_GRAY2BGR)
    return contact_sheet([image, edges], ['image', 'boundaries of people'], tile=_PREVIEW_TILE)


def report(args: argparse.Namespace, summary: Summary) -> None:
    """Say what was done, and how to use it."""
    print(
        f'{args.out}: made {summary.made} maps, kept {summary.kept}, '
        f'replaced {summary.remade} damaged or missing ones'
    )
    if not summary.complete:
        print('this shard is done; others are not yet')
        return
    naming = '' if args.naming == EDGE_NAMING else f', naming={args.naming!r}'
    print(
        f"complete; use dict(type='mmpose_ext.LoadEdgeMap', edge_prefix={str(args.out)!r}, "
        f'img_prefix={args.img_prefix!r}{naming})'
    )


def _nested(options: dict) -> dict:
    """Options with dotted keys as nested dicts."""
    config = Config()
    config.merge_from_dict(options)
    return config.to_dict()


def _dilation(text: str) -> str | int:
    return int(text) if text.isdigit() else text


if __name__ == '__main__':
    main()
