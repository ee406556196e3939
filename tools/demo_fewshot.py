"""Few-shot adaptation from nothing, on generated videos: ``make demo-fewshot``.

Generates studio videos and outdoor videos of people, extracts their features with an image network
that was trained on generated people, trains VIBE in the studio with and without the metric loss,
adapts it to the outdoors with 0, 8 and 32 labelled clips in two arms, tests everything, prints
tables, plots error against the number of clips and motions over time, and films an outdoor test
track. What is done stays done: after Ctrl-C the same command continues.
"""

from pathlib import Path

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab

from mmpose_ext.apis.demo import parse_demo_arguments, run_or_exit
from mmpose_ext.apis.few_shot_report import draw_curve
from mmpose_ext.apis.fewshot_report import METRICS, report_lines
from mmpose_ext.apis.fewshot_study import SOURCES, FewShotStudy
from mmpose_ext.apis.track_film import compare_motions, film_track, predict_track
from mmpose_ext.visualization.compare_curves import compare_curves

_TOOLS = Path(__file__).resolve().parent


def main() -> None:
    arguments = parse_demo_arguments(__doc__.splitlines()[0], 'work_dirs/demo_fewshot')
    study = FewShotStudy(
        arguments.out.resolve(),
        _TOOLS,
        processes=arguments.processes,
        length=arguments.length,
        seeds=tuple(arguments.seeds),
    )
    run_or_exit(list(study.jobs()))
    report(study)


def report(study: FewShotStudy) -> None:
    """Print the tables, draw curves and motions, and film a track."""
    out = study.folder
    table = '\n'.join(report_lines(study))
    print(f'\n{table}\n')
    (out / 'tables.md').write_text(f'{table}\n')
    metrics = [f'all/{name}' for name in METRICS['outdoors']]
    draw_curve(study.grid.results(), metrics, out / 'curve.png')
    seed = study.seeds[0]
    compare_curves(
        {
            source.title: study.work_dir(name, seed) / 'curves.csv'
            for name, source in SOURCES.items()
        },
        {
            '3D joints': ('loss_keypoints3d',),
            '2D joints': ('loss_keypoints2d',),
            'discriminator, predictions': ('loss_discriminator_fake',),
        },
        out / 'losses.png',
    )
    tracks = {
        title: predict_track(config, checkpoint)
        for title, (config, checkpoint) in study.outdoor_models().items()
    }
    adapted = list(tracks)[-1]
    film_track(tracks[adapted], out / 'adapted.mp4', body_model='standin')
    compare_motions(tracks, out / 'motions')
    for title, file in (
        ('tables', 'tables.md'),
        ('error against the number of clips', 'curve.png'),
        ('losses in the studio', 'losses.png'),
        ('motions of an outdoor test track', 'motions.png'),
        (f'film of it, {adapted}', 'adapted.mp4'),
    ):
        print(f'{title}: {out / file}')


if __name__ == '__main__':
    main()
