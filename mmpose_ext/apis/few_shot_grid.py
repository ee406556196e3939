"""Few-shot trainings over numbers of shots, seeds and arms, each followed by its test."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from mmengine.config import Config, DictAction

from mmpose_ext.apis.jobs import Job, run_jobs
from mmpose_ext.apis.study import Experiment
from mmpose_ext.apis.training_log import iteration_fraction
from mmpose_ext.config_path import cfg
from mmpose_ext.synthetic.files import write_atomically

CHECKPOINTS = ('best', 'last')
_SUBSET = 'FewShotSubset'


@dataclass(frozen=True)
class Arm:
    """One way to adapt.

    Args:
        name: Name in folders, tables and pictures.
        config: Config file, or the name of a shipped one.
        options: Changes of the config for training and test, ``key=value``.
    """

    name: str
    config: str
    options: tuple[str, ...] = ()

    @property
    def config_file(self) -> str:
        """Absolute path of the config."""
        file = Path(self.config)
        return str(file.resolve()) if file.is_file() else cfg(self.config)

    def load(self) -> Config:
        """The config with its changes."""
        config = Config.fromfile(self.config_file)
        pairs = (option.split('=', 1) for option in self.options)
        config.merge_from_dict({key: DictAction._parse_iterable(value) for key, value in pairs})
        return config


@dataclass(frozen=True)
class Cell:
    """One training of the grid and its test.

    Args:
        arm: How it adapts.
        k: Number of shots; 0 is the source model, which is only tested.
        seed: Seed of shots and training; None for 0 shots, where nothing depends on it.
    """

    arm: Arm
    k: int
    seed: int | None

    @property
    def name(self) -> str:
        """Name of its folder."""
        seed = '' if self.seed is None else f'_seed{self.seed}'
        return f'{self.arm.name}_k{self.k}{seed}'

    @property
    def title(self) -> str:
        """What a person reads while it runs."""
        seed = '' if self.seed is None else f', seed {self.seed}'
        return f'{self.arm.name} with {self.k} shots{seed}'


@dataclass(frozen=True)
class FewShotGrid(Experiment):
    """The cells (arm, k, seed) of a few-shot study.

    All arms of one (k, seed) get the same shots, through one manifest, and the same seed, so that
    their differences are paired. Every ``FewShotSubset`` in an arm's config gets the cell's ``k``,
    seed and manifest; the model starts from the source checkpoint.

    Args:
        arms: The arms; differences are to the first one.
        shots: Numbers of shots.
        seeds: Seeds of the shots and of the trainings.
        source: Checkpoint of the model to adapt.
        checkpoint: What to test, the ``'best'`` checkpoint on the held-out clips or the ``'last'``.
        train_s: Expected seconds of a training.

    Raises:
        ValueError: If arms, shots or seeds are missing or come twice, or ``checkpoint`` is unknown.
    """

    arms: tuple[Arm, ...] = ()
    shots: tuple[int, ...] = (0, 50, 100, 200)
    seeds: tuple[int, ...] = (0, 1, 2)
    source: Path = Path('source.pth')
    checkpoint: str = 'best'
    train_s: float = 600.0

    tested_on: ClassVar[str] = 'the test set'
    test_s: ClassVar[float] = 60.0

    def __post_init__(self) -> None:
        if self.checkpoint not in CHECKPOINTS:
            raise ValueError(f'checkpoint got {self.checkpoint!r}, expected one of {CHECKPOINTS}')
        names = [arm.name for arm in self.arms]
        for what, values in (('arms', names), ('shots', self.shots), ('seeds', self.seeds)):
            if not values or len(set(values)) < len(values):
                raise ValueError(f'{what} got {list(values)}, expected some, each once')
        if min(self.shots) < 0:
            raise ValueError(f'shots got {list(self.shots)}, expected numbers from 0 on')

    def cells(self) -> Iterator[Cell]:
        """All cells, small ``k`` first, the arms of one (k, seed) one after the other."""
        for k in sorted(self.shots):
            for seed in self.seeds if k else (None,):
                for arm in self.arms:
                    yield Cell(arm, k, seed)

    def jobs(self) -> Iterator[Job]:
        """A training and a test of each cell.

        Raises:
            ValueError: If an arm's config has no ``FewShotSubset``.
        """
        for cell in self.cells():
            if cell.k:
                yield self._training(cell)
            yield self._cell_test(cell)

    def run(self, run: Callable[[Sequence[Job]], None] = run_jobs) -> None:
        """Do what is not done yet.

        Args:
            run: What runs the jobs.

        Raises:
            ValueError: If the folder holds cells of other arms, another source or length.
        """
        self._check_settings()
        run(list(self.jobs()))

    def results(self) -> list[tuple[Cell, Mapping[str, float]]]:
        """Cells that have been tested, and their metrics."""
        return [
            (cell, self.result(cell.name))
            for cell in self.cells()
            if self._metrics_file(cell.name).exists()
        ]

    def manifest(self, cell: Cell) -> Path:
        """The file that names the shots of a cell; its arms share it."""
        return self.folder / 'shots' / f'k{cell.k}_seed{cell.seed}.json'

    def _check_settings(self) -> None:
        """Cells that are kept must be what the same command would make now."""
        file = self.folder / 'grid.json'
        arms = {arm.name: [arm.config_file, *arm.options] for arm in self.arms}
        now = dict(
            source=str(Path(self.source).resolve()),
            checkpoint=self.checkpoint,
            length=self.length,
            processes=self.processes,
        )
        before = json.loads(file.read_text()) if file.exists() else dict(arms={}, **now)
        for name in now.keys() & before.keys():
            if now[name] != before[name]:
                raise ValueError(
                    f'{self.folder} holds trainings with {name} {before[name]!r}, got '
                    f'{now[name]!r}: name another folder'
                )
        for name in arms.keys() & before['arms'].keys():
            if arms[name] != before['arms'][name]:
                raise ValueError(
                    f'{self.folder} holds an arm {name!r} of {before["arms"][name]}, got '
                    f'{arms[name]}: name the arm or the folder otherwise'
                )
        content = dict(arms={**before['arms'], **arms}, **now)
        write_atomically(file, json.dumps(content, indent=1).encode())

    def _training(self, cell: Cell) -> Job:
        config = cell.arm.load()
        subsets = list(_subsets(config.to_dict(), ''))
        if not subsets:
            raise ValueError(f'{cell.arm.config} has no {_SUBSET}, expected one to give k shots to')
        work_dir = self.folder / cell.name
        log = work_dir / 'train.log'
        options = [f'randomness.seed={cell.seed}', *self._schedule(config)]
        # Not load_from: with --resume it would be the run to continue.
        options += ['model.init_cfg.type=Pretrained', f'model.init_cfg.checkpoint={self.source}']
        for key in subsets:
            options += [
                f'{key}.k={cell.k}',
                f'{key}.seed={cell.seed}',
                f'{key}.manifest={self.manifest(cell)}',
            ]
        return self._job(
            f'train {cell.title}',
            ('dist_train.sh', cell.arm.config_file, str(self.processes), '--work-dir')
            + (str(work_dir), '--resume', '--cfg-options', *cell.arm.options, *options),
            log,
            expected_s=self.train_s * self.length,
            fraction=lambda: iteration_fraction(log),
        )

    def _schedule(self, config: Config) -> list[str]:
        """Options that make a training ``length`` times as long."""
        if self.length == 1:
            return []
        return [
            f'train_cfg.{name}={max(1, round(config.train_cfg[name] * self.length))}'
            for name in ('max_iters', 'val_interval')
            if name in config.train_cfg
        ]

    def _cell_test(self, cell: Cell) -> Job:
        def test(checkpoint: Path) -> Job:
            title = f'{cell.title}:' if cell.k else f'source model as {cell.arm.name}'
            arm = cell.arm
            return self._test(cell.name, title, arm.config_file, checkpoint, arm.options)

        if not cell.k:
            return test(self.source)
        # Which checkpoint is the best is known after the training.
        return replace(test(Path()), command=lambda: test(self._trained(cell)).words)

    def _trained(self, cell: Cell) -> Path:
        """The checkpoint of a finished training that is to be tested."""
        folder = self.folder / cell.name
        if self.checkpoint == 'last':
            return Path((folder / 'last_checkpoint').read_text().strip())
        found = sorted(folder.glob('best_*.pth'))
        if len(found) != 1:
            raise FileNotFoundError(
                f'{folder} has {len(found)} files best_*.pth, expected one: set '
                "default_hooks.checkpoint.save_best in the config, or checkpoint='last'"
            )
        return found[0]


def _subsets(node: Any, key: str) -> Iterator[str]:
    """Keys of all shot subsets in a config."""
    if isinstance(node, Mapping):
        if str(node.get('type', '')).rpartition('.')[2] == _SUBSET:
            yield key
        children = node.items()
    elif isinstance(node, (list, tuple)):
        children = enumerate(node)
    else:
        return
    for name, child in children:
        yield from _subsets(child, f'{key}.{name}' if key else str(name))
