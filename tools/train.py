"""Train a model: ``python tools/train.py CONFIG [flags]``."""

import argparse
import os
import sys
from pathlib import Path

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.runner import Runner, find_latest_checkpoint

from mmpose_ext.engine.command_line import (
    add_common_arguments,
    leave_process_group,
    merge_common_arguments,
)
from mmpose_ext.engine.config_checks import ConfigError, check_dataset_type, check_files


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Train a model.')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='continue from this checkpoint; without a value from the last one in the work '
        'directory, or from the start if there is none',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='train in mixed precision: float16 on GPUs, bfloat16 on processors',
    )
    parser.add_argument('--no-validate', action='store_true', help='do not validate')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by the true batch size over auto_scale_lr.base_batch_size',
    )
    add_common_arguments(parser)
    return parser.parse_args()


def merge_arguments(config: Config, arguments: argparse.Namespace) -> None:
    merge_common_arguments(config, arguments)
    if arguments.no_validate:
        config.val_cfg = config.val_dataloader = config.val_evaluator = None
    if arguments.amp:
        wrapper = config.optim_wrapper.get('type', 'OptimWrapper')
        if wrapper not in ('OptimWrapper', 'AmpOptimWrapper'):
            raise ConfigError(
                f'--amp got optim_wrapper.type {wrapper!r}, expected OptimWrapper or '
                'AmpOptimWrapper. With several optimizers, write AmpOptimWrapper in the config'
            )
        if get_device() == 'cpu':
            config.optim_wrapper.type = 'mmpose_ext.CPUAmpOptimWrapper'
            # Settings of float16, which bfloat16 does without.
            for name in ('loss_scale', 'dtype'):
                config.optim_wrapper.pop(name, None)
        else:
            config.optim_wrapper.type = 'AmpOptimWrapper'
            config.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if arguments.auto_scale_lr:
        if 'base_batch_size' not in config.get('auto_scale_lr', {}):
            raise ConfigError(
                f'{config.filename} has no auto_scale_lr, expected for example '
                'auto_scale_lr = dict(base_batch_size=256)'
            )
        config.auto_scale_lr.enable = True
    if arguments.resume is not None:
        config.resume = True
        config.load_from = None if arguments.resume == 'auto' else arguments.resume
    if arguments.cfg_options is not None:
        config.merge_from_dict(arguments.cfg_options)
    if 'preprocess_cfg' in config:
        config.model.setdefault('data_preprocessor', config.preprocess_cfg)


def check(config: Config) -> None:
    check_dataset_type(config)
    # Further loaders are in train_cfg.
    sections = ['model', 'train_dataloader', 'train_cfg']
    if config.get('val_cfg') is not None:
        sections += ['val_dataloader', 'val_evaluator']
    check_files(config, sections)
    checkpoint = config.get('load_from')
    if config.get('resume') and checkpoint is None:
        checkpoint = find_latest_checkpoint(config.work_dir)
    if checkpoint and '://' not in checkpoint and not Path(checkpoint).exists():
        others = sorted(str(path) for path in Path(config.work_dir).glob('*.pth'))
        raise ConfigError(
            f'the checkpoint to start from, {checkpoint}, does not exist. In '
            f'{config.work_dir} there are: {", ".join(others) or "no checkpoints"}'
        )


def main() -> None:
    arguments = parse_arguments()
    try:
        config = Config.fromfile(arguments.config)
        merge_arguments(config, arguments)
        check(config)
    except (ConfigError, FileNotFoundError) as error:
        # Of several processes, one tells the user.
        sys.exit(f'error: {error}' if os.environ.get('RANK', '0') == '0' else 1)
    Runner.from_cfg(config).train()
    leave_process_group()


if __name__ == '__main__':
    main()
