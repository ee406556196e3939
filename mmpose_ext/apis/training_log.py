"""What a running or finished training has written into its log."""

import re
from pathlib import Path

_TRAINED = re.compile(rb'Epoch\(train\) +\[ *(\d+)\]\[ *(\d+)/(\d+)\]')
# More than what MMEngine writes between two of its lines on progress.
_TAIL_BYTES = 200_000


def training_fraction(log: Path, epochs: int) -> float:
    """How much of a training of so many epochs is done, 0 to 1, by the last line of its log."""
    if not log.exists():
        return 0.0
    with log.open('rb') as file:
        file.seek(max(log.stat().st_size - _TAIL_BYTES, 0))
        found = _TRAINED.findall(file.read())
    if not found:
        return 0.0
    epoch, iteration, length = (int(number) for number in found[-1])
    return (epoch - 1 + iteration / length) / epochs
