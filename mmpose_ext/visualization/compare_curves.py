"""Curves of several trainings in one picture."""

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from mmpose_ext.engine.hooks.curves_hook import read_curves


def compare_curves(
    tables: Mapping[str, Path], names: Mapping[str, tuple[str, ...]], picture: Path
) -> None:
    """Draw the same quantities of several runs side by side, one panel per quantity.

    Args:
        tables: ``curves.csv`` of each run, by the run's label.
        names: For each panel, by its title, the names under which runs may log it.
        picture: PNG file to write.

    Raises:
        ValueError: If no run has logged a panel's quantity.
    """
    figure = Figure(figsize=(5 * len(names), 4), layout='constrained')
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    runs = {label: read_curves(table) for label, table in tables.items()}
    for axes, (title, logged) in zip(panels, names.items()):
        for label, rows in runs.items():
            points = [(row['iteration'], row['value']) for row in rows if row['name'] in logged]
            if points:
                axes.plot(*zip(*sorted(points)), label=label, marker='.')
        if not axes.lines:
            raise ValueError(f'no run of {list(runs)} has logged {logged}')
        axes.set(title=title, xlabel='iteration')
        axes.grid(alpha=0.3)
        axes.legend(fontsize='x-small')
    figure.savefig(picture, dpi=100)
