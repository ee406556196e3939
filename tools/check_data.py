"""Say which files of a method's data are there, readable and complete, and where to get the rest.

Examples::

    python tools/check_data.py sefd
    python tools/check_data.py fewshot
    python tools/check_data.py sefd --data-root /datasets --datasets Human3.6M 3DPW SMPL

Annotation files are parsed and the images they list looked for, which takes minutes for all data.
The exit code is 1 if something that the method needs is missing, or anything is damaged or
incomplete.
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

import mmpose_ext  # noqa: F401
from mmpose_ext.apis.data_check import PROBLEMS, DataRow, check_data
from mmpose_ext.apis.data_files import METHODS

_COLORS = dict(
    ok='green', missing='red', optional='yellow', damaged='bold red', incomplete='bold red'
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('method', choices=sorted(METHODS))
    parser.add_argument('--data-root', type=Path, default=Path('data'), help='default: data')
    parser.add_argument('--datasets', nargs='+', metavar='NAME', help='only these; default: all')
    args = parser.parse_args()
    args.files = METHODS[args.method]()
    known = list(dict.fromkeys(file.dataset for file in args.files))
    unknown = sorted(set(args.datasets or known) - set(known))
    if unknown:
        parser.error(f'--datasets got {unknown}, expected some of {known}')
    if args.datasets:
        args.files = [file for file in args.files if file.dataset in args.datasets]
    return args


def show(console: Console, rows: list[DataRow], title: str) -> None:
    table = Table(title=title)
    for column in ('file', 'state', 'content'):
        table.add_column(column, overflow='fold')
    last = None
    for row in rows:
        if row.file.dataset != last:
            last = row.file.dataset
            table.add_section()
            table.add_row(f'[bold]{escape(last)}')
        color = _COLORS[row.state]
        state = 'missing, optional' if row.state == 'optional' else row.state
        table.add_row(f'  {escape(row.file.path)}', f'[{color}]{state}', escape(row.detail))
    console.print(table)


def show_origins(console: Console, rows: list[DataRow]) -> None:
    files_by_origin: dict[str, list[str]] = {}
    for row in rows:
        if row.state != 'ok':
            files_by_origin.setdefault(row.file.origin, []).append(row.file.path)
    if not files_by_origin:
        return
    console.print('Where the rest comes from:')
    for origin, files in files_by_origin.items():
        names = '\n'.join(f'    {escape(file)}' for file in files)
        console.print(f'[bold]{escape(origin)}[/bold]\n{names}', highlight=False)


def main() -> None:
    args = parse_args()
    console = Console()
    rows = []
    with console.status('') as status:
        results = check_data(args.files, args.data_root)
        for number, file in enumerate(args.files, start=1):
            status.update(f'{number}/{len(args.files)} {escape(file.path)}')
            rows.append(next(results))
    show(console, rows, f'{args.method}: data in {args.data_root}')
    show_origins(console, rows)
    problems = [row for row in rows if row.state in PROBLEMS]
    if problems:
        kind = dict(sefd='mesh', fewshot='video')[args.method]
        console.print(
            f'[red]{len(problems)} of {len(rows)} files are missing, damaged or incomplete.[/red] '
            f'Configs named *_synthetic need none: python tools/make_synthetic.py {kind}'
        )
    else:
        console.print(f'[green]All that {args.method} needs is there.')
    sys.exit(bool(problems))


if __name__ == '__main__':
    main()
