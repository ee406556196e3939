"""Tables in the layout of the unified-skeleton paper (arXiv 2405.20084), from our own runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmpose_ext.apis.markdown_table import cell, markdown_line

_COLUMNS = ('PCK', 'PCK@.1', 'AP', 'AP50', 'AP75', 'AR', 'AR50', 'AR75')
_COCO_KEYS = ('AP', 'AP .5', 'AP .75', 'AR', 'AR .5', 'AR .75')
_HEADER = ('training', *_COLUMNS, 'keypoints', 'Avg')
Metrics = Mapping[str, float]


@dataclass(frozen=True)
class TableRow:
    """One row of the table.

    Args:
        label: First column; the paper's star marks a row that charges no missing joints.
        run: Which trained model.
        keypoints: How many keypoints the model predicts.
        mpii: Metric group of the PCK columns, ``'mpii'`` or ``'mpii_shared12'``.
        coco: Metric group of the AP and AR columns, ``'coco'`` or ``'coco_shared12'``.
    """

    label: str
    run: str
    keypoints: int
    mpii: str = 'mpii'
    coco: str = 'coco'

    def values(self, metrics: Metrics) -> list[float]:
        """Percentages in the order of the columns, the average of PCK and AP last."""
        pck = [metrics[f'{self.mpii}/PCK'], metrics[f'{self.mpii}/PCK@0.1']]
        coco = [100 * metrics[f'{self.coco}/{key}'] for key in _COCO_KEYS]
        return [*pck, *coco, (pck[0] + coco[0]) / 2]


ROWS = (
    TableRow('teacher, COCO', 'teacher_coco', 17),
    TableRow('teacher, COCO*', 'teacher_coco', 17, mpii='mpii_shared12'),
    TableRow('teacher, MPII', 'teacher_mpii', 16),
    TableRow('teacher, MPII*', 'teacher_mpii', 16, coco='coco_shared12'),
    TableRow('MPII', 'student_mpii', 16),
    TableRow('MPII*', 'student_mpii', 16, coco='coco_shared12'),
    TableRow('COCO', 'student_coco', 17),
    TableRow('COCO*', 'student_coco', 17, mpii='mpii_shared12'),
    TableRow('joint, no distillation', 'student_joint', 21),
    TableRow('unified (distilled)', 'student_distill', 21),
)


def table_lines(
    runs: Mapping[str, Sequence[Metrics]], rows: Sequence[TableRow] = ROWS
) -> list[str]:
    """Markdown lines of the paper's Table 1; several seeds give mean ± standard deviation.

    Args:
        runs: Metrics of ``tools/test.py --out`` by run, one mapping per seed.
        rows: Rows to print; those of absent runs are left out.
    """
    lines = [markdown_line(_HEADER), markdown_line(['---'] + ['--:'] * (len(_HEADER) - 1))]
    for row in rows:
        if row.run in runs:
            *values, average = np.array([row.values(metrics) for metrics in runs[row.run]]).T
            cells = [cell(value) for value in values]
            lines.append(markdown_line([row.label, *cells, str(row.keypoints), cell(average)]))
    return lines


def halpe_lines(runs: Mapping[str, Sequence[Metrics]]) -> list[str]:
    """Markdown lines of the paper's Table 5, Halpe, for the models with 21 keypoints."""
    keys = ('AP', 'AP .5', 'AP .75', 'AR', 'AR .5', 'AR .75')
    lines = [markdown_line(['training', *_COLUMNS[2:]]), markdown_line(['---'] + ['--:'] * 6)]
    for row in ROWS:
        if row.run in runs and row.keypoints == 21:
            values = np.array(
                [[100 * metrics[f'halpe/{key}'] for key in keys] for metrics in runs[row.run]]
            ).T
            lines.append(markdown_line([row.label, *(cell(value) for value in values)]))
    return lines
