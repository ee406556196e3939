"""What a keypoint is: names, sides, links and scales of one annotation convention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .metainfo import read_metainfo, side_color, write_metainfo


@dataclass(frozen=True)
class Skeleton:
    """The keypoints of one dataset, in its own order and under its own names. Immutable, checked.

    MMPose's ``parse_pose_metainfo`` accepts a metainfo with 22 sigmas for 21 keypoints or a
    one-sided swap; here such a skeleton cannot be made.

    Args:
        name: Name of the convention, also the ``dataset_name`` of its metainfo.
        keypoints: K unique names, in annotation order.
        swaps: Pairs of names exchanged by a horizontal flip; left first where names carry a side.
        links: Pairs of names to draw a limb between.
        upper: Names of the upper body.
        lower: Names of the lower body. A name in neither (fingers, face contour) counts for
            neither.
        joint_weights: K loss weights, positive.
        sigmas: K scales of object keypoint similarity, positive.
        aliases: Pairs (own name, canonical name) for keypoints that another skeleton calls
            differently.
    """

    name: str
    keypoints: tuple[str, ...]
    swaps: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    upper: frozenset[str]
    lower: frozenset[str]
    joint_weights: tuple[float, ...]
    sigmas: tuple[float, ...]
    aliases: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        self._check_keypoints()
        self._check_names('swaps', [name for pair in self.swaps for name in pair], unique=True)
        self._check_sides()
        self._check_names('links', [name for pair in self.links for name in pair])
        self._check_names('upper and lower', [*self.upper, *self.lower], unique=True)
        self._check_values('joint_weights', self.joint_weights)
        self._check_values('sigmas', self.sigmas)
        self._check_names('aliases', [own for own, _ in self.aliases], unique=True)
        repeated = _repeated(self.canonical(name) for name in self.keypoints)
        if repeated:
            raise ValueError(
                f'skeleton {self.name!r}: aliases give {repeated} to several keypoints'
            )

    @property
    def num_keypoints(self) -> int:
        """Number of keypoints K."""
        return len(self.keypoints)

    @property
    def flip_indices(self) -> list[int]:
        """For each keypoint the index of its mirror image, itself if it lies on the centre line."""
        mirror = dict(self.swaps) | {right: left for left, right in self.swaps}
        return [self.index(mirror.get(name, name)) for name in self.keypoints]

    @property
    def colors(self) -> np.ndarray:
        """Drawing colours (K, 3) uint8: green left, orange right, blue centre."""
        return np.array([side_color(self, name) for name in self.keypoints], np.uint8)

    def index(self, name: str) -> int:
        """Index of a keypoint.

        Raises:
            ValueError: If the skeleton has no such keypoint.
        """
        if name not in self._index:
            raise ValueError(
                f'skeleton {self.name!r} has no keypoint {name!r}, '
                f'expected one of {list(self.keypoints)}'
            )
        return self._index[name]

    def indices(self, names: Iterable[str]) -> list[int]:
        """Indices of several keypoints, in the order of ``names``."""
        return [self.index(name) for name in names]

    def canonical(self, name: str) -> str:
        """The name under which other skeletons know this keypoint."""
        return self._canonical.get(name, name)

    def subset(self, names: Iterable[str], name: str | None = None) -> Skeleton:
        """The skeleton of some of the keypoints, in the order of ``names``.

        A keypoint that loses its mirror image flips to itself.
        """
        names = tuple(names)
        indices = self.indices(names)
        kept = set(names)
        return Skeleton(
            name=name or f'{self.name}_subset',
            keypoints=names,
            swaps=tuple(pair for pair in self.swaps if kept.issuperset(pair)),
            links=tuple(pair for pair in self.links if kept.issuperset(pair)),
            upper=self.upper & kept,
            lower=self.lower & kept,
            joint_weights=tuple(self.joint_weights[i] for i in indices),
            sigmas=tuple(self.sigmas[i] for i in indices),
            aliases=tuple(pair for pair in self.aliases if pair[0] in kept),
        )

    def metainfo(self, sigmas: str | None = None) -> dict[str, Any]:
        """The ``METAINFO`` of an MMPose dataset with this skeleton.

        Args:
            sigmas: A named sigma set (see :data:`SIGMA_SETS`); the skeleton's own if omitted.
        """
        return write_metainfo(self, sigmas)

    @classmethod
    def from_metainfo(cls, metainfo: Mapping[str, Any]) -> Skeleton:
        """Read and check an MMPose metainfo, raw (``METAINFO``) or parsed (``dataset.metainfo``).

        Raises:
            ValueError: If lengths, ids, swaps or links do not agree.
        """
        return cls(**read_metainfo(metainfo))

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.keypoints)}

    @cached_property
    def _canonical(self) -> dict[str, str]:
        return dict(self.aliases)

    def _check_keypoints(self) -> None:
        if not self.keypoints:
            raise ValueError(f'skeleton {self.name!r} has no keypoints')
        repeated = _repeated(self.keypoints)
        if repeated:
            raise ValueError(f'skeleton {self.name!r}: keypoints {repeated} are repeated')

    def _check_names(self, entry: str, names: list[str], unique: bool = False) -> None:
        unknown = sorted(set(names) - set(self.keypoints))
        if unknown:
            raise ValueError(
                f'skeleton {self.name!r}: {entry} name {unknown}, '
                f'expected names of {list(self.keypoints)}'
            )
        repeated = _repeated(names)
        if unique and repeated:
            raise ValueError(f'skeleton {self.name!r}: {entry} repeat {repeated}')

    def _check_sides(self) -> None:
        swapped = {frozenset(pair) for pair in self.swaps}
        for pair in self.swaps:
            sided = [name for name in pair if mirror_name(name) != name]
            if sided and pair[1] != mirror_name(pair[0]):
                raise ValueError(
                    f'skeleton {self.name!r}: swap {pair} '
                    'does not pair a left name with its right one'
                )
            if sided and not pair[0].startswith('left_'):
                raise ValueError(
                    f'skeleton {self.name!r}: swap {pair} is not in the order (left, right)'
                )
        for name in self.keypoints:
            other = mirror_name(name)
            if (
                other != name
                and other in self.keypoints
                and frozenset((name, other)) not in swapped
            ):
                raise ValueError(
                    f'skeleton {self.name!r}: {name!r} and {other!r} are missing from the swaps'
                )

    def _check_values(self, entry: str, values: tuple[float, ...]) -> None:
        if len(values) != self.num_keypoints:
            raise ValueError(
                f'skeleton {self.name!r}: got {len(values)} {entry} '
                f'for {self.num_keypoints} keypoints'
            )
        for name, value in zip(self.keypoints, values):
            if not (np.isfinite(value) and value > 0):
                raise ValueError(
                    f'skeleton {self.name!r}: {entry} of {name!r} is {value!r}, '
                    'expected a positive number'
                )


def mirror_name(name: str) -> str:
    """``left_x`` for ``right_x`` and the reverse; a name without a side is its own mirror."""
    if name.startswith('left_'):
        return f'right_{name.removeprefix("left_")}'
    if name.startswith('right_'):
        return f'left_{name.removeprefix("right_")}'
    return name


def _repeated(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)
