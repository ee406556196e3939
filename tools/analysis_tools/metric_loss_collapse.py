"""Show what the forms of the metric loss do to features that follow nothing else.

Prints a table, and writes a picture and, beside it, all measurements as a CSV file.

Example:
    python tools/analysis_tools/metric_loss_collapse.py --out projects/fewshot/metric_loss.png
"""

import argparse
from collections import defaultdict
from pathlib import Path

import torch
from rich.progress import Progress

import mmpose_ext  # noqa: F401
from mmpose_ext.apis.metric_loss_study import (
    FORMS,
    STRATEGIES,
    Record,
    run_study,
    table_lines,
    write_records,
)
from mmpose_ext.models.losses import InBatchTripletMetricLoss
from mmpose_ext.visualization.metric_loss_plot import draw_metric_losses


def curves(records: list[Record]) -> dict[str, dict[str, list[tuple[int, float]]]]:
    result: dict = defaultdict(lambda: defaultdict(list))
    for record in records:
        point = record.step, record.geometry.within_over_cross
        result[record.strategy][record.form].append(point)
    return result


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--out', type=Path, default=Path('metric_loss.png'), help='PNG to write')
    parser.add_argument('--clips', type=int, default=12)
    parser.add_argument('--frames', type=int, default=16)
    parser.add_argument('--channels', type=int, default=64)
    parser.add_argument('--steps', type=int, default=1500)
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    with Progress() as progress:
        task = progress.add_task('forms', total=len(FORMS) * len(STRATEGIES))
        labels, records = run_study(
            args.clips,
            args.frames,
            args.channels,
            args.steps,
            args.seed,
            advance=lambda: progress.advance(task),
        )
    print('\n'.join(table_lines(labels, records)))
    print(f'two values: {" / ".join(STRATEGIES)}')
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_records(records, args.out.with_suffix('.csv'))
    penalties = {
        form: InBatchTripletMetricLoss(**options).penalty for form, options in FORMS.items()
    }
    draw_metric_losses(penalties, curves(records), labels.within_over_cross, args.out)
    print(f'{args.out}, {args.out.with_suffix(".csv")}')


if __name__ == '__main__':
    main()
