"""The union of several skeletons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from .sigmas import sigmas_of
from .skeleton import Skeleton


def union(
    skeletons: Sequence[Skeleton],
    aliases: Mapping[str, Mapping[str, str]] | None = None,
    name: str = 'union',
    sigmas: str | None = None,
) -> Skeleton:
    """A skeleton that holds every keypoint of several ones.

    The keypoints are the first skeleton's, then each later one's new ones in its order, all under
    canonical names. Type, weight and scale of a keypoint come from the first skeleton that has it.
    A link between a joint and its mirror image gives way to a path through a centre joint which
    another skeleton brings in (hip-hip to hip-pelvis-hip).

    Args:
        skeletons: The skeletons to unite, at least one.
        aliases: Per skeleton name, further pairs own name -> canonical name, on top of the
            skeleton's own.
        name: Name of the union.
        sigmas: A named sigma set; by default each keypoint keeps the scale of the skeleton it came
            from.

    Raises:
        ValueError: If no skeleton is given or two skeletons disagree on the mirror image of a
            keypoint.
    """
    if not skeletons:
        raise ValueError('got no skeletons to unite, expected at least one')
    aliases = aliases or {}
    unknown = sorted(set(aliases) - {skeleton.name for skeleton in skeletons})
    if unknown:
        raise ValueError(
            f'aliases name skeletons {unknown}, '
            f'expected {[skeleton.name for skeleton in skeletons]}'
        )
    parts = [
        _under_canonical_names(skeleton, aliases.get(skeleton.name, {})) for skeleton in skeletons
    ]
    weights: dict[str, float] = {}
    scales: dict[str, float] = {}
    types: dict[str, bool | None] = {}
    swaps: dict[frozenset[str], tuple[str, str]] = {}
    for part in parts:
        for i, joint in enumerate(part.keypoints):
            weights.setdefault(joint, part.joint_weights[i])
            scales.setdefault(joint, part.sigmas[i])
            types.setdefault(
                joint, True if joint in part.upper else False if joint in part.lower else None
            )
        for pair in part.swaps:
            swaps.setdefault(frozenset(pair), pair)
    result = Skeleton(
        name=name,
        keypoints=tuple(weights),
        swaps=tuple(swaps.values()),
        links=_links(parts),
        upper=frozenset(joint for joint, is_upper in types.items() if is_upper is True),
        lower=frozenset(joint for joint, is_upper in types.items() if is_upper is False),
        joint_weights=tuple(weights.values()),
        sigmas=tuple(scales.values()),
    )
    if sigmas is None:
        return result
    return replace(
        result, sigmas=tuple(round(float(value), 6) for value in sigmas_of(result, sigmas))
    )


def _under_canonical_names(skeleton: Skeleton, aliases: Mapping[str, str]) -> Skeleton:
    for own in aliases:
        skeleton.index(own)
    names = {own: aliases.get(own, skeleton.canonical(own)) for own in skeleton.keypoints}
    return replace(
        skeleton,
        keypoints=tuple(names.values()),
        swaps=tuple((names[left], names[right]) for left, right in skeleton.swaps),
        links=tuple((names[start], names[end]) for start, end in skeleton.links),
        upper=frozenset(names[own] for own in skeleton.upper),
        lower=frozenset(names[own] for own in skeleton.lower),
        aliases=(),
    )


def _links(parts: Sequence[Skeleton]) -> tuple[tuple[str, str], ...]:
    links = {frozenset(link): link for part in reversed(parts) for link in part.links}
    joints = {joint for part in parts for joint in part.keypoints}
    mirrors = {frozenset(pair) for part in parts for pair in part.swaps}

    def detour(part: Skeleton, pair: frozenset[str]) -> bool:
        return any(
            all(frozenset((end, joint)) in links for end in pair)
            for joint in joints - set(part.keypoints)
        )

    kept: dict[frozenset[str], tuple[str, str]] = {}
    for part in parts:
        for link in part.links:
            pair = frozenset(link)
            if not (pair in mirrors and detour(part, pair)):
                kept.setdefault(pair, link)
    return tuple(kept.values())
