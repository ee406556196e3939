"""A method's experiment: several trainings, their tests, on two cores or more."""

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from mmengine.config import Config

from mmpose_ext.apis.jobs import Job
from mmpose_ext.apis.training_log import training_fraction
from mmpose_ext.config_path import cfg


@dataclass(frozen=True)
class Run:
    """One model of a study.

    Args:
        name: Name of its folder and of its rows in the tables.
        title: What a person reads while it runs.
        config: Shipped config.
        train_s: Expected seconds of training on 2 cores with the config's own epochs.
        distilled: Whether the study's teachers teach it.
    """

    name: str
    title: str
    config: str
    train_s: float
    distilled: bool = False


@dataclass(frozen=True)
class Experiment:
    """Where an experiment lies, and how its trainings and tests are started.

    Args:
        folder: Work directory; every run has a folder in it.
        tools: Folder of the command line tools.
        seed: Seed of every training.
        processes: Processes of every training and test.
        length: Factor on the length of every training.
    """

    folder: Path
    tools: Path
    seed: int = 0
    processes: int = 2
    length: float = 1.0

    tested_on: ClassVar[str]
    test_s: ClassVar[float]

    def result(self, name: str) -> Mapping[str, float]:
        """The result of one test."""
        return json.loads(self._metrics_file(name).read_text())

    def _metrics_file(self, name: str) -> Path:
        return self.folder / name / 'metrics.json'

    def _test(
        self, name: str, title: str, config: str, checkpoint: Path, options: Sequence[str] = ()
    ) -> Job:
        folder = self.folder / name
        changes = ('--cfg-options', *options) if options else ()
        return self._job(
            f'test the {title} on {self.tested_on}',
            ('dist_test.sh', cfg(config), str(checkpoint), str(self.processes))
            + ('--work-dir', str(folder), '--out', str(self._metrics_file(name)), *changes),
            folder / 'test.log',
            expected_s=self.test_s,
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


@dataclass(frozen=True)
class Study(Experiment, ABC):
    """One training of each of several models, each followed by its test."""

    runs: ClassVar[tuple[Run, ...]]

    @abstractmethod
    def schedule(self, config: Config) -> list[str]:
        """Options that make a training ``length`` times as long as its config says."""

    @abstractmethod
    def teachers(self) -> list[str]:
        """Options that name the study's teachers to a distilled run."""

    def epochs(self, config: Config) -> int:
        """Epochs of a training."""
        return config.train_cfg.max_epochs

    def jobs(self) -> Iterator[Job]:
        """Trainings, each followed by its test."""
        for run in self.runs:
            yield self._training(run)
            yield self._test(run.name, run.title, run.config, self.checkpoint(run))

    def metrics(self) -> dict[str, Mapping[str, float]]:
        """Test results by the run's name."""
        return {run.name: self.result(run.name) for run in self.runs}

    def run(self, name: str) -> Run:
        """The run of a name."""
        return next(run for run in self.runs if run.name == name)

    def work_dir(self, run: Run) -> Path:
        """The folder of a run."""
        return self.folder / run.name

    def checkpoint(self, run: Run) -> Path:
        """The last checkpoint of a finished training."""
        epochs = self.epochs(Config.fromfile(cfg(run.config)))
        return self.work_dir(run) / f'epoch_{epochs}.pth'

    def _training(self, run: Run) -> Job:
        config = Config.fromfile(cfg(run.config))
        epochs, work_dir = self.epochs(config), self.work_dir(run)
        log = work_dir / 'train.log'
        options = [f'randomness.seed={self.seed}', *self.schedule(config)]
        if run.distilled:
            options += self.teachers()
        return self._job(
            f'train the {run.title}',
            ('dist_train.sh', cfg(run.config), str(self.processes), '--work-dir', str(work_dir))
            + ('--resume', '--cfg-options', *options),
            log,
            expected_s=run.train_s * self.length,
            fraction=lambda: training_fraction(log, epochs),
        )
