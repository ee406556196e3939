"""Curves of every training run as a table and a picture."""

import csv
import math
import time
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from numbers import Real
from pathlib import Path

from matplotlib.figure import Figure
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmpose_ext.registry import HOOKS

_COLUMNS = ('phase', 'epoch', 'iteration', 'name', 'value')
_NOT_RECORDED = ('time', 'data_time', 'memory', 'base_lr')
_PANELS = (
    'losses',
    'accuracy',
    'validation, 0 to 1',
    'validation',
    'learning rate',
    'gradient norm',
)
_COLUMNS_OF_PANELS = 3


@HOOKS.register_module()
class CurvesHook(Hook):
    """Leave ``curves.csv`` and ``curves.png`` in the work directory.

    The table has one row per value: ``phase`` (train, val), ``epoch``, ``iteration``, ``name``,
    ``value``. Training values are means over the last ``interval`` iterations. A resumed run drops
    the rows after the iteration at which it continues, and appends.

    Args:
        interval: Iterations between two points of a training curve.
        metrics: Patterns (as of a shell) of the validation metrics to draw; all are in the table.
            By default all are drawn.
        redraw_seconds: The picture is drawn again at most this often, and at the end.
    """

    # After LoggerHook and the validation of other hooks, so that slow drawing delays nothing.
    priority = 'VERY_LOW'

    def __init__(
        self,
        interval: int = 50,
        metrics: Sequence[str] = ('*',),
        redraw_seconds: float = 30.0,
    ) -> None:
        if interval < 1:
            raise ValueError(f'interval got {interval!r}, expected at least 1')
        self.interval = interval
        self.metrics = tuple(metrics)
        self.redraw_seconds = redraw_seconds
        self._drawn_at = -math.inf

    @master_only
    def before_train(self, runner: Runner) -> None:
        self._table = Path(runner.work_dir) / 'curves.csv'
        rows = read_curves(self._table) if self._table.exists() else []
        self._rows = [row for row in rows if row['iteration'] <= runner.iter]
        temporary = self._table.with_suffix('.csv.part')
        with temporary.open('w', newline='') as file:
            writer = csv.DictWriter(file, _COLUMNS)
            writer.writeheader()
            writer.writerows(self._rows)
        temporary.replace(self._table)

    @master_only
    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs: dict | None = None
    ) -> None:
        if self.every_n_train_iters(runner, self.interval):
            self._add_training_point(runner, runner.epoch + 1, runner.iter + 1, self.interval)

    @master_only
    def after_val_epoch(self, runner: Runner, metrics: Mapping[str, float] | None = None) -> None:
        # Validation without training (tools/test.py on the validation set) has no curve.
        if hasattr(self, '_table'):
            self._add('val', runner.epoch, runner.iter, metrics or {})

    @master_only
    def after_train(self, runner: Runner) -> None:
        left = runner.iter % self.interval
        if left:
            self._add_training_point(runner, runner.epoch, runner.iter, left)
        self._draw()

    def _add_training_point(self, runner: Runner, epoch: int, iteration: int, window: int) -> None:
        values = {
            name.removeprefix('train/'): buffer.mean(window)
            for name, buffer in runner.message_hub.log_scalars.items()
            if name.startswith('train/') and name.removeprefix('train/') not in _NOT_RECORDED
        }
        self._add('train', epoch, iteration, values)

    def _add(self, phase: str, epoch: int, iteration: int, values: Mapping) -> None:
        # A resumed run may validate its first epoch again.
        known = {
            row['name']
            for row in self._rows
            if (row['phase'], row['iteration']) == (phase, iteration)
        }
        rows = [
            dict(phase=phase, epoch=epoch, iteration=iteration, name=name, value=float(value))
            for name, value in values.items()
            if isinstance(value, Real) and name not in known
        ]
        self._rows.extend(rows)
        with self._table.open('a', newline='') as file:
            csv.DictWriter(file, _COLUMNS).writerows(rows)
        if time.monotonic() - self._drawn_at >= self.redraw_seconds:
            self._draw()

    def _draw(self) -> None:
        self._drawn_at = time.monotonic()
        draw_curves(self._rows, self._table.with_suffix('.png'), self.metrics)


def read_curves(table: Path) -> list[dict]:
    """Rows of a ``curves.csv``: dicts of phase, epoch, iteration, name and value.

    A last line that a kill cut short is left out.
    """
    with table.open(newline='') as file:
        rows = [row for row in csv.DictReader(file) if all(row.get(c) for c in _COLUMNS)]
    return [
        row
        | dict(epoch=int(row['epoch']), iteration=int(row['iteration']), value=float(row['value']))
        for row in rows
    ]


def draw_curves(rows: Sequence[Mapping], picture: Path, metrics: Sequence[str] = ('*',)) -> None:
    """Draw losses, other training values, and validation metrics side by side.

    Args:
        rows: As :func:`read_curves` returns them.
        picture: PNG file to write; replaced only when complete.
        metrics: Patterns of the validation metrics to draw.
    """
    curves: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for row in rows:
        if row['phase'] == 'train' or any(fnmatch(row['name'], pattern) for pattern in metrics):
            curve = curves.setdefault((row['phase'], row['name']), [])
            curve.append((row['iteration'], row['value']))
    panels: dict[str, dict[str, list]] = {panel: {} for panel in _PANELS}
    for (phase, name), points in curves.items():
        panels[_panel(phase, name, points)][name] = sorted(points)
    panels = {panel: named for panel, named in panels.items() if named}
    if not panels:
        return
    columns = min(len(panels), _COLUMNS_OF_PANELS)
    lines = math.ceil(len(panels) / columns)
    figure = Figure(figsize=(5 * columns, 3.6 * lines), layout='constrained')
    for axes, (panel, named) in zip(
        figure.subplots(lines, columns, squeeze=False).flat, panels.items()
    ):
        for name, points in named.items():
            axes.plot(*zip(*points), label=name, marker='.' if len(points) < 50 else None)
        axes.set(title=panel, xlabel='iteration')
        if panel == 'learning rate':
            axes.set_yscale('log')
        axes.grid(alpha=0.3)
        axes.legend(fontsize='x-small')
    for axes in figure.axes[len(panels) :]:
        axes.remove()
    temporary = picture.with_suffix('.part.png')
    figure.savefig(temporary, dpi=100)
    temporary.replace(picture)


def _panel(phase: str, name: str, points: Sequence[tuple[int, float]]) -> str:
    if phase == 'val':
        # AP is a fraction and PCK a percentage: in one panel the first would lie on the axis.
        return 'validation' if max(value for _, value in points) > 1 else 'validation, 0 to 1'
    if name == 'lr' or name.endswith('/lr'):
        return 'learning rate'
    if name == 'grad_norm':
        return 'gradient norm'
    return 'accuracy' if name.startswith('acc') else 'losses'
