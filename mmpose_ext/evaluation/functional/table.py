"""Plain-text tables of evaluation results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

#: The columns of the results table of arXiv 2405.20084 (Table 1).
SUMMARY_COLUMNS = ('PCK', 'PCK@0.1', 'AP', 'AP .5', 'AP .75', 'AR', 'AR .5', 'AR .75')

#: Results per joint for which :class:`JointOffsetMetric` prints a table of its own.
OFFSETS = ('dx', 'dy', 'labelled ')


def percent(key: str, value: float) -> float:
    """A result in percent: COCO's AP and AR are fractions, PCK already is a percentage."""
    return 100 * value if key.rsplit('/', 1)[-1].startswith(('AP', 'AR')) else value


def format_table(header: Sequence[str], rows: Sequence[Sequence[str | float]]) -> str:
    """Align a table: text to the left, numbers to the right with two digits, NaN as a dash."""
    cells = [[_cell(value) for value in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = []
    for row in cells:
        first, rest = row[0].ljust(widths[0]), (c.rjust(w) for c, w in zip(row[1:], widths[1:]))
        lines.append('  '.join((first, *rest)).rstrip())
    return '\n'.join((lines[0], '-' * max(len(line) for line in lines), *lines[1:]))


def summary(
    results: Mapping[str, float], counts: Mapping[str, int], averages: Mapping[str, Sequence[str]]
) -> str:
    """The results of one evaluation in percent: a table per kind of metric, then one of averages.

    Args:
        results: Result of each key ``name/metric``.
        counts: Number of samples of each name.
        averages: Keys that each average is the mean of.
    """
    by_name: dict[str, dict[str, float]] = {}
    for key, value in results.items():
        name, _, metric = key.rpartition('/')
        by_name.setdefault(name, {})[metric] = percent(metric, value)
    kinds: dict[tuple[str, ...], list[tuple[str | float, ...]]] = {}
    for name in counts:
        for threshold, row in _rows(by_name.get(name, {})).items():
            cells = (f'{name}{threshold}', counts[name], *row.values())
            kinds.setdefault(tuple(row), []).append(cells)
    tables = [format_table(('', 'samples', *columns), rows) for columns, rows in kinds.items()]
    if averages:
        rows = [
            (name, *_summary_row(keys, by_name), results[f'avg/{name}'])
            for name, keys in averages.items()
        ]
        tables.append(format_table(('average', *SUMMARY_COLUMNS, 'Avg'), rows))
    return '\n\n'.join(tables)


def _rows(metrics: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Split the percentages of correct keypoints by threshold: a row each, a column per part."""
    rows: dict[str, dict[str, float]] = {}
    for metric, value in metrics.items():
        if metric.startswith(OFFSETS):
            continue
        part, is_pck, rest = metric.partition('PCK')
        threshold, _, joint = rest.partition(' ')
        column = (part.strip() or joint or 'mean') if is_pck else metric
        rows.setdefault(threshold, {})[column] = value
    return rows


def _summary_row(keys: Sequence[str], by_name: Mapping[str, Mapping[str, float]]) -> list[float]:
    merged: dict[str, float] = {}
    for key in keys:
        merged = {**by_name[key.rpartition('/')[0]], **merged}
    return [merged.get(column, math.nan) for column in SUMMARY_COLUMNS]


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    return '-' if math.isnan(value) else f'{value:.2f}'
