"""SEFD from nothing, on generated people: ``make demo-sefd``.

Generates Human3.6M-, COCO- and 3DPW-like images with SMPL bodies, trains 3DCrowdNet without edges
and with Canny edges, the teacher that sees SMPL edges and the student that learns from it, tests
all on the whole test set and on its occluded people, prints the paper's tables and draws edge maps
and meshes. What is done stays done: after Ctrl-C the same command continues.
"""

import argparse
import sys
from pathlib import Path

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab

from mmpose_ext.apis.edge_pictures import edge_pictures
from mmpose_ext.apis.jobs import Job, JobFailedError, run_jobs
from mmpose_ext.apis.mesh_sheet import mesh_sheet
from mmpose_ext.apis.sefd_report import paired_lines, table_lines
from mmpose_ext.apis.sefd_study import SefdStudy
from mmpose_ext.config_path import cfg
from mmpose_ext.visualization.compare_curves import compare_curves

_TOOLS = Path(__file__).resolve().parent
# Where the *_synthetic configs look, from the folder the command is given in.
_DATA = Path('data/synthetic_mesh')
_GENERATION_S = 150


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--out', type=Path, default=Path('work_dirs/demo_sefd'), help='default: %(default)s'
    )
    parser.add_argument(
        '--seeds', type=int, nargs='+', default=[0], help='train with each of these (default: 0)'
    )
    parser.add_argument(
        '--length',
        type=float,
        default=1.0,
        help="factor on the configs' epochs (default: %(default)s)",
    )
    parser.add_argument('--processes', type=int, default=2, help='default: %(default)s')
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    out = arguments.out.resolve()
    studies = [
        SefdStudy(out / f'seed_{seed}', _TOOLS, seed, arguments.processes, arguments.length)
        for seed in arguments.seeds
    ]
    generation = Job(
        'generate Human3.6M, COCO and 3DPW images of synthetic people',
        (sys.executable, str(_TOOLS / 'make_synthetic.py'), 'mesh', '--out', str(_DATA)),
        out / 'generate.log',
        _GENERATION_S,
    )
    try:
        run_jobs([generation, *(job for study in studies for job in study.jobs())])
    except JobFailedError as error:
        sys.exit(f'error: {error}\nThe same command continues after the fault is mended.')
    except KeyboardInterrupt:
        sys.exit('\nStopped. The same command continues.')
    report(studies, out)


def report(studies: list[SefdStudy], out: Path) -> None:
    """Print the table, and draw curves, edges and meshes of the first study."""
    measured = [study.metrics() for study in studies]
    runs = {row: [metrics[row] for metrics in measured] for row in measured[0]}
    table = '\n'.join(
        [
            'Errors on generated people (mm); occluded: at least 30 % of the body hidden by others',
            'or by things. GT: these edges come from the annotated bodies of the test set.',
            '',
            *table_lines(runs),
            '',
            'student minus Canny without distillation, seed by seed (mm, negative is better)',
            '',
            *(f'    {line}' for line in paired_lines(runs, 'canny', 'student')),
        ]
    )
    print(f'\n{table}\n')
    (out / 'tables.md').write_text(f'{table}\n')

    study = studies[0]
    compare_curves(
        {run.title: study.work_dir(run) / 'curves.csv' for run in study.runs},
        {
            'loss, sum of all terms': ('loss',),
            'joints relative to the pelvis (m)': ('loss_fit_joints',),
            '2D joints (64ths of the crop / 8)': ('loss_label_projection',),
        },
        out / 'curves.png',
    )
    student = study.run('student')
    edge_pictures(cfg(student.config), out / 'edges.png')
    mesh_sheet(cfg(student.config), study.checkpoint(student), out / 'meshes.png')
    for title, file in (
        ('tables', 'tables.md'),
        ('curves', 'curves.png'),
        ('SMPL edges, hidden ones too, and Canny', 'edges.png'),
        ('meshes of the student', 'meshes.png'),
    ):
        print(f'{title}: {out / file}')
    print(f'checkpoint of the student: {study.checkpoint(student)}')


if __name__ == '__main__':
    main()
