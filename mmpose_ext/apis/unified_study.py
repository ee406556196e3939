"""The unified method's experiment on generated people: six trainings, their tests, the tables."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmpose_ext.apis.jobs import Job
from mmpose_ext.apis.training_log import training_fraction
from mmpose_ext.config_path import cfg

TEACHERS = ('coco', 'mpii')
_TEST_S = 35.0


@dataclass(frozen=True)
class Run:
    """One model of the study.

    Args:
        name: Name of its folder and of its rows in the tables.
        title: What a person reads while it runs.
        config: Shipped config.
        train_s: Expected seconds of training on 2 cores with the config's own epochs.
        distilled: Whether the study's two teachers teach it.
    """

    name: str
    title: str
    config: str
    train_s: float
    distilled: bool = False


RUNS = (
    Run('teacher_coco', 'COCO teacher', 'unified/teacher_heatmap_coco_synthetic.py', 120),
    Run('teacher_mpii', 'MPII teacher', 'unified/teacher_heatmap_mpii_synthetic.py', 120),
    Run('student_coco', 'COCO-only student', 'unified/rtmpose_t_coco_synthetic.py', 140),
    Run('student_mpii', 'MPII-only student', 'unified/rtmpose_t_mpii_synthetic.py', 140),
    Run('student_joint', 'joint student', 'unified/rtmpose_t_joint_synthetic.py', 140),
    Run(
        'student_distill', 'distilled student', 'unified/unified_rtmpose_t_synthetic.py', 200, True
    ),
)


@dataclass(frozen=True)
class Study:
    """Where a study lies and how long it trains. Its data lie in ``data/synthetic``.

    Args:
        folder: Work directory; every run has a folder in it.
        tools: Folder of the command line tools.
        seed: Seed of every training.
        processes: Processes of every training and test.
        length: Factor on the samples per epoch of every config.
    """

    folder: Path
    tools: Path
    seed: int = 0
    processes: int = 2
    length: float = 1.0

    def jobs(self, runs: Sequence[Run] = RUNS) -> Iterator[Job]:
        """Trainings, each followed by its test."""
        for run in runs:
            yield self._training(run)
            yield self._test(run)

    def metrics(self, runs: Sequence[Run] = RUNS) -> dict[str, Mapping[str, float]]:
        """Test results by the run's name."""
        return {run.name: json.loads(self._metrics_file(run).read_text()) for run in runs}

    def work_dir(self, run: Run) -> Path:
        return self.folder / run.name

    def checkpoint(self, run: Run) -> Path:
        """The last checkpoint of a finished training."""
        epochs = Config.fromfile(cfg(run.config)).train_cfg.max_epochs
        return self.work_dir(run) / f'epoch_{epochs}.pth'

    def _metrics_file(self, run: Run) -> Path:
        return self.work_dir(run) / 'metrics.json'

    def _training(self, run: Run) -> Job:
        config = Config.fromfile(cfg(run.config))
        loader = config.train_dataloader
        epoch_length = round(loader.sampler.epoch_length * self.length)
        iterations = (
            config.train_cfg.max_epochs * epoch_length // (loader.batch_size * self.processes)
        )
        work_dir = self.work_dir(run)
        options = [
            f'randomness.seed={self.seed}',
            f'train_dataloader.sampler.epoch_length={epoch_length}',
        ]
        if run.distilled:
            options += [
                f'model.teachers.{name}.checkpoint={self._teacher(name)}' for name in TEACHERS
            ]
        return self._job(
            f'train the {run.title}',
            ('dist_train.sh', cfg(run.config), str(self.processes), '--work-dir', str(work_dir))
            + ('--resume', '--cfg-options', *options),
            work_dir / 'train.log',
            expected_s=run.train_s * self.length,
            fraction=lambda: training_fraction(work_dir, iterations),
        )

    def _test(self, run: Run) -> Job:
        work_dir = self.work_dir(run)
        return self._job(
            f'test the {run.title} on COCO, MPII and Halpe',
            ('dist_test.sh', cfg(run.config), str(self.checkpoint(run)), str(self.processes))
            + ('--work-dir', str(work_dir), '--out', str(self._metrics_file(run))),
            work_dir / 'test.log',
            expected_s=_TEST_S,
        )

    def _job(self, name: str, command: Sequence[str], log: Path, **progress: Any) -> Job:
        script, *arguments = command
        return Job(
            name,
            ('bash', str(self.tools / script), *arguments),
            log,
            # One thread per process: more of them wait for each other. The environment need not be
            # activated, so that `python` may be another one.
            env=(('OMP_NUM_THREADS', '1'), ('PYTHON', sys.executable)),
            **progress,
        )

    def _teacher(self, name: str) -> Path:
        return self.checkpoint(next(run for run in RUNS if run.name == f'teacher_{name}'))
