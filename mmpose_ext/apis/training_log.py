"""What a running or finished training has written into its log."""

import re
from pathlib import Path

_ITERATED = re.compile(rb'Iter\(train\) +\[ *(\d+)/(\d+)\]')
_TRAINED = re.compile(rb'Epoch\(train\) +\[ *(\d+)\]\[ *(\d+)/(\d+)\]')
# More than what MMEngine writes between two of its lines on progress.
_TAIL_BYTES = 200_000


def training_fraction(log: Path, epochs: int) -> float:
    """How much of a training of so many epochs is done, 0 to 1, by the last line of its log."""
    found = _found(_TRAINED, log)
    if not found:
        return 0.0
    epoch, iteration, length = found
    return (epoch - 1 + iteration / length) / epochs


def iteration_fraction(log: Path) -> float:
    """How much of a training that counts iterations is done, 0 to 1, by its log."""
    found = _found(_ITERATED, log)
    return found[0] / found[1] if found else 0.0


def _found(pattern: re.Pattern[bytes], log: Path) -> list[int]:
    """Numbers of the last match in a log, none if there is no match."""
    if not log.exists():
        return []
    with log.open('rb') as file:
        file.seek(max(log.stat().st_size - _TAIL_BYTES, 0))
        found = pattern.findall(file.read())
    return [int(number) for number in found[-1]] if found else []
