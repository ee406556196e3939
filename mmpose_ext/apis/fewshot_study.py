"""The third method's experiment on generated videos: from images to an adapted model."""

import functools
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from mmengine.config import Config

from mmpose_ext.apis.few_shot_grid import Arm, FewShotGrid
from mmpose_ext.apis.jobs import Job
from mmpose_ext.apis.study import Experiment
from mmpose_ext.apis.training_log import iteration_fraction
from mmpose_ext.config_path import cfg

# Where the *_synthetic configs look, from the folder the command is given in.
VIDEO_DATA = Path('data/synthetic_video')

_IMAGE_CONFIG = 'fewshot/image_hmr_synthetic.py'
_IMAGE_WEIGHTS = 'fewshot/image_hmr_synthetic.pth'
_STUDIO_TEST_CONFIG = 'fewshot/test_3dhp_synthetic.py'
_LOADERS = ('train_dataloader', 'train_cfg', 'val_dataloader', 'test_dataloader')
# Every tool loads PyTorch first.
_START_S = 5.0


class _Videos(NamedTuple):
    """A clip file: what the converter is told, and where its images lie below the data."""

    command: tuple[str, ...]
    root: str
    images: str | None


CLIPS = {
    'mpi_inf_3dhp_train': _Videos(('mpi_inf_3dhp',), 'mpi_inf_3dhp', 'mpi_inf_3dhp'),
    'mpi_inf_3dhp_test': _Videos(
        ('mpi_inf_3dhp_test',),
        'mpi_inf_3dhp/mpi_inf_3dhp_test_set',
        'mpi_inf_3dhp/mpi_inf_3dhp_test_set',
    ),
    '3dpw_validation': _Videos(('3dpw', '--split', 'validation'), '3DPW', '3DPW/imageFiles'),
    '3dpw_test': _Videos(('3dpw', '--split', 'test'), '3DPW', '3DPW/imageFiles'),
    'penn_action_train': _Videos(('penn_action',), 'Penn_Action', 'Penn_Action/frames'),
    'amass': _Videos(('amass',), 'amass', None),
}
"""The clip files of the study by their names."""

_WITH_BODIES = ('mpi_inf_3dhp', '3dpw')


class SourceModel(NamedTuple):
    """A model that is trained in the studio.

    Args:
        title: What a person reads.
        config: Shipped config.
        train_s: Expected seconds of training on 2 cores.
    """

    title: str
    config: str
    train_s: float


SOURCES = {
    'vibe': SourceModel('VIBE', 'fewshot/vibe_synthetic.py', 70),
    'metric': SourceModel('VIBE with metric loss', 'fewshot/metric_synthetic.py', 90),
}
"""Models of the studio by their names."""

ARMS = {
    'VIBE': 'fewshot/adapt_synthetic.py',
    'metric': 'fewshot/adapt_metric_synthetic.py',
}
"""Configs of the adaptations by the names of their arms."""


@dataclass(frozen=True)
class FewShotStudy(Experiment):
    """Generated videos of a studio and of the outdoors, and how one learns from both.

    Features are those of a network that was trained on single images of many people. On them VIBE
    is trained in the studio, with and without the metric loss, once per seed, and tested in both
    places. The first seed's VIBE is adapted to the outdoors with few clips, once per seed.

    Args:
        seeds: Seeds of the trainings, and of the shots.
        shots: Numbers of clips to adapt with.
        size: Size of the generated data, for ``make_synthetic.py``.
    """

    seeds: tuple[int, ...] = (0,)
    shots: tuple[int, ...] = (0, 8, 32)
    size: str = 'small'

    tested_on: ClassVar[str] = 'the outdoor test videos'
    test_s: ClassVar[float] = 15.0

    @property
    def features(self) -> Path:
        """Folder of the features of all frames."""
        return self.folder / 'features'

    def work_dir(self, name: str, seed: int) -> Path:
        """Folder of a model of :data:`SOURCES`."""
        return self.folder / f'seed_{seed}' / name

    def checkpoint(self, name: str, seed: int) -> Path:
        """The last checkpoint of a model of :data:`SOURCES`."""
        steps = self._steps(_config(SOURCES[name].config))
        return self.work_dir(name, seed) / f'iter_{steps}.pth'

    def source_results(self, name: str, place: str) -> list[Mapping[str, float]]:
        """Test results of a model of :data:`SOURCES`, one per seed.

        Args:
            name: Name of the model.
            place: ``'studio'`` or ``'outdoors'``.
        """
        return [self.result(f'seed_{seed}/{name}_{place}') for seed in self.seeds]

    @property
    def grid(self) -> FewShotGrid:
        """The adaptations."""
        return FewShotGrid(
            self.folder / 'adapt',
            self.tools,
            processes=self.processes,
            length=self.length,
            arms=tuple(
                Arm(name, config, tuple(self.options(_config(config))))
                for name, config in ARMS.items()
            ),
            shots=self.shots,
            seeds=self.seeds,
            source=self.checkpoint('vibe', self.seeds[0]),
            train_s=65,
        )

    def outdoor_models(self) -> dict[str, tuple[Config, Path]]:
        """Config and checkpoint of the source model and of each arm with the most shots."""
        grid = self.grid
        models = {'source model': (grid.arms[0].load(), grid.source)}
        for each in grid.cells():
            if each.k == max(grid.shots) and each.seed == grid.seeds[0]:
                (best,) = (grid.folder / each.name).glob('best_*.pth')
                models[f'{each.arm.name}, {each.k} clips'] = each.arm.load(), best
        return models

    def jobs(self) -> Iterator[Job]:
        """All steps in their order."""
        yield from self._data()
        yield from self._extractions()
        for seed in self.seeds:
            for name, model in SOURCES.items():
                yield self._training(name, model, seed)
                yield from self._tests(name, model, seed)
        yield from self.grid.jobs()

    def options(self, config: Config) -> list[str]:
        """Changes of a config of videos: this study's features, and the length of the schedule."""
        options = [
            f'{key}={self.features / Path(file).name}'
            for section in _LOADERS
            for key, file in _feature_files(config.get(section), section)
        ]
        steps = self._steps(config)
        if steps != config.train_cfg.max_iters:
            options += [
                f'param_scheduler.{part}.1.{key}={steps}'
                for part in config.param_scheduler
                for key in ('end', 'T_max')
            ]
        return options

    def _data(self) -> Iterator[Job]:
        yield self._tool(
            'generate videos of people',
            ('make_synthetic.py', 'video', '--out', str(VIDEO_DATA), '--size', self.size),
            'generate',
            60,
        )
        for name, (command, root, _) in CLIPS.items():
            body = ('--body-model', 'standin') if command[0] in _WITH_BODIES else ()
            yield self._tool(
                f'convert {name}',
                ('dataset_converters/convert_video.py', command[0], str(VIDEO_DATA / root))
                + (*command[1:], *body, '--out', str(_clip_file(name))),
                f'convert_{name}',
                _START_S,
            )

    def _extractions(self) -> Iterator[Job]:
        for name, videos in CLIPS.items():
            if videos.images is None:
                continue
            yield self._tool(
                f'extract the features of {name}',
                ('dataset_converters/extract_features.py', cfg(_IMAGE_CONFIG))
                + (cfg(_IMAGE_WEIGHTS), str(_clip_file(name)))
                + ('--data-root', str(VIDEO_DATA / videos.images))
                + ('--out', str(self.features / f'{name}.npy'))
                + ('--workers', str(self.processes)),
                f'extract_{name}',
                2 * _START_S,
            )

    def _training(self, name: str, model: SourceModel, seed: int) -> Job:
        config = _config(model.config)
        work_dir = self.work_dir(name, seed)
        log, steps = work_dir / 'train.log', self._steps(config)
        return self._job(
            f'train {model.title}, seed {seed}',
            ('dist_train.sh', cfg(model.config), str(self.processes), '--work-dir', str(work_dir))
            + ('--resume', '--no-validate', '--cfg-options', f'randomness.seed={seed}')
            + (f'train_cfg.max_iters={steps}',)
            + tuple(o for o in self.options(config) if not o.startswith(('val_', 'test_'))),
            log,
            expected_s=model.train_s * self.length,
            fraction=lambda: iteration_fraction(log),
        )

    def _tests(self, name: str, model: SourceModel, seed: int) -> Iterator[Job]:
        for place, config in (('studio', _STUDIO_TEST_CONFIG), ('outdoors', model.config)):
            result = f'seed_{seed}/{name}_{place}'
            yield self._job(
                f'test {model.title}, seed {seed}, {place}',
                ('dist_test.sh', cfg(config), str(self.checkpoint(name, seed)))
                + (str(self.processes), '--work-dir', str(self.folder / result))
                + ('--out', str(self._metrics_file(result)), '--cfg-options')
                + tuple(
                    option for option in self.options(_config(config)) if option.startswith('test_')
                ),
                self.folder / result / 'test.log',
                expected_s=self.test_s,
            )

    def _tool(self, name: str, words: Sequence[str], log: str, seconds: float) -> Job:
        tool, *arguments = words
        return Job(
            name,
            (sys.executable, str(self.tools / tool), *arguments),
            self.folder / 'logs' / f'{log}.log',
            seconds,
            env=(('OMP_NUM_THREADS', '1'),),
        )

    def _steps(self, config: Config) -> int:
        return max(1, round(config.train_cfg.max_iters * self.length))


@functools.cache
def _config(name: str) -> Config:
    return Config.fromfile(cfg(name))


def _clip_file(name: str) -> Path:
    return VIDEO_DATA / 'clips' / f'{name}.npz'


def _feature_files(node: Any, key: str) -> Iterator[tuple[str, str]]:
    """Keys of all files of features in a part of a config."""
    if not isinstance(node, Mapping):
        return
    for name, child in node.items():
        here = f'{key}.{name}'
        if name == 'feature_file':
            yield here, child
        else:
            yield from _feature_files(child, here)
