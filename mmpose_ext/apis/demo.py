"""What the demos of all methods do: generate data, run studies, continue after a stop."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from mmpose_ext.apis.jobs import Job, JobFailedError, run_jobs
from mmpose_ext.apis.study import Study

_GENERATION_S = 150.0

AnyStudy = TypeVar('AnyStudy', bound=Study)


def parse_demo_arguments(description: str, out: str) -> argparse.Namespace:
    """Read the command line of a demo.

    Args:
        description: What the demo does, in a line.
        out: Default of its work directory.

    Returns:
        ``out``, ``seeds``, ``length`` and ``processes``.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--out', type=Path, default=Path(out), help='default: %(default)s')
    parser.add_argument(
        '--seeds', type=int, nargs='+', default=[0], help='train with each of these (default: 0)'
    )
    parser.add_argument(
        '--length',
        type=float,
        default=1.0,
        help='factor on the length of every training (default: %(default)s)',
    )
    parser.add_argument('--processes', type=int, default=2, help='default: %(default)s')
    return parser.parse_args()


def run_demo(
    study: type[AnyStudy],
    arguments: argparse.Namespace,
    tools: Path,
    generation: Sequence[str],
    title: str,
) -> list[AnyStudy]:
    """Generate data and run a study per seed, or exit with one sentence.

    Args:
        study: The method's study.
        arguments: What :func:`parse_demo_arguments` returned.
        tools: Folder of the command line tools.
        generation: Arguments of ``make_synthetic.py``.
        title: What a person reads while it runs.

    Returns:
        The finished studies.
    """
    out = arguments.out.resolve()
    studies = [
        study(out / f'seed_{seed}', tools, seed, arguments.processes, arguments.length)
        for seed in arguments.seeds
    ]
    make_data = Job(
        title,
        (sys.executable, str(tools / 'make_synthetic.py'), *generation),
        out / 'generate.log',
        _GENERATION_S,
    )
    run_or_exit([make_data, *(job for one in studies for job in one.jobs())])
    return studies


def run_or_exit(jobs: Sequence[Job]) -> None:
    """Run jobs, or exit with one sentence.

    Args:
        jobs: In the order to run them.
    """
    try:
        run_jobs(jobs)
    except JobFailedError as error:
        sys.exit(f'error: {error}\nThe same command continues after the fault is mended.')
    except KeyboardInterrupt:
        sys.exit('\nStopped. The same command continues.')
