"""Reading and writing the metainfo by which MMPose describes a skeleton."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .sigmas import sigmas_of

if TYPE_CHECKING:
    from .skeleton import Skeleton

LEFT_COLOR = (0, 255, 0)
RIGHT_COLOR = (255, 128, 0)
CENTRE_COLOR = (51, 153, 255)

_RAW = {'dataset_name', 'keypoint_info', 'skeleton_info', 'joint_weights', 'sigmas'}
_PARSED = {
    *('dataset_name', 'keypoint_id2name', 'flip_indices', 'skeleton_links', 'sigmas'),
    *('upper_body_ids', 'lower_body_ids', 'dataset_keypoint_weights'),
}


def write_metainfo(skeleton: Skeleton, sigma_set: str | None = None) -> dict[str, Any]:
    """The raw metainfo of a skeleton, with its own sigmas or those of a named set."""
    sigmas = list(skeleton.sigmas) if sigma_set is None else sigmas_of(skeleton, sigma_set).tolist()
    mirror = skeleton.flip_indices
    return dict(
        dataset_name=skeleton.name,
        keypoint_info={
            i: dict(
                name=name,
                id=i,
                color=side_color(skeleton, name),
                type=_type(skeleton, name),
                swap='' if mirror[i] == i else skeleton.keypoints[mirror[i]],
            )
            for i, name in enumerate(skeleton.keypoints)
        },
        skeleton_info={
            i: dict(link=link, id=i, color=side_color(skeleton, *link))
            for i, link in enumerate(skeleton.links)
        },
        joint_weights=list(skeleton.joint_weights),
        sigmas=sigmas,
    )


def read_metainfo(metainfo: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the :class:`Skeleton` that a metainfo, raw or parsed, describes.

    Raises:
        ValueError: If entries are missing, or ids or swaps do not agree with each other.
    """
    raw = _as_raw(metainfo)
    name, info = raw['dataset_name'], raw['keypoint_info']
    if sorted(info) != list(range(len(info))):
        raise ValueError(
            f'skeleton {name!r}: got keypoint ids {sorted(info)}, expected 0 to {len(info) - 1}'
        )
    points = [info[i] for i in range(len(info))]
    for i, point in enumerate(points):
        if point.get('id', i) != i:
            raise ValueError(
                f'skeleton {name!r}: keypoint {point["name"]!r} has id {point["id"]}, expected {i}'
            )
    mirror = {point['name']: point.get('swap') or point['name'] for point in points}
    return dict(
        name=name,
        keypoints=tuple(point['name'] for point in points),
        swaps=_swaps(name, mirror),
        links=tuple((a, b) for a, b in (entry['link'] for entry in raw['skeleton_info'].values())),
        upper=frozenset(point['name'] for point in points if point.get('type') == 'upper'),
        lower=frozenset(point['name'] for point in points if point.get('type') == 'lower'),
        joint_weights=tuple(float(value) for value in raw['joint_weights']),
        sigmas=tuple(float(value) for value in raw['sigmas']),
    )


def side_color(skeleton: Skeleton, *names: str) -> list[int]:
    """The colour of a keypoint or link: green on the left, orange on the right, blue between."""
    is_left = any(left in names for left, _ in skeleton.swaps)
    is_right = any(right in names for _, right in skeleton.swaps)
    if is_left == is_right:
        return list(CENTRE_COLOR)
    return list(LEFT_COLOR if is_left else RIGHT_COLOR)


def _type(skeleton: Skeleton, name: str) -> str:
    return 'upper' if name in skeleton.upper else 'lower' if name in skeleton.lower else ''


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


def _as_raw(metainfo: Mapping[str, Any]) -> Mapping[str, Any]:
    """Bring a parsed metainfo back to the raw form."""
    if _RAW.issubset(metainfo):
        return metainfo
    if not _PARSED.issubset(metainfo):
        raise ValueError(
            f'got a metainfo with the keys {sorted(metainfo)}, expected {sorted(_RAW)}'
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
