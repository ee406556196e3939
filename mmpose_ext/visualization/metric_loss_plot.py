"""Why a metric loss collapses, or does not, in one picture."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor


def draw_metric_losses(
    penalties: Mapping[str, Callable[[Tensor], Tensor]],
    curves: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]],
    label_value: float,
    picture: Path,
) -> None:
    """Draw penalties over R, and what features that follow them become.

    Args:
        penalties: Of ``log R``, by the name of the form.
        curves: Of each strategy, by the form, steps and distances within clips over those across.
        label_value: That ratio for the labels.
        picture: PNG file to write.
    """
    figure = Figure(figsize=(11, 3.6), layout='constrained')
    left, *others = figure.subplots(1, 1 + len(curves))
    # Forms that end at the same place are seen side by side: each is thinner than the one before.
    widths = {form: 1.2 + 0.8 * rank for rank, form in enumerate(reversed(penalties))}
    ratios = torch.logspace(-2, 2, 201, dtype=torch.double)
    for form, penalty in penalties.items():
        left.plot(ratios, penalty(ratios.log()), label=form)
    left.axvline(1, color='black', linestyle='--', linewidth=1)
    left.set(xscale='log', ylim=(-0.2, 6.5), xlabel='R (1: features as far apart as labels)')
    left.set(ylabel='penalty', title='penalty of a triplet')
    left.legend(fontsize='small', loc='upper left')
    for axes, (strategy, runs) in zip(others, curves.items()):
        for form in penalties:
            axes.plot(*zip(*runs[form]), linewidth=widths[form], label=form)
        axes.axhline(label_value, color='black', linestyle='--', linewidth=1, label='labels')
        axes.set(yscale='log', ylim=(5e-3, 0.6), xlabel='step')
        axes.set(title=f'positives: {strategy.replace("_", " ")}')
    others[0].set_ylabel('distance within clips / across clips')
    others[0].legend(fontsize='small', loc='center right')
    for axes in (left, *others):
        axes.grid(alpha=0.3)
    figure.savefig(picture, dpi=100)
