"""SEFD from nothing, on generated people: ``make demo-sefd``.

Generates Human3.6M-, COCO- and 3DPW-like images with SMPL bodies, trains 3DCrowdNet without edges
and with Canny edges, the teacher that sees SMPL edges and the student that learns from it, tests
all on the whole test set and on its occluded people, prints the paper's tables and draws edge maps
and meshes. What is done stays done: after Ctrl-C the same command continues.
"""

from pathlib import Path

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab

from mmpose_ext.apis.demo import parse_demo_arguments, run_demo
from mmpose_ext.apis.edge_pictures import edge_pictures
from mmpose_ext.apis.mesh_sheet import mesh_sheet
from mmpose_ext.apis.sefd_report import paired_lines, table_lines
from mmpose_ext.apis.sefd_study import SefdStudy
from mmpose_ext.config_path import cfg
from mmpose_ext.visualization.compare_curves import compare_curves

_TOOLS = Path(__file__).resolve().parent
# Where the *_synthetic configs look, from the folder the command is given in.
_DATA = Path('data/synthetic_mesh')


def main() -> None:
    arguments = parse_demo_arguments(__doc__.splitlines()[0], 'work_dirs/demo_sefd')
    studies = run_demo(
        SefdStudy,
        arguments,
        _TOOLS,
        ('mesh', '--out', str(_DATA)),
        'generate Human3.6M, COCO and 3DPW images of synthetic people',
    )
    report(studies, arguments.out.resolve())


def report(studies: list[SefdStudy], out: Path) -> None:
    """Print the table, and draw curves, edges and meshes of the first study."""
    measured = [study.metrics() for study in studies]
    runs = {row: [metrics[row] for metrics in measured] for row in measured[0]}
    table = '\n'.join(
        [
            'Errors on generated people (mm); occluded: at least 30 % of the body hidden by others',
            'or by things. GT: these edges come from the annotated bodies of the test set. The',
            'student starts from the teacher, so it has been trained twice as long as the others.',
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
