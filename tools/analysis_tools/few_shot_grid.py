"""Adapt a model with several numbers of shots, seeds and arms, and compare them.

Every cell is a training and a test. Cells that are done are kept: after a stop, or with more seeds,
the same command continues. Writes grid.csv, table.md (mean ± standard deviation over the seeds,
differences between arms seed by seed) and curve.png.

Example:
    python tools/analysis_tools/few_shot_grid.py --source work_dirs/source/best.pth \\
        --arm vibe configs/fewshot_adapt.py \\
        --arm metric configs/fewshot/adapt_metric.py model.head.dropout=0.5 \\
        --shots 0 50 100 200 --seeds 0 1 2 --out work_dirs/few_shot_grid
"""

import argparse
import sys
from pathlib import Path

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab

from mmpose_ext.apis.few_shot_grid import CHECKPOINTS, Arm, FewShotGrid
from mmpose_ext.apis.few_shot_report import write_report
from mmpose_ext.apis.jobs import JobFailedError

_TOOLS = Path(__file__).resolve().parents[1]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        '--arm',
        nargs='+',
        action='append',
        required=True,
        metavar=('NAME CONFIG', 'KEY=VALUE'),
        help='name of an arm, its config, and changes of the config; differences are to the first',
    )
    parser.add_argument('--source', type=Path, required=True, help='checkpoint to adapt')
    parser.add_argument('--shots', type=int, nargs='+', default=[0, 50, 100, 200])
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--out', type=Path, default=Path('work_dirs/few_shot_grid'))
    parser.add_argument(
        '--checkpoint',
        choices=CHECKPOINTS,
        default='best',
        help='which checkpoint of a training to test (default: %(default)s on the held-out clips)',
    )
    parser.add_argument(
        '--metrics', nargs='+', default=['*'], help='patterns of the metrics to report'
    )
    parser.add_argument('--processes', type=int, default=1, help='default: %(default)s')
    parser.add_argument(
        '--length', type=float, default=1.0, help='factor on the length of every training'
    )
    parser.add_argument('--report', action='store_true', help='only report the cells that are done')
    return parser.parse_args()


def build_grid(arguments: argparse.Namespace) -> FewShotGrid:
    for arm in arguments.arm:
        if len(arm) < 2 or not all('=' in option for option in arm[2:]):
            raise ValueError(f'--arm got {arm}, expected NAME CONFIG [KEY=VALUE …]')
    if not arguments.source.is_file():
        raise ValueError(f'--source got {arguments.source}, which does not exist')
    return FewShotGrid(
        arguments.out.resolve(),
        _TOOLS,
        processes=arguments.processes,
        length=arguments.length,
        arms=tuple(Arm(name, config, tuple(options)) for name, config, *options in arguments.arm),
        shots=tuple(arguments.shots),
        seeds=tuple(arguments.seeds),
        source=arguments.source.resolve(),
        checkpoint=arguments.checkpoint,
    )


def main() -> None:
    arguments = parse_arguments()
    stopped = ''
    try:
        grid = build_grid(arguments)
        if not arguments.report:
            grid.run()
    except (ValueError, FileNotFoundError) as error:
        sys.exit(f'error: {error}')
    except JobFailedError as error:
        stopped = f'error: {error}\nThe same command continues after the fault is mended.'
    except KeyboardInterrupt:
        stopped = '\nStopped. The same command continues.'
    try:
        table, *others = write_report(grid, arguments.metrics)[1:]
        print(f'\n{table.read_text()}\n{table}', *others, sep='\n')
    except ValueError as error:
        stopped = stopped or f'error: {error}'
    sys.exit(stopped or None)


if __name__ == '__main__':
    main()
