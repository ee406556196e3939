"""Measure two implementations of the same work side by side.

Both sides run in one process, taking turns, so that a busy machine or a changing clock speed
hits them alike; medians are compared. Import it from a script in this folder::

    from _harness import compare
    compare('rasterizer', ours=lambda: ..., peer=lambda: ..., target='<= 6 ms', repeats=50)
"""

import json
import statistics
import time
from collections.abc import Callable


def compare(
    name: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    target: str,
    repeats: int = 20,
    warmup: int = 2,
    items: int | None = None,
) -> dict:
    """Time both sides, print a table and, as the last line, one JSON object.

    Args:
        name: What is measured.
        ours: One unit of work by this package.
        peer: The same work by the implementation it is compared with.
        target: The goal in words, for example ``'<= 6 ms'`` or ``'>= 2 x peer'``.
        repeats: Timed calls of each side; must be at least 1.
        warmup: Calls of each side before timing (compilation, caches).
        items: Things one call handles. If given, results are in items per second (more is
            better), else in milliseconds per call (less is better).

    Returns:
        The printed object: ``benchmark, ours, peer, ratio, target``, where ``ratio`` is ours
        divided by the peer's, in the printed unit.

    Raises:
        ValueError: If ``repeats`` is less than 1.
    """
    if repeats < 1:
        raise ValueError(f'repeats got {repeats!r}, expected at least 1')
    sides = {'ours': ours, 'peer': peer}
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for call in range(warmup + repeats):
        # The order changes every round, so that neither side always finds the other's caches.
        for side in sorted(sides, reverse=call % 2 == 1):
            start = time.perf_counter()
            sides[side]()
            if call >= warmup:
                seconds[side].append(time.perf_counter() - start)
    unit = 'ms' if items is None else 'items/s'
    values = {side: sorted(_convert(times, items)) for side, times in seconds.items()}
    return report(name, values['ours'], values['peer'], target, unit)


def report(name: str, ours: list[float], peer: list[float], target: str, unit: str) -> dict:
    """Print the table and the JSON line for numbers that were measured elsewhere.

    Args:
        name: What was measured.
        ours: This package's measurements.
        peer: The peer's measurements in the same unit.
        target: The goal in words.
        unit: Unit of both.

    Returns:
        The printed object, see :func:`compare`.
    """
    print(f'\n{name} ({unit}, {len(ours)} runs each, taking turns)')
    print(f'{"":6}{"median":>12}{"best":>12}{"worst":>12}')
    for side, values in (('ours', ours), ('peer', peer)):
        ends = sorted((min(values), max(values)), reverse=unit != 'ms')
        print(f'{side:6}{statistics.median(values):12.3f}{ends[0]:12.3f}{ends[1]:12.3f}')
    medians = statistics.median(ours), statistics.median(peer)
    result = {
        'benchmark': name,
        'ours': round(medians[0], 4),
        'peer': round(medians[1], 4),
        'ratio': round(medians[0] / medians[1], 4),
        'target': target,
    }
    print(json.dumps(result), flush=True)
    return result


def _convert(seconds: list[float], items: int | None) -> list[float]:
    return [1e3 * s if items is None else items / s for s in seconds]
