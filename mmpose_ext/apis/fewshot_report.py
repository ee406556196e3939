"""What the third method's experiment on generated videos found."""

from collections.abc import Mapping, Sequence

import numpy as np

from mmpose_ext.apis.few_shot_report import table_lines
from mmpose_ext.apis.fewshot_study import SOURCES, FewShotStudy
from mmpose_ext.apis.markdown_table import cell, markdown_line

METRICS = dict(
    studio=('MPJPE', 'PA-MPJPE', 'ACCEL', 'ACCEL-ERR'),
    outdoors=('MPJPE', 'PA-MPJPE', 'PVE', 'ACCEL', 'ACCEL-ERR'),
)
"""What is measured in each place. The joints are not the same ones."""

Results = Mapping[tuple[str, str], Sequence[Mapping[str, float]]]


def report_lines(study: FewShotStudy) -> list[str]:
    """All tables in Markdown.

    Args:
        study: A finished study.
    """
    results = {
        (name, place): study.source_results(name, place) for name in SOURCES for place in METRICS
    }
    grid = study.grid
    return [
        'Errors on generated videos in mm, accelerations in mm/frame². ACCEL is the size of the',
        'predicted acceleration, which a frozen body has none of; ACCEL-ERR is its error. Studio:',
        "the 17 joints of MPI-INF-3DHP's test set; outdoors: 14 joints of the mesh, as on 3DPW.",
        '',
        '## Trained in the studio',
        '',
        *source_lines(results),
        '',
        'metric loss minus VIBE, seed by seed (negative is better but for ACCEL)',
        '',
        *(f'    {line}' for line in paired_lines(results, 'vibe', 'metric')),
        '',
        '## Adapted to the outdoors with k clips',
        '',
        *table_lines(
            grid.results(), [f'all/{name}' for name in METRICS['outdoors']], len(study.seeds)
        ),
    ]


def source_lines(results: Results) -> list[str]:
    """A row per model; several seeds give mean ± standard deviation.

    Args:
        results: Metrics by model and place, one mapping per seed.
    """
    columns = [(place, name) for place, names in METRICS.items() for name in names]
    header = ['model', *(f'{name}, {place}' for place, name in columns)]
    lines = [markdown_line(header), markdown_line(['---'] + ['--:'] * len(columns))]
    for model, source in SOURCES.items():
        values = [
            cell(np.array([result[f'all/{name}'] for result in results[model, place]]))
            for place, name in columns
        ]
        lines.append(markdown_line([source.title, *values]))
    return lines


def paired_lines(results: Results, first: str, second: str) -> list[str]:
    """Differences ``second - first`` of two models, seed by seed.

    Args:
        results: As :func:`source_lines` takes them, the same seeds in the same order.
        first: Model that is subtracted.
        second: Model that it is subtracted from.
    """
    lines = []
    for place, names in METRICS.items():
        for name in names:
            pairs = zip(results[first, place], results[second, place], strict=True)
            differences = [b[f'all/{name}'] - a[f'all/{name}'] for a, b in pairs]
            listed = ', '.join(f'{difference:+.2f}' for difference in differences)
            lines.append(f'{name}, {place}: {listed} (mean {np.mean(differences):+.2f})')
    return lines
