"""Run commands one after the other, say what runs and how long is left, continue after a stop."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

_POLL_S = 0.5
_PLAIN_LINE_EVERY_S = 15.0
_LOG_TAIL_LINES = 25
# The first of torchrun's lines on a process that failed.
_TORCHRUN = '] failed (exitcode: '
_LEAST_SHARE = 0.2


class JobFailedError(RuntimeError):
    """A command of the list ended with a non-zero exit code."""


@dataclass(frozen=True)
class Job:
    """One command of a longer run.

    Args:
        name: What a person reads while it runs, for example ``'train the COCO teacher'``.
        command: Program and arguments, or a function that returns them once the jobs before it are
            done. A job whose stamp holds the same command is not run again.
        log: Where its output goes. The stamp lies beside it with the suffix ``.done``.
        expected_s: Seconds it takes on the reference machine; only the progress line uses it.
        fraction: Returns how much is done, 0 to 1. Elapsed time is used where absent.
        env: Variables added to the environment.
    """

    name: str
    command: tuple[str, ...] | Callable[[], tuple[str, ...]]
    log: Path
    expected_s: float
    fraction: Callable[[], float] | None = None
    env: tuple[tuple[str, str], ...] = ()

    @property
    def stamp(self) -> Path:
        return self.log.with_suffix('.done')

    @property
    def words(self) -> tuple[str, ...]:
        return self.command() if callable(self.command) else self.command

    @property
    def signature(self) -> str:
        return shlex.join(self.words)

    def is_done(self) -> bool:
        return self.stamp.exists() and self.stamp.read_text().splitlines()[0] == self.signature

    def seconds(self) -> float:
        """Seconds the finished job took, from its stamp."""
        return float(self.stamp.read_text().splitlines()[1])


class ProgressLine:
    """One line that is rewritten on a terminal, and printed now and then elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.interactive = self.stream.isatty()
        self._last = -float('inf')

    def show(self, text: str, force: bool = False) -> None:
        if self.interactive:
            self.stream.write(f'\r\x1b[2K{text}')
        elif force or time.monotonic() - self._last >= _PLAIN_LINE_EVERY_S:
            self._last = time.monotonic()
            self.stream.write(f'{text}\n')
        self.stream.flush()

    def finish(self, text: str) -> None:
        self.stream.write(f'\r\x1b[2K{text}\n' if self.interactive else f'{text}\n')
        self.stream.flush()
        self._last = -float('inf')


def run_jobs(jobs: Sequence[Job], stream: TextIO | None = None) -> None:
    """Run ``jobs`` in order and show what is running and the time left.

    A job that ended well leaves a stamp, so that the same call after a kill starts with the first
    unfinished one. Ctrl-C stops the running command with all its child processes.

    Args:
        jobs: Commands in the order to run them.
        stream: Where the progress goes; standard output by default.

    Raises:
        JobFailedError: If a command fails; the message holds the end of its log.
    """
    line = ProgressLine(stream)
    # Their ratio says how much slower or faster this machine is than the expected times.
    spent = expected = 0.0
    for number, job in enumerate(jobs, 1):
        head = f'[{number}/{len(jobs)}] {job.name}'
        if job.is_done():
            line.finish(f'{head}: done before')
            continue
        later = sum(other.expected_s for other in jobs[number:] if not other.is_done())
        for elapsed in _run(job):
            done = job.fraction() if job.fraction else elapsed / job.expected_s
            done = min(max(done, 0.0), 0.99)
            # A job's own speed counts once enough of it has run.
            total = elapsed / done if done > 0.1 else max(job.expected_s, elapsed)
            pace = (spent + total) / (expected + job.expected_s)
            line.show(
                f'{head}: {done:4.0%}, {_minutes(elapsed)} gone, '
                f'about {_minutes(total - elapsed + later * pace)} left in all'
            )
        # A command that found its work done says nothing about the machine.
        if job.seconds() > _LEAST_SHARE * job.expected_s:
            spent, expected = spent + job.seconds(), expected + job.expected_s
        line.finish(f'{head}: done in {_minutes(job.seconds())}')


def _run(job: Job) -> Iterator[float]:
    """Run one command; yields the elapsed seconds now and then while it runs."""
    job.log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with job.log.open('ab') as log:
        log.write(f'$ {job.signature}\n'.encode())
        log.flush()
        # A session of its own, so that launchers and data workers stop with it.
        process = subprocess.Popen(
            job.words,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **dict(job.env)},
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                yield time.monotonic() - started
                time.sleep(_POLL_S)
        finally:
            if process.poll() is None:
                _stop(process)
    if process.returncode != 0:
        tail = '\n'.join(_end_of_log(job.log))
        raise JobFailedError(
            f'{job.name!r} ended with exit code {process.returncode}. Command:\n'
            f'  {job.signature}\nEnd of {job.log}:\n{tail}'
        )
    job.stamp.write_text(f'{job.signature}\n{time.monotonic() - started:.1f}\n')


def _end_of_log(log: Path) -> list[str]:
    """The last lines of a failed command, without torchrun's many on its own end."""
    lines = log.read_text(errors='replace').splitlines()
    begin = max(index for index, line in enumerate(lines) if line.startswith('$ '))
    end = next((n for n, line in enumerate(lines) if n > begin and _TORCHRUN in line), len(lines))
    return lines[begin + 1 : end][-_LOG_TAIL_LINES:]


def _stop(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _minutes(seconds: float) -> str:
    return f'{int(seconds) // 60}:{int(seconds) % 60:02d}'
