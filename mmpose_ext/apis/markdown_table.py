"""Cells and lines of the tables that studies print."""

from collections.abc import Sequence

import numpy as np


def cell(values: np.ndarray) -> str:
    """One value, or mean ± standard deviation of several, (N,)."""
    if len(values) == 1:
        return f'{values[0]:.2f}'
    return f'{values.mean():.2f} ± {values.std(ddof=1):.2f}'


def markdown_line(cells: Sequence[str]) -> str:
    """A row of a Markdown table."""
    return f'| {" | ".join(cells)} |'
