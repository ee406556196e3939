"""What all tests share."""

import functools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from mmengine.registry import DefaultScope

import mmpose_ext  # noqa: F401  its cures are for all tests

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True, scope='session')
def _one_thread():
    """Tests run in parallel processes; results do not depend on the number of cores."""
    torch.set_num_threads(1)


def _restore_default_scope() -> Iterator[None]:
    before = dict(DefaultScope._instance_dict)
    yield
    DefaultScope._instance_dict.clear()
    DefaultScope._instance_dict.update(before)


# A runner sets the scope of bare names for the whole process; no test may depend on another's.
_after_each_file = pytest.fixture(_restore_default_scope, autouse=True, scope='module')
_after_each_test = pytest.fixture(_restore_default_scope, autouse=True)


@pytest.fixture(scope='session')
def interruptible() -> Callable[[], None]:
    """``preexec_fn`` of a process that Ctrl-C is to stop.

    Shells start what they put in the background with the signal ignored, and tests may run there.
    """
    return functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope='session')
def repository() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope='session')
def run_command() -> Callable[..., subprocess.CompletedProcess]:
    """Run a command as a user would, with this Python, and return output and exit code.

    ``python`` as the first word is replaced by the interpreter of the tests. Keyword arguments go
    to ``subprocess.run``; ``environment`` is added to the variables.
    """

    def run(
        *command: str | Path, environment: dict | None = None, check: bool = True, **kwargs
    ) -> subprocess.CompletedProcess:
        words = [str(word) for word in command]
        if words[0] == 'python':
            words[0] = sys.executable
        variables = {
            'PATH': f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}',
            'OMP_NUM_THREADS': '1',
            'PYTHONPATH': str(ROOT),
        }
        kwargs.setdefault('timeout', 300)
        result = subprocess.run(
            words,
            env=os.environ | variables | (environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            **kwargs,
        )
        if check and result.returncode != 0:
            output = f'{result.stdout[-3000:]}\n{result.stderr[-5000:]}'
            pytest.fail(f'{words} ended with {result.returncode}:\n{output}')
        return result

    return run
