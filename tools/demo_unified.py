"""The unified method from nothing, on generated people: ``make demo``.

Generates a data set, trains a COCO and an MPII teacher and four students (COCO only, MPII only,
joint, distilled), tests all six on COCO, MPII and Halpe, prints the paper's tables and draws curves
and people. What is done stays done: after Ctrl-C the same command continues.
"""

from pathlib import Path

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab

from mmpose_ext.apis.demo import parse_demo_arguments, run_demo
from mmpose_ext.apis.prediction_sheet import prediction_sheet
from mmpose_ext.apis.unified_report import halpe_lines, table_lines
from mmpose_ext.apis.unified_study import UnifiedStudy
from mmpose_ext.config_path import cfg
from mmpose_ext.visualization.compare_curves import compare_curves

_TOOLS = Path(__file__).resolve().parent
# Where the *_synthetic configs look, from the folder the command is given in.
_DATA = Path('data/synthetic')


def main() -> None:
    arguments = parse_demo_arguments(__doc__.splitlines()[0], 'work_dirs/demo_unified')
    studies = run_demo(
        UnifiedStudy,
        arguments,
        _TOOLS,
        ('pose', '--out', str(_DATA)),
        'generate COCO, MPII and Halpe images of synthetic people',
    )
    report(studies, arguments.out.resolve())


def report(studies: list[UnifiedStudy], out: Path) -> None:
    """Print the tables, and draw curves and predictions of the first study."""
    measured = [study.metrics() for study in studies]
    runs = {run.name: [metrics[run.name] for metrics in measured] for run in studies[0].runs}
    tables = '\n'.join(
        [
            'MPII PCKh and COCO AP on generated people (%); *: the other data set on the 12',
            'shared joints. Avg: mean of PCK and AP.',
            '',
            *table_lines(runs),
            '',
            'Halpe, 21 keypoints (%)',
            '',
            *halpe_lines(runs),
        ]
    )
    print(f'\n{tables}\n')
    (out / 'tables.md').write_text(f'{tables}\n')

    study = studies[0]
    compare_curves(
        {run.title: study.work_dir(run) / 'curves.csv' for run in studies[0].runs},
        {
            'validation: mean of COCO AP and MPII PCKh (%)': ('avg/coco_mpii',),
            'validation: the same on the 12 shared joints (%)': ('avg/shared12',),
            'task loss (nats per keypoint)': ('task',),
        },
        out / 'curves.png',
    )
    distilled = study.run('student_distill')
    prediction_sheet(
        cfg(distilled.config),
        study.checkpoint(distilled),
        {
            'coco': (
                _DATA / 'coco/annotations/person_keypoints_val2017.json',
                _DATA / 'coco/val2017',
            ),
            'mpii': (_DATA / 'mpii/annotations/mpii_val.json', _DATA / 'mpii/images'),
        },
        out / 'predictions.png',
    )
    for title, file in (
        ('tables', 'tables.md'),
        ('curves', 'curves.png'),
        ('predictions, added keypoints in red', 'predictions.png'),
    ):
        print(f'{title}: {out / file}')
    print(f'checkpoint of the distilled student: {study.checkpoint(distilled)}')


if __name__ == '__main__':
    main()
