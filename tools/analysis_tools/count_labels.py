"""Count the labels of each keypoint in annotation files.

Example:
    python tools/analysis_tools/count_labels.py
    coco=data/coco/annotations/person_keypoints_val2017.json \\
        halpe=data/halpe/annotations/halpe_val_v1.json --json counts.json
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import mmpose_ext  # noqa: F401
from mmpose_ext.skeletons import KeypointMap, get_skeleton

_SKELETONS = {16: 'mpii16', 17: 'coco17', 21: 'union21', 26: 'halpe26', 136: 'halpe136'}


@dataclass(frozen=True)
class LabelCounts:
    """Labels in one annotation file.

    Args:
        source: Name of the file in the table.
        file: Its path.
        people: Number of annotated people.
        labelled: How often each keypoint has a label.
        visible: How often it is labelled and marked as visible.
    """

    source: str
    file: str
    people: int
    labelled: dict[str, int]
    visible: dict[str, int]


def count_labels(
    file: Path, file_format: str = 'auto', source: str | None = None, skeleton: str | None = None
) -> LabelCounts:
    """Count the labels in one file.

    Args:
        file: A json file in COCO's or MPII's (MMPose's) format.
        file_format: ``'coco'``, ``'mpii'``, ``'halpe'`` or ``'auto'``.
        source: Name of the file in the table; its stem by default.
        skeleton: Count this skeleton's keypoints instead of the file's own, midpoints included.

    Returns:
        The counts.

    Raises:
        ValueError: If the file is not what ``file_format`` says, or an entry has another number of
            keypoints.
    """
    content = json.loads(file.read_text())
    is_mpii = isinstance(content, list) and bool(content) and 'joints' in content[0]
    is_coco = isinstance(content, dict) and 'annotations' in content
    expected = {'mpii': is_mpii, 'coco': is_coco, 'halpe': is_coco, 'auto': is_mpii or is_coco}
    if not expected[file_format]:
        raise ValueError(
            f'{file}: not in the format {file_format!r}, expected a dict with "annotations" '
            '(coco, halpe) or a list of people with "joints" (mpii)'
        )
    names, visibility = (
        _read_mpii(file, content) if is_mpii else _read_coco(file, content, file_format)
    )
    if skeleton is not None:
        own = get_skeleton(_library_name(file, len(names)))
        to_view = KeypointMap.between(own, get_skeleton(skeleton), derive=True)
        names, visibility = list(to_view.target.keypoints), to_view.apply_scores(visibility)
    # MPII says only whether a joint is there.
    visible = visibility >= (1 if is_mpii else 2)
    return LabelCounts(
        source=source or file.stem,
        file=str(file),
        people=len(visibility),
        labelled=dict(zip(names, (visibility > 0).sum(axis=0).tolist(), strict=True)),
        visible=dict(zip(names, visible.sum(axis=0).tolist(), strict=True)),
    )


def _read_mpii(file: Path, people: list[dict]) -> tuple[list[str], np.ndarray]:
    skeleton = get_skeleton('mpii16')
    rows = [person['joints_vis'] for person in people]
    return _stack(file, list(skeleton.keypoints), rows)


def _read_coco(file: Path, content: dict, file_format: str) -> tuple[list[str], np.ndarray]:
    annotations = [each for each in content['annotations'] if each.get('keypoints')]
    if not annotations:
        raise ValueError(f'{file}: got no annotation with "keypoints", expected at least 1')
    number = 136 if file_format == 'halpe' else len(annotations[0]['keypoints']) // 3
    names = (content.get('categories') or [{}])[0].get('keypoints') or []
    if len(names) != number:
        names = list(get_skeleton(_library_name(file, number)).keypoints)
    return _stack(file, names, [each['keypoints'][2::3] for each in annotations])


def _library_name(file: Path, number: int) -> str:
    if number not in _SKELETONS:
        raise ValueError(
            f'{file}: got {number} keypoints per person, which no known skeleton has, '
            f'expected one of {sorted(_SKELETONS)}'
        )
    return _SKELETONS[number]


def _stack(file: Path, names: list[str], rows: list[list[float]]) -> tuple[list[str], np.ndarray]:
    for entry, row in enumerate(rows):
        if len(row) != len(names):
            raise ValueError(
                f'{file}: person {entry} got {len(row)} keypoints, expected {len(names)}'
            )
    return names, np.asarray(rows).reshape(len(rows), len(names))


def print_table(counts: list[LabelCounts], console: Console) -> None:
    """Print keypoints by sources, labelled and visible in each cell."""
    table = Table(title='labelled (visible) per keypoint')
    table.add_column('keypoint')
    for each in counts:
        table.add_column(each.source, justify='right')
    for name in dict.fromkeys(name for each in counts for name in each.labelled):
        table.add_row(name, *(_cell(each, name) for each in counts))
    table.add_section()
    table.add_row('people', *(f'{each.people}' for each in counts))
    console.print(table)


def _cell(counts: LabelCounts, name: str) -> str:
    if name not in counts.labelled:
        return '–'
    share = counts.labelled[name] / max(counts.people, 1)
    return f'{counts.labelled[name]} ({counts.visible[name]}) {share:4.0%}'


def _named_file(text: str) -> tuple[str | None, Path]:
    name, _, path = text.rpartition('=')
    return name or None, Path(path)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'files', nargs='+', type=_named_file, metavar='[NAME=]FILE', help='annotation files'
    )
    parser.add_argument('--format', choices=['auto', 'coco', 'mpii', 'halpe'], default='auto')
    parser.add_argument(
        '--skeleton',
        help="count this skeleton's keypoints, such as union21, instead of the files' own",
    )
    parser.add_argument('--json', type=Path, help='also write the counts to this file')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    try:
        counts = [count_labels(file, args.format, name, args.skeleton) for name, file in args.files]
    except (ValueError, OSError) as error:
        raise SystemExit(f'error: {error}') from error
    print_table(counts, Console())
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps([asdict(each) for each in counts], indent=1))


if __name__ == '__main__':
    main()
