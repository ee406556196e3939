"""What a keypoint is: names, sides, links and scales of one annotation convention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

LEFT_COLOR = (0, 255, 0)
RIGHT_COLOR = (255, 128, 0)
CENTRE_COLOR = (51, 153, 255)


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
        left = {pair[0] for pair in self.swaps}
        right = {pair[1] for pair in self.swaps}
        return np.array([_color(name in left, name in right) for name in self.keypoints], np.uint8)

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
        from .sigmas import sigmas_of

        values = (
            self.sigmas if sigmas is None else [float(value) for value in sigmas_of(self, sigmas)]
        )
        colors = self.colors.tolist()
        mirror = self.flip_indices
        return dict(
            dataset_name=self.name,
            keypoint_info={
                i: dict(
                    name=name,
                    id=i,
                    color=colors[i],
                    type=self._type(name),
                    swap='' if mirror[i] == i else self.keypoints[mirror[i]],
                )
                for i, name in enumerate(self.keypoints)
            },
            skeleton_info={
                i: dict(link=pair, id=i, color=self._link_color(pair))
                for i, pair in enumerate(self.links)
            },
            joint_weights=list(self.joint_weights),
            sigmas=list(values),
        )

    @classmethod
    def from_metainfo(cls, metainfo: Mapping[str, Any]) -> Skeleton:
        """Read and check an MMPose metainfo, raw (``METAINFO``) or parsed (``dataset.metainfo``).

        Raises:
            ValueError: If lengths, ids, swaps or links do not agree.
        """
        raw = _raw_metainfo(metainfo)
        name, info = raw['dataset_name'], raw['keypoint_info']
        if sorted(info) != list(range(len(info))):
            raise ValueError(
                f'skeleton {name!r}: got keypoint ids {sorted(info)}, expected 0 to {len(info) - 1}'
            )
        points = [info[i] for i in range(len(info))]
        for i, point in enumerate(points):
            if point.get('id', i) != i:
                raise ValueError(
                    f'skeleton {name!r}: keypoint {point["name"]!r} '
                    f'has id {point["id"]}, expected {i}'
                )
        names = [point['name'] for point in points]
        return cls(
            name=name,
            keypoints=tuple(names),
            swaps=_swaps(
                name, {point['name']: point.get('swap') or point['name'] for point in points}
            ),
            links=tuple(
                (a, b) for a, b in (entry['link'] for entry in raw['skeleton_info'].values())
            ),
            upper=frozenset(point['name'] for point in points if point.get('type') == 'upper'),
            lower=frozenset(point['name'] for point in points if point.get('type') == 'lower'),
            joint_weights=tuple(float(value) for value in raw['joint_weights']),
            sigmas=tuple(float(value) for value in raw['sigmas']),
        )

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.keypoints)}

    @cached_property
    def _canonical(self) -> dict[str, str]:
        return dict(self.aliases)

    def _type(self, name: str) -> str:
        return 'upper' if name in self.upper else 'lower' if name in self.lower else ''

    def _link_color(self, link: tuple[str, str]) -> list[int]:
        left = {pair[0] for pair in self.swaps}
        right = {pair[1] for pair in self.swaps}
        return list(_color(not left.isdisjoint(link), not right.isdisjoint(link)))

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


def _color(is_left: bool, is_right: bool) -> tuple[int, int, int]:
    if is_left == is_right:
        return CENTRE_COLOR
    return LEFT_COLOR if is_left else RIGHT_COLOR


def _repeated(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _swaps(skeleton: str, mirror: dict[str, str]) -> tuple[tuple[str, str], ...]:
    swaps: list[tuple[str, str]] = []
    for name, other in mirror.items():
        if mirror.get(other) != name:
            raise ValueError(
                f'skeleton {skeleton!r}: {name!r} swaps with {other!r}, '
                f'which swaps with {mirror.get(other)!r}'
            )
        pair = (other, name) if name.startswith('right_') else (name, other)
        if name != other and pair not in swaps and pair[::-1] not in swaps:
            swaps.append(pair)
    return tuple(swaps)


def _raw_metainfo(metainfo: Mapping[str, Any]) -> Mapping[str, Any]:
    """Bring a parsed metainfo back to the raw form."""
    wanted = {'dataset_name', 'keypoint_info', 'skeleton_info', 'joint_weights', 'sigmas'}
    if wanted.issubset(metainfo):
        return metainfo
    parsed = {
        'dataset_name',
        'keypoint_id2name',
        'flip_indices',
        'skeleton_links',
        'sigmas',
        'upper_body_ids',
        'lower_body_ids',
        'dataset_keypoint_weights',
    }
    if not parsed.issubset(metainfo):
        raise ValueError(
            f'got a metainfo with the keys {sorted(metainfo)}, expected {sorted(wanted)}'
        )
    names, flips = metainfo['keypoint_id2name'], metainfo['flip_indices']
    if len(flips) != len(names):
        raise ValueError(
            f'skeleton {metainfo["dataset_name"]!r}: '
            f'got {len(flips)} flip_indices for {len(names)} keypoints'
        )
    types = dict.fromkeys(metainfo['upper_body_ids'], 'upper')
    types |= dict.fromkeys(metainfo['lower_body_ids'], 'lower')
    return dict(
        dataset_name=metainfo['dataset_name'],
        keypoint_info={
            i: dict(name=name, swap=names[flips[i]], type=types.get(i, ''))
            for i, name in names.items()
        },
        skeleton_info={
            i: dict(link=tuple(names[end] for end in link))
            for i, link in enumerate(metainfo['skeleton_links'])
        },
        joint_weights=metainfo['dataset_keypoint_weights'],
        sigmas=metainfo['sigmas'],
    )
