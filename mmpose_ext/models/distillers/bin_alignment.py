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

    Where the bins coincide this is a slice, without any interpolation. Coarser bins are filled by
    overlap. For finer ones, logarithms are interpolated: sharing out the mass of a heatmap's bin
    would make a plateau several bins wide of every peak, and a student that learns it cannot know
    where on it the keypoint is. What falls outside the target grid is lost and reported.

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
        self._outside = self._overlap.sum(dim=0) == 0
        is_finer = not self.is_exact and target.step < source.step
        self._interpolation = _cubic_interpolation(source, target) if is_finer else None

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
        tiny = torch.finfo(mass.dtype).tiny
        if self._interpolation is None:
            return aligned / mass.clamp(min=tiny).unsqueeze(-1), mass
        logs = probabilities.clamp(min=tiny).log() @ self._interpolation.to(probabilities)
        outside = self._outside.to(logs.device)
        aligned = F.softmax(logs.masked_fill(outside, -torch.inf), dim=-1)
        return aligned * (mass > 0).unsqueeze(-1), mass


def _overlap(source: Bins, target: Bins) -> Tensor:
    """Share of each source bin that lies in each target bin, ``(source.count, target.count)``."""
    source_edges, target_edges = (
        bins.first + bins.step * (torch.arange(bins.count + 1, dtype=torch.float64) - 0.5)
        for bins in (source, target)
    )
    start = torch.maximum(source_edges[:-1, None], target_edges[None, :-1])
    stop = torch.minimum(source_edges[1:, None], target_edges[None, 1:])
    return ((stop - start).clamp(min=0) / source.step).float()


def _cubic_interpolation(source: Bins, target: Bins) -> Tensor:
    """Weights of the values at the source's centres in those at the target's, ``(source, target)``.

    Keys' cubic convolution (1981), which reproduces parabolas, thus the logarithm of a Gaussian.
    """
    centres = target.first + target.step * torch.arange(target.count, dtype=torch.float64)
    places = (centres - source.first) / source.step
    weights = torch.zeros(source.count, target.count, dtype=torch.float64)
    columns = torch.arange(target.count)
    for tap in (-1, 0, 1, 2):
        nodes = places.floor() + tap
        distance = (places - nodes).abs()
        near = 1.5 * distance**3 - 2.5 * distance**2 + 1
        far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
        rows = nodes.long().clamp(0, source.count - 1)
        weights.index_put_((rows, columns), torch.where(distance <= 1, near, far), accumulate=True)
    return weights.float()
