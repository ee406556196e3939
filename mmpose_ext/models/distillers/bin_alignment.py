import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Bins:
    """Equal bins along one image axis.

    Args:
        count: Number of bins.
        step: Width of a bin in pixels.
        first: Pixel coordinate of the first bin's centre.
    """

    count: int
    step: float
    first: float = 0.0

    def placed(self, scale: float, shift: float) -> 'Bins':
        """The same bins in the coordinates ``scale * pixel + shift``."""
        return Bins(self.count, self.step * scale, self.first * scale + shift)


class BinAlignment:
    """Carry probabilities from one grid of bins to another on the same axis.

    Where the bins coincide this is a slice, without any interpolation; otherwise each bin's mass is
    shared out by overlap. What falls outside the target grid is lost and reported.

    Args:
        source: Bins the probabilities are given on.
        target: Bins they are wanted on, in the same pixel coordinates.

    Raises:
        ValueError: If the grids do not overlap at all.
    """

    def __init__(self, source: Bins, target: Bins) -> None:
        offset = (target.first - source.first) / source.step
        self.is_exact = math.isclose(source.step, target.step, rel_tol=1e-6) and math.isclose(
            offset, round(offset), abs_tol=1e-4
        )
        self._slice = (round(offset), round(offset) + target.count)
        self._overlap = _overlap(source, target)
        if not self._overlap.any():
            raise ValueError(f'bins {source} got no overlap with {target}, expected some')

    def __call__(self, probabilities: Tensor) -> tuple[Tensor, Tensor]:
        """Align.

        Args:
            probabilities: Shape ``(..., source.count)``.

        Returns:
            The probabilities on the target's bins ``(..., target.count)``, summing to one (or all
            zero where no mass falls inside), and the mass that fell inside ``(...)``.
        """
        if self.is_exact:
            start, stop = self._slice
            count = probabilities.shape[-1]
            inside = probabilities[..., max(start, 0) : min(stop, count)]
            aligned = F.pad(inside, (max(-start, 0), max(stop - count, 0)))
        else:
            self._overlap = self._overlap.to(probabilities)
            aligned = probabilities @ self._overlap
        mass = aligned.sum(dim=-1)
        return aligned / mass.clamp(min=torch.finfo(mass.dtype).tiny).unsqueeze(-1), mass


def _overlap(source: Bins, target: Bins) -> Tensor:
    """Share of each source bin that lies in each target bin, ``(source.count, target.count)``."""
    source_edges, target_edges = (
        bins.first + bins.step * (torch.arange(bins.count + 1, dtype=torch.float64) - 0.5)
        for bins in (source, target)
    )
    start = torch.maximum(source_edges[:-1, None], target_edges[None, :-1])
    stop = torch.minimum(source_edges[1:, None], target_edges[None, 1:])
    return ((stop - start).clamp(min=0) / source.step).float()
