import contextlib
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TIMEOUT_S = 300
STARTED: list[subprocess.Popen] = []


@pytest.fixture(autouse=True)
def _nothing_runs_on():
    yield
    while STARTED:
        process = STARTED.pop()
        if process.poll() is None:
            kill(process)


def start(config: Path, work_dir: Path, processes: int, *flags: str) -> subprocess.Popen:
    tools = ROOT / 'tools'
    tool = [sys.executable, tools / 'train.py', config]
    if processes > 1:
        tool = [tools / 'dist_train.sh', config, str(processes)]
    variables = dict(
        OMP_NUM_THREADS='1',
        PYTHON=sys.executable,
        PYTHONPATH=f'{ROOT}{os.pathsep}{HERE}',
    )
    process = subprocess.Popen(
        [*map(str, tool), '--work-dir', str(work_dir), *flags],
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        stdout=(work_dir.parent / f'{work_dir.name}.txt').open('a'),
        stderr=subprocess.STDOUT,
    )
    STARTED.append(process)
    return process


def finish(process: subprocess.Popen, work_dir: Path) -> None:
    code = process.wait(TIMEOUT_S)
    assert code == 0, (work_dir.parent / f'{work_dir.name}.txt').read_text()[-3000:]


def kill(process: subprocess.Popen) -> None:
    """Kill -9 a process and all that it has started, in whatever session.

    The processes of torchrun have sessions of their own: they would survive it and finish.
    """
    lines = subprocess.check_output(['ps', '-eo', 'pid=,ppid='], text=True).splitlines()
    parents = dict(map(int, line.split()) for line in lines)
    family = {process.pid}
    while new := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= new
    for pid in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def kill_after(point: str, process: subprocess.Popen, work_dir: Path) -> None:
    """Kill -9 everything once the curve has a point (phase, epoch, iteration)."""
    deadline = time.monotonic() + TIMEOUT_S
    curves = work_dir / 'curves.csv'
    while not curves.exists() or point not in curves.read_text():
        assert process.poll() is None, (work_dir.parent / f'{work_dir.name}.txt').read_text()[
            -3000:
        ]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    kill(process)


def leaves(node):
    """All values of nested dicts and lists in order, tensors as the bytes of their numbers."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from leaves(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from leaves(value)
    else:
        yield node.numpy().tobytes() if isinstance(node, torch.Tensor) else node


@pytest.mark.slow
@pytest.mark.parametrize('processes', [1, 2])
def test_a_killed_training_ends_like_an_uninterrupted_one(toy_config, tmp_path, processes):
    # Slow enough to be killed in the middle of an epoch.
    flags = ('--cfg-options', 'train_dataloader.dataset.seconds=0.03')
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'

    reference = start(toy_config, whole, processes, *flags)
    first = start(toy_config, killed, processes, *flags)
    kill_after('train,2,', first, killed)
    assert not (killed / 'epoch_2.pth').exists()
    finish(start(toy_config, killed, processes, '--resume', *flags), killed)
    finish(reference, whole)

    assert_same_end(whole, killed, 'epoch_3.pth')


@pytest.fixture
def streams_config(tmp_path) -> Path:
    config = tmp_path / 'streams.py'
    config.write_text((HERE / 'toy_streams_config.py').read_text())
    return config


@pytest.mark.slow
@pytest.mark.parametrize('processes', [1, 2])
def test_a_killed_training_on_several_streams_ends_like_an_uninterrupted_one(
    streams_config, tmp_path, processes
):
    flags = ('--cfg-options', 'train_dataloader.dataset.seconds=0.03')
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'

    reference = start(streams_config, whole, processes, *flags)
    first = start(streams_config, killed, processes, *flags)
    # Between two checkpoints, and in the middle of every stream.
    kill_after('train,1,12,', first, killed)
    assert (killed / 'iter_10.pth').exists() and not (killed / 'iter_15.pth').exists()
    finish(start(streams_config, killed, processes, '--resume', *flags), killed)
    log = (tmp_path / 'killed.txt').read_text()
    assert 'resumed epoch: 0, iter: 10' in log and 'do not match' not in log
    finish(reference, whole)

    end = assert_same_end(whole, killed, 'iter_25.pth')
    # The learning rates fall at the same validations, each by its own factor.
    rates = {name: part['param_groups'][0]['lr'] for name, part in end['optimizer'].items()}
    falls = round(math.log(rates['generator'] / 0.03, 0.5))
    assert falls >= 1
    assert rates['discriminator'] == pytest.approx(0.1 * 0.1**falls)


def assert_same_end(whole: Path, killed: Path, checkpoint: str) -> dict:
    """Require the same checkpoint and curves; returns the checkpoint."""
    expected, result = (torch.load(folder / checkpoint) for folder in (whole, killed))
    assert expected.keys() == result.keys()
    for part in expected.keys() - {'meta', 'message_hub'}:
        assert list(leaves(result[part])) == list(leaves(expected[part])), part
    for key in ('iter', 'epoch', 'best_score', 'best_ckpt'):
        values = [c['message_hub']['runtime_info'].get(key) for c in (expected, result)]
        assert str(values[0]).replace('whole', 'killed') == str(values[1])
    assert sorted(p.name for p in whole.glob('*.pth')) == sorted(
        p.name for p in killed.glob('*.pth')
    )
    assert (killed / 'curves.csv').read_text() == (whole / 'curves.csv').read_text()
    return expected
