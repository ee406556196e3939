"""Moving keypoints from one skeleton to another, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Any, Literal, TypeVar

import numpy as np
import torch

from .skeleton import Skeleton, mirror_name

Array = TypeVar('Array', np.ndarray, torch.Tensor)
Row = tuple[tuple[int, float], ...]
VisibilityRule = Literal['min', 'all', 'any']

# Two of MPII's joints are midpoints of others, so they can be had from any skeleton that has the
# others.
MIDPOINTS = {'pelvis': ('left_hip', 'right_hip'), 'thorax': ('left_shoulder', 'right_shoulder')}


@dataclass(frozen=True)
class KeypointMap:
    """An affine map from the keypoints of one skeleton to those of another, immutable.

    Each target keypoint is a copy of one source keypoint (one-to-one), a weighted mean of several
    (derived), or unmapped. A map that would turn left into right cannot be made. Serves NumPy and
    PyTorch alike.

    Args:
        source: Skeleton with K_src keypoints.
        target: Skeleton with K_dst keypoints.
        rows: For each target keypoint its (source index, weight) pairs: weights sum to 1; empty if
            unmapped.
        visibility: When a derived keypoint is visible: ``'min'`` as its least visible source,
            ``'all'`` the product of its sources (MMPose's rule), ``'any'`` as its most visible
            source, the mean then being over the visible ones.
    """

    source: Skeleton
    target: Skeleton
    rows: tuple[Row, ...]
    visibility: VisibilityRule = 'min'

    def __post_init__(self) -> None:
        if self.visibility not in ('min', 'all', 'any'):
            raise ValueError(
                f"got visibility rule {self.visibility!r}, expected 'min', 'all' or 'any'"
            )
        if len(self.rows) != self.target.num_keypoints:
            raise ValueError(
                f'{self._title}: got {len(self.rows)} rows '
                f'for {self.target.num_keypoints} keypoints'
            )
        for name, row in zip(self.target.keypoints, self.rows):
            self._check_row(name, row)
        self._check_flip()

    @classmethod
    def between(
        cls,
        source: Skeleton,
        target: Skeleton,
        derive: bool = False,
        aliases: Mapping[str, str] | None = None,
        visibility: VisibilityRule = 'min',
    ) -> KeypointMap:
        """The map that joins keypoints of the same canonical name.

        Args:
            source: Skeleton to map from.
            target: Skeleton to map to.
            derive: Also give the target its pelvis and thorax as midpoints of hips and of
                shoulders, where the source has no such keypoint of its own.
            aliases: Further pairs source name -> target name.
            visibility: Rule of derived keypoints.

        Raises:
            ValueError: If an alias names an unknown keypoint or exchanges left and right.
        """
        known = {source.canonical(name): name for name in source.keypoints}
        joints: dict[str, Any] = {}
        for name in target.keypoints:
            canonical = target.canonical(name)
            if canonical in known:
                joints[name] = known[canonical]
            elif derive and canonical in MIDPOINTS and known.keys() >= set(MIDPOINTS[canonical]):
                joints[name] = tuple(known[side] for side in MIDPOINTS[canonical])
        joints |= {end: start for start, end in (aliases or {}).items()}
        return cls.from_names(source, target, joints, visibility)

    @classmethod
    def from_names(
        cls,
        source: Skeleton,
        target: Skeleton,
        joints: Mapping[str, str | tuple[str, ...]],
        visibility: VisibilityRule = 'min',
    ) -> KeypointMap:
        """The map given by hand.

        Args:
            source: Skeleton to map from.
            target: Skeleton to map to.
            joints: Target name -> source name, or several source names to take the mean of.
            visibility: Rule of derived keypoints.
        """
        rows: list[Row] = [()] * target.num_keypoints
        for name, sources in joints.items():
            sources = (sources,) if isinstance(sources, str) else tuple(sources)
            rows[target.index(name)] = tuple(
                (source.index(other), 1 / len(sources)) for other in sources
            )
        return cls(source, target, tuple(rows), visibility)

    @cached_property
    def matrix(self) -> np.ndarray:
        """The map as a matrix (K_dst, K_src) float32, read-only. Rows sum to 1 or are zero."""
        matrix = np.zeros((self.target.num_keypoints, self.source.num_keypoints), np.float32)
        for i, row in enumerate(self.rows):
            for j, weight in row:
                matrix[i, j] = weight
        matrix.setflags(write=False)
        return matrix

    @cached_property
    def mapped(self) -> np.ndarray:
        """Which target keypoints the source supplies, (K_dst,) bool, read-only."""
        return self._flags(lambda row: len(row) > 0)

    @cached_property
    def derived(self) -> np.ndarray:
        """Which target keypoints are means of several others, (K_dst,) bool, read-only."""
        return self._flags(lambda row: len(row) > 1)

    @property
    def source_indices(self) -> tuple[int, ...]:
        """For each target keypoint its one source keypoint; -1 where unmapped or derived."""
        return tuple(row[0][0] if len(row) == 1 else -1 for row in self.rows)

    def pairs(self) -> list[tuple[int, int]]:
        """The one-to-one part as (source index, target index), in target order."""
        return [(j, i) for i, j in enumerate(self.source_indices) if j >= 0]

    def apply(self, keypoints: Array, visible: Array) -> tuple[Array, Array]:
        """Map coordinates and visibilities.

        Args:
            keypoints: Shape (..., K_src, D).
            visible: Shape (..., K_src).

        Returns:
            tuple: Keypoints (..., K_dst, D) and visibilities (..., K_dst). Unmapped keypoints are 0
                and invisible.
        """
        self._check_length('keypoints', keypoints.shape, axis=-2)
        self._check_length('visible', visible.shape, axis=-1)
        values = self._gather(keypoints.swapaxes(-1, -2), _mean)
        if self.visibility == 'any':
            for i, row in enumerate(self.rows):
                if len(row) > 1:
                    values[..., i] = _visible_mean(keypoints, visible, row)
        return values.swapaxes(-1, -2), self._gather(visible, self._combine)

    def apply_scores(self, scores: Array) -> Array:
        """Map confidences (..., K_src) to (..., K_dst), combined as visibilities are."""
        self._check_length('scores', scores.shape, axis=-1)
        return self._gather(scores, self._combine)

    def inverse(self) -> KeypointMap:
        """The map back, of the one-to-one keypoints only.

        Raises:
            ValueError: If two target keypoints copy the same source keypoint.
        """
        rows: list[Row] = [()] * self.source.num_keypoints
        for j, i in self.pairs():
            if rows[j]:
                raise ValueError(
                    f'{self._title} copies {self.source.keypoints[j]!r} twice, it has no inverse'
                )
            rows[j] = ((i, 1.0),)
        return KeypointMap(self.target, self.source, tuple(rows), self.visibility)

    def subset(self, names: Iterable[str]) -> KeypointMap:
        """The same map with only these target keypoints mapped."""
        kept = set(self.target.indices(names))
        return replace(
            self, rows=tuple(row if i in kept else () for i, row in enumerate(self.rows))
        )

    @cached_property
    def _columns(self) -> tuple[list[int], list[int]]:
        """Target and source indices of the one-to-one part."""
        pairs = self.pairs()
        return [i for _, i in pairs], [j for j, _ in pairs]

    @property
    def _title(self) -> str:
        return f'map from {self.source.name!r} to {self.target.name!r}'

    def _flags(self, test: Any) -> np.ndarray:
        flags = np.array([test(row) for row in self.rows], bool)
        flags.setflags(write=False)
        return flags

    def _gather(self, values: Array, combine: Any) -> Array:
        """Fill (..., K_dst) from (..., K_src). Never reads what is unmapped: it may be NaN."""
        result = _zeros(values, self.target.num_keypoints)
        ends, starts = self._columns
        result[..., ends] = _as_floating(values)[..., starts]
        for i, row in enumerate(self.rows):
            if len(row) > 1:
                result[..., i] = combine(
                    [values[..., j] for j, _ in row], [weight for _, weight in row]
                )
        return result

    def _combine(self, parts: list[Array], weights: list[float]) -> Array:
        library: Any = np if isinstance(parts[0], np.ndarray) else torch
        rules = {'min': library.minimum, 'any': library.maximum, 'all': lambda a, b: a * b}
        return reduce(rules[self.visibility], parts)

    def _check_length(self, what: str, shape: tuple[int, ...], axis: int) -> None:
        if len(shape) < -axis or shape[axis] != self.source.num_keypoints:
            raise ValueError(
                f'{self._title}: got {what} of shape {tuple(shape)}, '
                f'expected {self.source.num_keypoints} in axis {axis}'
            )

    def _check_row(self, name: str, row: Row) -> None:
        for j, _ in row:
            if not 0 <= j < self.source.num_keypoints:
                raise ValueError(
                    f'{self._title}: {name!r} reads index {j} '
                    f'of {self.source.num_keypoints} keypoints'
                )
        if row and abs(sum(weight for _, weight in row) - 1) > 1e-6:
            raise ValueError(
                f'{self._title}: weights of {name!r} are {[w for _, w in row]}, expected a sum of 1'
            )
        other = self.source.keypoints[row[0][0]] if len(row) == 1 else ''
        if (
            other
            and mirror_name(other) != other
            and name.split('_')[0] == mirror_name(other).split('_')[0]
        ):
            raise ValueError(f'{self._title} exchanges left and right: {other!r} feeds {name!r}')

    def _check_flip(self) -> None:
        """Flip, then map must equal map, then flip, wherever both sides are mapped."""
        source_flip, target_flip = self.source.flip_indices, self.target.flip_indices
        for i, row in enumerate(self.rows):
            name = self.target.keypoints[i]
            if target_flip[i] == i and mirror_name(name) != name:
                continue  # The target has one side of it only, so nothing can be exchanged.
            mirror = self.rows[target_flip[i]]
            if row and mirror and {(source_flip[j], weight) for j, weight in row} != set(mirror):
                names = [self.source.keypoints[j] for j, _ in row]
                raise ValueError(
                    f'{self._title} exchanges left and right: '
                    f'{self.target.keypoints[i]!r} from {names}, but its mirror image from '
                    f' {[self.source.keypoints[j] for j, _ in mirror]}'
                )


def _as_floating(values: Array) -> Array:
    if isinstance(values, np.ndarray):
        return values if np.issubdtype(values.dtype, np.floating) else values.astype(np.float32)
    return values if values.is_floating_point() else values.float()


def _zeros(values: Array, length: int) -> Array:
    values = _as_floating(values)
    shape = (*values.shape[:-1], length)
    return (
        np.zeros(shape, values.dtype) if isinstance(values, np.ndarray) else values.new_zeros(shape)
    )


def _mean(parts: list[Array], weights: list[float]) -> Array:
    return reduce(lambda a, b: a + b, [part * weight for part, weight in zip(parts, weights)])


def _visible_mean(keypoints: Array, visible: Array, row: Row) -> Array:
    shares = [(visible[..., j] > 0) * weight for j, weight in row]
    total = reduce(lambda a, b: a + b, shares)
    total = total + (total == 0)
    parts = [
        keypoints[..., j, :] * (share / total)[..., None] for (j, _), share in zip(row, shares)
    ]
    return reduce(lambda a, b: a + b, parts)
