"""Tables in the layout of SEFD's Tables 2 and 3, from our own runs."""

from collections.abc import Mapping, Sequence

import numpy as np

from mmpose_ext.apis.markdown_table import cell, markdown_line
from mmpose_ext.apis.sefd_study import MISPLACED

METRICS = ('MPJPE', 'PA-MPJPE', 'MPVPE')
SUBSETS = ('all', 'occluded')

ROWS = {
    'baseline': 'baseline (no edges)',
    'canny': 'Canny 3x3',
    'teacher': 'teacher, I_overlap (GT)',
    MISPLACED: 'teacher, Canny at inference',
    'student': 'distilled student, Canny 3x3',
}


def table_lines(runs: Mapping[str, Sequence[Mapping[str, float]]]) -> list[str]:
    """Markdown lines; several seeds give mean ± standard deviation.

    Args:
        runs: Metrics of ``tools/test.py --out`` by row, one mapping per seed.
    """
    columns = [f'{metric}, {subset}' for subset in SUBSETS for metric in METRICS]
    lines = [markdown_line(['model', *columns]), markdown_line(['---'] + ['--:'] * len(columns))]
    for row, label in ROWS.items():
        values = np.array(
            [
                [result[f'{subset}/{metric}'] for subset in SUBSETS for metric in METRICS]
                for result in runs[row]
            ]
        )
        lines.append(markdown_line([label, *(cell(column) for column in values.T)]))
    return lines


def paired_lines(
    runs: Mapping[str, Sequence[Mapping[str, float]]], first: str, second: str
) -> list[str]:
    """Differences ``second - first`` of two rows, seed by seed.

    Args:
        runs: As :func:`table_lines` takes them, the same seeds in the same order in both rows.
        first: Row that is subtracted.
        second: Row that it is subtracted from.
    """
    lines = []
    for subset in SUBSETS:
        for metric in METRICS:
            key = f'{subset}/{metric}'
            differences = [b[key] - a[key] for a, b in zip(runs[first], runs[second], strict=True)]
            listed = ', '.join(f'{difference:+.2f}' for difference in differences)
            lines.append(f'{metric}, {subset}: {listed} (mean {np.mean(differences):+.2f})')
    return lines
