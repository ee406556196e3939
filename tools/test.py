"""Test a model: ``python tools/test.py CONFIG CHECKPOINT [flags]``."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab
import mmengine
from mmengine.config import Config
from mmengine.dist import master_only
from mmengine.evaluator import DumpResults
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmpose_ext.engine.command_line import (
    add_common_arguments,
    default_hook,
    leave_process_group,
    merge_common_arguments,
)
from mmpose_ext.engine.config_checks import ConfigError, check_dataset_type, check_files
from mmpose_ext.engine.hooks import CheckWeightsHook


class SaveMetricsHook(Hook):
    """Write the metrics of a test to a file (json, yaml or pkl)."""

    def __init__(self, file: str) -> None:
        self.file = file

    @master_only
    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        Path(self.file).parent.mkdir(parents=True, exist_ok=True)
        mmengine.dump(metrics, self.file)


class DumpPredictionsHook(Hook):
    """Write all predictions to a pickle, whatever the evaluator is made of."""

    def __init__(self, file: str) -> None:
        self.metric = DumpResults(file)

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs: Sequence = ()
    ) -> None:
        self.metric.process(data_batch, [sample.to_dict() for sample in outputs])

    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        self.metric.evaluate(len(runner.test_dataloader.dataset))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Test a model.')
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', help='write the metrics to this file (json, yaml or pkl)')
    parser.add_argument('--dump', help='write the predictions to this file (pkl)')
    parser.add_argument('--badcase', action='store_true', help='save the worst predictions')
    add_common_arguments(parser)
    return parser.parse_args()


def merge_arguments(config: Config, arguments: argparse.Namespace) -> None:
    config.load_from = arguments.checkpoint
    merge_common_arguments(config, arguments)
    if arguments.badcase:
        _analyse_bad_cases(config, arguments)
    if arguments.dump is not None and not arguments.dump.endswith(('.pkl', '.pickle')):
        raise ConfigError(f'--dump got {arguments.dump!r}, expected a name ending with .pkl')
    if arguments.cfg_options is not None:
        config.merge_from_dict(arguments.cfg_options)


def _analyse_bad_cases(config: Config, arguments: argparse.Namespace) -> None:
    hook = default_hook(config, 'badcase', 'BadCaseAnalysisHook')
    kind = hook.get('metric_type', 'loss')
    if kind not in ('loss', 'accuracy'):
        raise ConfigError(
            f'default_hooks.badcase.metric_type got {kind!r}, expected loss or accuracy'
        )
    hook.update(enable=True, show=arguments.show, interval=arguments.interval)
    if arguments.show:
        hook.wait_time = arguments.wait_time
        # The window belongs to the bad cases.
        config.default_hooks.visualization.show = False
        config.default_hooks.visualization.enable = arguments.show_dir is not None
    if kind == 'loss' and not hook.get('metric') and 'head' not in config.model:
        raise ConfigError(
            f'--badcase got model {config.model.type!r} without a head, expected a '
            'TopdownPoseEstimator or default_hooks.badcase.metric'
        )
    if not hook.get('metric'):
        hook.metric = config.model.head.loss if kind == 'loss' else config.test_evaluator


def check(config: Config) -> None:
    check_dataset_type(config)
    check_files(config, ['test_dataloader', 'test_evaluator'])
    if '://' not in config.load_from and not Path(config.load_from).exists():
        raise ConfigError(f'the checkpoint {config.load_from} does not exist')


def main() -> None:
    arguments = parse_arguments()
    try:
        config = Config.fromfile(arguments.config)
        merge_arguments(config, arguments)
        check(config)
    except (ConfigError, FileNotFoundError) as error:
        _end_with(error)
    test(config, arguments)
    leave_process_group()


def test(config: Config, arguments: argparse.Namespace) -> None:
    runner = Runner.from_cfg(config)
    runner.register_hook(CheckWeightsHook())
    if arguments.out:
        runner.register_hook(SaveMetricsHook(arguments.out), 'LOWEST')
    if arguments.dump:
        runner.register_hook(DumpPredictionsHook(arguments.dump), 'LOWEST')
    try:
        runner.test()
    except ConfigError as error:
        _end_with(ConfigError(f'{config.load_from}: {error}'))


def _end_with(error: Exception) -> NoReturn:
    # Of several processes, one tells the user.
    sys.exit(f'error: {error}' if os.environ.get('RANK', '0') == '0' else 1)


if __name__ == '__main__':
    main()
