"""Who supervises which joint of a union, per source."""

from collections.abc import Mapping

import numpy as np

from mmpose_ext.datasets.label_tier import DERIVED, LABELLED, NONE, TEACHER, TIER_NAMES
from mmpose_ext.skeletons import KeypointMap, Skeleton


def label_tiers(keypoint_map: KeypointMap, teachers: Mapping[str, Skeleton]) -> np.ndarray:
    """The best that a source and the teachers offer for each joint.

    Args:
        keypoint_map: Map from the source's skeleton to the union.
        teachers: Skeleton of each teacher.

    Returns:
        np.ndarray: Constants of :mod:`mmpose_ext.datasets.label_tier`, shape (K,) int8.
    """
    taught = [_knows(skeleton, keypoint_map.target) for skeleton in teachers.values()]
    tiers = np.where(np.any(taught, axis=0) if taught else False, TEACHER, NONE)
    tiers = np.where(keypoint_map.mapped, LABELLED, tiers)
    return np.where(keypoint_map.derived, DERIVED, tiers).astype(np.int8)


def supervision_table(
    target: Skeleton,
    tiers: Mapping[str, np.ndarray],
    counts: Mapping[str, np.ndarray | None],
    teachers: Mapping[str, Skeleton],
) -> str:
    """Draw the table joint x source: who supervises the joint, and on how many persons.

    Args:
        target: The union, K joints.
        tiers: Label tiers (K,) of each source.
        counts: Number of persons (K,) with the joint labelled, of each source; None if unknown.
        teachers: Skeleton of each teacher.

    Returns:
        str: Lines of equal width.
    """
    known = {name: _knows(skeleton, target) for name, skeleton in teachers.items()}
    rows = [['joint', *tiers]]
    for k, joint in enumerate(target.keypoints):
        row = [joint]
        names = ' '.join(name for name in known if known[name][k])
        for source in tiers:
            text = TIER_NAMES[int(tiers[source][k])]
            if tiers[source][k] in (LABELLED, DERIVED):
                number = counts[source]
                text += '' if number is None else f' ({number[k]})'
                text += f' + teacher {names}' if names else ''
            elif tiers[source][k] == TEACHER:
                text += f' {names}'
            row.append(text)
        rows.append(row)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ['  '.join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows]
    return '\n'.join([lines[0], '-' * len(lines[0]), *lines[1:]])


def _knows(teacher: Skeleton, target: Skeleton) -> np.ndarray:
    return KeypointMap.between(teacher, target).mapped
