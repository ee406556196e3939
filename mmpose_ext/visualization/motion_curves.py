"""How far a predicted motion is from the true one, frame by frame."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from mmpose_ext.evaluation.functional import (
    acceleration,
    acceleration_error,
    consecutive_triples,
    mpjpe,
    pa_mpjpe,
)
from mmpose_ext.synthetic.files import write_atomically

_TRUTH = 'ground truth'
_COLUMNS = ('motion', 'frame', 'seconds', 'mpjpe', 'pa_mpjpe', 'accel', 'accel_err')
_PANELS = {
    'mpjpe': 'joint error (mm)',
    'accel': 'acceleration (mm/frame²)',
    'accel_err': 'acceleration error (mm/frame²)',
}


def motion_table(
    frames: Sequence[int],
    fps: float,
    motions: Mapping[str, np.ndarray],
    target: np.ndarray | None = None,
) -> list[dict[str, float | str]]:
    """Errors and accelerations of every frame of a track.

    Args:
        frames: Numbers of the F frames in the video, ascending. Accelerations are of frames that
            have both neighbours.
        fps: Frames per second of the video.
        motions: Predicted joints by the name of the method, (F, J, 3) in metres relative to a root.
        target: The true ones, same shape; frames without are NaN.

    Returns:
        A row per motion and frame with the keys ``motion, frame, seconds, mpjpe, pa_mpjpe, accel,
        accel_err``, in millimetres and millimetres per frame squared, NaN where unknown. The rows
        of the truth itself are those of the motion ``'ground truth'``.

    Raises:
        ValueError: If shapes differ, frames do not ascend, or a method is called like the truth.
    """
    frames = np.asarray(frames)
    if (np.diff(frames) <= 0).any():
        raise ValueError(f'frames got {frames.tolist()}, expected ascending numbers')
    if _TRUTH in motions:
        raise ValueError(f'motions got the name {_TRUTH!r}, which is that of the target')
    every = dict(motions) if target is None else {**motions, _TRUTH: target}
    rows: list[dict[str, float | str]] = []
    for name, points in every.items():
        points = np.asarray(points, np.float64)
        if len(points) != len(frames) or (target is not None and points.shape != target.shape):
            expected = 'one row per frame' if target is None else f'{target.shape}'
            raise ValueError(f'motion {name!r} got shape {points.shape}, expected {expected}')
        columns = dict(zip(_COLUMNS[3:], _columns(points, target, frames)))
        for row, frame in enumerate(frames.tolist()):
            values = {key: float(column[row]) for key, column in columns.items()}
            rows.append(dict(motion=name, frame=frame, seconds=frame / fps, **values))
    return rows


def save_motion_curves(
    path: str | Path, rows: Sequence[Mapping[str, float | str]], title: str = ''
) -> tuple[Path, Path]:
    """Write a table of :func:`motion_table` as CSV and as a picture.

    The picture has the joint error over time and, on one scale, the acceleration of each motion
    with that of the truth as a dashed line, and the acceleration error. The dotted line of the last
    panel is the error of a body that does not move, which is the truth's own acceleration.

    Args:
        path: The files without their suffix.
        rows: The table.
        title: Title of the picture.

    Returns:
        Paths of the ``.png`` and the ``.csv`` file.

    Raises:
        ValueError: If there are no rows.
    """
    if not rows:
        raise ValueError(f'{path}: got no frames, expected at least one')
    path = Path(path)
    picture, table = (path.with_name(f'{path.name}.{suffix}') for suffix in ('png', 'csv'))
    text = io.StringIO(newline='')
    writer = csv.DictWriter(text, _COLUMNS, lineterminator='\n')
    writer.writeheader()
    writer.writerows({**row, **_rounded(row)} for row in rows)
    write_atomically(table, text.getvalue().encode())
    content = io.BytesIO()
    _draw(rows, title).savefig(content, format='png', dpi=100)
    write_atomically(picture, content.getvalue())
    return picture, table


def _columns(
    points: np.ndarray, target: np.ndarray | None, frames: np.ndarray
) -> tuple[np.ndarray, ...]:
    unknown = np.full(len(points), np.nan)
    errors, aligned, accel, accel_errors = (unknown.copy() for _ in range(4))
    inner = np.flatnonzero(consecutive_triples(np.zeros(len(frames)), frames)) + 1
    accel[inner] = 1e3 * acceleration(points)[inner - 1]
    if target is not None:
        target = np.asarray(target, np.float64)
        known = np.isfinite(target).all((1, 2)) & np.isfinite(points).all((1, 2))
        errors[known] = 1e3 * mpjpe(points[known], target[known])
        aligned[known] = 1e3 * pa_mpjpe(points[known], target[known])
        accel_errors[inner] = 1e3 * acceleration_error(points, target)[inner - 1]
    return errors, aligned, accel, accel_errors


def _draw(rows: Sequence[Mapping[str, float | str]], title: str) -> Figure:
    figure = Figure(figsize=(9, 8), layout='constrained')
    panels = figure.subplots(len(_PANELS), 1, sharex=True)
    panels[1].sharey(panels[2])
    names = list(dict.fromkeys(row['motion'] for row in rows))
    for axes, (key, label) in zip(panels, _PANELS.items()):
        for index, name in enumerate(name for name in names if name != _TRUTH):
            own = [row for row in rows if row['motion'] == name]
            _plot(axes, own, key, name, color=f'C{index}')
            if key == 'mpjpe':
                _plot(axes, own, 'pa_mpjpe', f'{name}, aligned', color=f'C{index}', linestyle=':')
        truth = [row for row in rows if row['motion'] == _TRUTH]
        if truth and key == 'accel':
            _plot(axes, truth, 'accel', _TRUTH, color='black', linestyle='--')
        if truth and key == 'accel_err':
            _plot(axes, truth, 'accel', 'a body that stands still', color='black', linestyle=':')
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(fontsize='x-small', loc='upper right')
    panels[0].set_title(title)
    panels[-1].set_xlabel('time in the video (s); means are in the legends')
    return figure


def _plot(
    axes, rows: Sequence[Mapping[str, float | str]], key: str, name: str, **style: str
) -> None:
    values = np.array([row[key] for row in rows], float)
    if np.isnan(values).all():
        return
    # A line must not lead across frames that are missing.
    gaps = np.flatnonzero(np.diff([row['frame'] for row in rows]) > 1) + 1
    seconds = np.insert([row['seconds'] for row in rows], gaps, np.nan)
    label = f'{name}: {np.nanmean(values):.1f}'
    axes.plot(seconds, np.insert(values, gaps, np.nan), label=label, **style)


def _rounded(row: Mapping[str, float | str]) -> dict[str, str]:
    return {
        key: '' if np.isnan(row[key]) else f'{row[key]:.4f}' for key in ('seconds', *_COLUMNS[3:])
    }
