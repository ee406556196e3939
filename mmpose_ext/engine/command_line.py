"""The flags that ``tools/train.py`` and ``tools/test.py`` share."""

import argparse
import gc
import os
from pathlib import Path

import torch.distributed as dist
from mmengine.config import Config, DictAction

from mmpose_ext.engine.config_checks import ConfigError


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags that both tools know, under MMPose's names."""
    parser.add_argument('--work-dir', help='folder for logs, checkpoints and results')
    parser.add_argument(
        '--show-dir', help='save drawings of predictions in this folder below the work directory'
    )
    parser.add_argument('--show', action='store_true', help='show predictions in a window')
    parser.add_argument(
        '--interval', type=int, default=1, help='draw every n-th sample (default: %(default)s)'
    )
    parser.add_argument(
        '--wait-time',
        type=float,
        default=1,
        help='seconds that each window stays open (default: %(default)s)',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='change settings of the config, for example model.head.out_channels=21 '
        'key="[a,b]" key="[(a,b),(c,d)]"; lists are quoted and hold no spaces',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes (default: %(default)s)',
    )
    # torch.distributed.launch passes the second spelling since PyTorch 2, torchrun neither.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def merge_common_arguments(config: Config, arguments: argparse.Namespace) -> None:
    """Write launcher, work directory and drawing into the config.

    The work directory is the flag's, else the config's, else ``work_dirs/<name of the config>``.

    Raises:
        ConfigError: If drawing is asked for and the config has no hook for it.
    """
    os.environ.setdefault('LOCAL_RANK', str(arguments.local_rank))
    config.launcher = arguments.launcher
    if arguments.work_dir is not None:
        config.work_dir = arguments.work_dir
    elif config.get('work_dir') is None:
        config.work_dir = str(Path('work_dirs', Path(arguments.config).stem))
    if arguments.show or arguments.show_dir is not None:
        hook = default_hook(config, 'visualization', 'PoseVisualizationHook')
        hook.update(
            enable=True,
            show=arguments.show,
            out_dir=arguments.show_dir,
            interval=arguments.interval,
        )
        if arguments.show:
            hook.wait_time = arguments.wait_time


def leave_process_group() -> None:
    """End the communication between processes, where there is any; call it after success.

    Interpreters that exit beside the threads of gloo die now and then with ``terminate called
    without an active exception`` (exit code -6), so that the launcher takes a finished training for
    a failed one: such a thread frees its last tensor, wants the interpreter's lock for that, and
    CPython before 3.14 ends threads that want it at exit, which C++ does not survive. The threads
    end with the last reference to their group. The wrapped model has one, so nothing may refer to
    the runner any more. After an error threads may wait for other processes, and must be left.
    """
    if dist.is_available() and dist.is_initialized():
        # Runners, hooks and loops refer to each other.
        gc.collect()
        dist.destroy_process_group()


def default_hook(config: Config, name: str, hook_type: str) -> dict:
    """A default hook's settings, to be changed.

    Raises:
        ConfigError: If the config does not have the hook.
    """
    if name not in config.get('default_hooks', {}):
        raise ConfigError(
            f'{config.filename} has no default_hooks.{name}, expected '
            f"default_hooks = dict({name}=dict(type='{hook_type}', enable=False))"
        )
    return config.default_hooks[name]
