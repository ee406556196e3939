import math

import pytest

from mmpose_ext.evaluation.functional import format_table, summary
from mmpose_ext.evaluation.functional.table import percent


def cells(text):
    return [line.split() for line in text.splitlines() if line and not line.startswith('-')]


def test_columns_are_aligned_and_unknown_numbers_are_dashes():
    text = format_table(('', 'AP', 'long name'), [('coco', 62.034, 1), ('x', math.nan, 12.0)])
    assert text.splitlines() == [
        '         AP  long name',
        '----------------------',
        'coco  62.03          1',
        'x         -      12.00',
    ]


@pytest.mark.parametrize(
    'key, expected', [('coco/AP .5', 50), ('x/AR', 50), ('mpii/PCK', 0.5), ('mpii/Ankle PCK', 0.5)]
)
def test_only_coco_results_are_fractions(key, expected):
    assert percent(key, 0.5) == expected


def test_the_row_of_the_paper_s_first_table():
    results = {
        'coco/AP': 0.6203, 'coco/AP .5': 0.8566, 'coco/AP .75': 0.6939, 'coco/AP (M)': 0.5914,
        'coco/AR': 0.6812, 'coco/AR .5': 0.9005, 'coco/AR .75': 0.7513,
        'mpii/PCK': 79.75, 'mpii/PCK@0.1': 19.58, 'avg/coco_mpii': 70.89,
    }  # fmt: skip
    text = summary(results, dict(coco=104125, mpii=2958), dict(coco_mpii=['coco/AP', 'mpii/PCK']))
    numbers = ['79.75', '19.58', '62.03', '85.66', '69.39', '68.12', '90.05', '75.13', '70.89']
    assert cells(text)[-1] == ['coco_mpii', *numbers]


def test_parts_are_columns_and_thresholds_are_rows():
    results = {
        'mpii/Head PCK': 96.0, 'mpii/Upper neck PCK': math.nan, 'mpii/PCK': 85.0,
        'mpii/Head PCK@0.1': 40.0, 'mpii/Upper neck PCK@0.1': 30.0, 'mpii/PCK@0.1': 25.0,
    }  # fmt: skip
    rows = cells(summary(results, dict(mpii=7), {}))
    assert rows == [
        ['samples', 'Head', 'Upper', 'neck', 'mean'],
        ['mpii', '7', '96.00', '-', '85.00'],
        ['mpii@0.1', '7', '40.00', '30.00', '25.00'],
    ]
