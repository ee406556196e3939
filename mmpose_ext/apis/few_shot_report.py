"""What a grid of few-shot trainings found: a table of numbers, one to read, and a curve."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from mmpose_ext.apis.few_shot_grid import Cell, FewShotGrid
from mmpose_ext.apis.markdown_table import cell as table_cell
from mmpose_ext.apis.markdown_table import markdown_line
from mmpose_ext.synthetic.files import write_atomically

Results = Sequence[tuple[Cell, Mapping[str, float]]]
_COLUMNS_OF_PANELS = 3


def write_report(grid: FewShotGrid, patterns: Sequence[str] = ('*',)) -> list[Path]:
    """Write ``grid.csv``, ``table.md`` and ``curve.png`` of the cells that are done.

    Args:
        grid: The grid.
        patterns: Patterns (as of a shell) of the metrics to report, in their order.

    Returns:
        The three files.

    Raises:
        ValueError: If no cell is done, or no metric has such a name.
    """
    results = grid.results()
    if not results:
        raise ValueError(f'{grid.folder} has no tested cell yet')
    metrics = _metrics(results, patterns)
    seeds = len(grid.seeds)
    files = [grid.folder / name for name in ('grid.csv', 'table.md', 'curve.png')]
    write_atomically(files[0], csv_text(results, metrics).encode())
    write_atomically(files[1], '\n'.join([*table_lines(results, metrics, seeds), '']).encode())
    draw_curve(results, metrics, files[2])
    return files


def csv_text(results: Results, metrics: Sequence[str]) -> str:
    """A row per cell: arm, k, seed (empty for 0 shots) and the metrics."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(['arm', 'k', 'seed', *metrics])
    for cell, result in results:
        values = [result.get(metric, '') for metric in metrics]
        writer.writerow([cell.arm.name, cell.k, '' if cell.seed is None else cell.seed, *values])
    return text.getvalue()


def table_lines(results: Results, metrics: Sequence[str], seeds: int) -> list[str]:
    """Markdown: per metric a table of mean ± standard deviation, differences seed by seed.

    Args:
        results: Cells and their metrics.
        metrics: Names of the metrics.
        seeds: How many seeds there are to be; what has fewer so far says so.
    """
    arms = _arms(results)
    lines = []
    for metric in metrics:
        values = _values(results, metric)
        pairs = [f'{arm} − {arms[0]}' for arm in arms[1:]]
        header = ['k', *arms]
        for pair in pairs:
            header += [pair, 'seed by seed']
        lines += [f'### {metric}', '', markdown_line(header)]
        lines.append(markdown_line(['--:'] * len(header)))
        for k in sorted({k for _, k in values}):
            row = [str(k)]
            expected = seeds if k else 1
            row += [_mean(list(values.get((arm, k), {}).values()), expected) for arm in arms]
            for arm in arms[1:]:
                differences = _differences(values, arms[0], arm, k)
                row.append(_mean(list(differences.values()), expected, signed=True))
                row.append(', '.join(f'{value:+.2f}' for value in differences.values()) or '–')
            lines.append(markdown_line(row))
        lines.append('')
    return lines


def draw_curve(results: Results, metrics: Sequence[str], picture: Path) -> None:
    """Draw every metric against k: seeds as dots, their mean as a line, min to max as a band."""
    columns = min(len(metrics), _COLUMNS_OF_PANELS)
    rows = -(-len(metrics) // columns)
    figure = Figure(figsize=(5 * columns, 4 * rows), layout='constrained')
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for axes, metric in zip(panels, metrics):
        values = _values(results, metric)
        for number, arm in enumerate(_arms(results)):
            points = [(k, list(seen.values())) for (a, k), seen in values.items() if a == arm]
            points.sort()
            if not points:
                continue
            color = f'C{number}'
            shots = [k for k, _ in points]
            axes.plot(shots, [np.mean(v) for _, v in points], color=color, label=arm)
            low, high = ([reach(v) for _, v in points] for reach in (min, max))
            axes.fill_between(shots, low, high, color=color, alpha=0.15, linewidth=0)
            dots = [(k, value) for k, seen in points for value in seen]
            axes.plot(*zip(*dots), '.', color=color)
        axes.set(title=metric, xlabel='shots (clips)', xticks=sorted({k for _, k in values}))
        axes.grid(alpha=0.3)
        axes.legend()
    for axes in figure.axes[len(metrics) :]:
        axes.remove()
    temporary = picture.with_suffix('.part.png')
    figure.savefig(temporary, dpi=100)
    temporary.replace(picture)


def _metrics(results: Results, patterns: Sequence[str]) -> list[str]:
    known = sorted({name for _, result in results for name in _numbers(result)})
    chosen = [name for pattern in patterns for name in known if fnmatch(name, pattern)]
    if not chosen:
        raise ValueError(f'metrics got {list(patterns)}, expected patterns of {known}')
    return list(dict.fromkeys(chosen))


def _numbers(result: Mapping[str, float]) -> Iterator[str]:
    return (name for name, value in result.items() if isinstance(value, (int, float)))


def _arms(results: Results) -> list[str]:
    return list(dict.fromkeys(cell.arm.name for cell, _ in results))


def _values(results: Results, metric: str) -> dict[tuple[str, int], dict[int | None, float]]:
    """Values of a metric by seed, by (arm, k)."""
    values: dict[tuple[str, int], dict[int | None, float]] = {}
    for cell, result in results:
        if metric in result:
            values.setdefault((cell.arm.name, cell.k), {})[cell.seed] = result[metric]
    return values


def _differences(
    values: Mapping[tuple[str, int], Mapping[int | None, float]], first: str, second: str, k: int
) -> dict[int | None, float]:
    """Second arm minus first, for the seeds that both have."""
    base, other = values.get((first, k), {}), values.get((second, k), {})
    return {seed: other[seed] - base[seed] for seed in base if seed in other}


def _mean(values: Sequence[float], expected: int, signed: bool = False) -> str:
    if not values:
        return '–'
    text = table_cell(np.array(values))
    sign = '+' if signed and np.mean(values) >= 0 else ''
    missing = '' if len(values) == expected else f' ({len(values)} of {expected} seeds)'
    return f'{sign}{text}{missing}'
