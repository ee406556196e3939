"""What offline tools share: worker processes, shards, and checking files that were made before."""

import argparse
import contextlib
import json
import multiprocessing
import os
import signal
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import cv2
import torch

Task = TypeVar('Task')
Result = TypeVar('Result')

_READ_BYTES = 1 << 22


def map_tasks(
    work: Callable[[Task], Result], tasks: Iterable[Task], count: int, workers: int
) -> Iterator[Result]:
    """Do tasks in worker processes, each with one thread.

    One thread, so that the number of workers is the number of busy cores and sums are added up in
    one order: results do not depend on the number of workers.

    Args:
        work: Does a task. Sent to every worker once; what it caches in itself stays there.
        tasks: Small, picklable.
        count: Number of tasks.
        workers: Number of processes; 0 works in this one.

    Yields:
        The results, in the order they come.
    """
    if workers == 0 or count == 0:
        with _one_thread():
            yield from map(work, tasks)
        return
    for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
        os.environ[name] = '1'
    known = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context('forkserver' if 'forkserver' in known else 'spawn')
    if 'forkserver' in known:
        context.set_forkserver_preload([__name__, work.__module__])
    with context.Pool(min(workers, count), _start_worker, (work,)) as pool:
        yield from pool.imap_unordered(_do, tasks)


def parse_shard(text: str) -> tuple[int, int]:
    """Read the ``I/N`` of a command line: number of the shard, from 0, and number of shards."""
    index, _, number = text.partition('/')
    if not (index.isdigit() and number.isdigit() and int(index) < int(number)):
        raise argparse.ArgumentTypeError(f'got {text!r}, expected I/N with 0 <= I < N')
    return int(index), int(number)


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a record of finished work; None if there is none.

    Raises:
        ValueError: If it is damaged.
    """
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError(f'{path} is damaged ({error}), remove its folder') from error


def file_crc32(path: Path) -> int | None:
    """CRC-32 of a file, read in pieces; None if there is none."""
    checksum = 0
    try:
        with path.open('rb') as file:
            while piece := file.read(_READ_BYTES):
                checksum = zlib.crc32(piece, checksum)
    except FileNotFoundError:
        return None
    return checksum


_work: Callable[[Any], Any] | None = None


def _start_worker(work: Callable[[Any], Any]) -> None:
    global _work
    # Ctrl-C reaches the whole group of processes; the parent ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    _work = work


def _do(task: Any) -> Any:
    return _work(task)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
