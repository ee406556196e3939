"""Errors that 2D pose estimators make, added to annotated poses.

The kinds of error are those of Ronchi and Perona ("Benchmarking and Error Diagnosis in
Multi-Instance Pose Estimation", ICCV 2017); their frequencies are PoseFix's (Moon et al., CVPR
2019) as 3DCrowdNet uses them. Distances are in object keypoint similarity: ``d(s)`` is the distance
at which the similarity to the true position is ``s``.
"""

from functools import cache

import numpy as np

from mmpose_ext.skeletons import COCO17

JITTER, MISS, INVERSION, SWAP, GOOD = range(5)

_JOINTS = COCO17.keypoints
_MIRROR = np.array(COCO17.flip_indices)
_HAS_MIRROR = np.arange(len(_JOINTS)) != _MIRROR
_FACE, _HIP = {*_JOINTS[:5]}, {'left_hip', 'right_hip'}
_LEGS = {name for name in _JOINTS if name.endswith(('knee', 'ankle'))}
_LOWER = _HIP | _LEGS
_ENDS = {name for name in _JOINTS if name.endswith(('shoulder', 'ankle'))}
_VARIANCES = (2 * np.array(COCO17.sigmas)) ** 2

# Columns are what may be taken for a joint: itself, a neighbour's, the mirror joint, a neighbour's
# mirror joint. Rows are errors: how often positions are drawn around each, and what they keep off.
_AROUND = np.array([[1, 0, 0, 0], [1, 0.25, 0.25, 0.25], [0, 0, 1, 0], [0, 1, 0, 1], [1, 0, 0, 0]])
_KEPT_OFF = np.array([[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [1, 0, 1, 0], [1, 1, 1, 1]], bool)
# Similarities between which the distance of each error lies.
_NEAREST = np.array([0.85, 0.50, 1.00, 1.00, 1.00])
_FARTHEST = np.array([0.50, 0.10, 0.50, 0.50, 0.85])

# Candidates that are drawn for a position before it counts as impossible.
_ROUNDS = (8, 64, 448)


def similarity_distance(similarity: float | np.ndarray, area: float) -> np.ndarray:
    """Distance at which each of COCO's joints has an object keypoint similarity.

    Args:
        similarity: From 0 to 1; or several, shape (S, 1).
        area: Area of the person's box in square pixels.

    Returns:
        np.ndarray: (17,), or (S, 17).
    """
    return np.sqrt(-2 * area * _VARIANCES * np.log(similarity))


@cache
def error_probabilities(num_visible: int, num_overlapping: int) -> np.ndarray:
    """How often each error happens to each of COCO's joints, (17, 5).

    Args:
        num_visible: Number of annotated joints.
        num_overlapping: Number of people whose boxes overlap the person's.

    Returns:
        np.ndarray: Columns :data:`JITTER`, :data:`MISS`, :data:`INVERSION`, :data:`SWAP`,
            :data:`GOOD`; rows sum to 1. Read-only.
    """
    few = num_visible <= 10
    jitter = (0.15, 0.20, 0.25) if few else (0.10, 0.15, 0.20)
    miss = (0.02, 0.05, 0.10)
    if num_visible <= 5:
        miss = (0.15, 0.20, 0.25)
    elif few:
        miss = (0.10, 0.13, 0.15)
    crowded = (few and num_overlapping > 0) or (num_visible <= 15 and num_overlapping >= 3)
    swap = (0.02, 0.15, 0.10) if crowded else (0.01, 0.06, 0.03)
    table = np.zeros((len(_JOINTS), 5))
    table[:, JITTER] = _by_group(jitter, _LEGS | {'nose'}, _HIP, others=1)
    table[:, MISS] = _by_group(miss, _FACE, _ENDS, others=2)
    table[:, INVERSION] = _by_group((0.01, 0.03, 0.06), _FACE, _LOWER, others=1)
    table[:, SWAP] = _by_group(swap, _FACE, _LOWER, others=1)
    table[:, GOOD] = 1 - table.sum(axis=1)
    table.setflags(write=False)
    return table


def corrupt_pose(
    points: np.ndarray,
    visible: np.ndarray,
    neighbours: np.ndarray,
    area: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Move the joints of a pose as a pose estimator would.

    ========= =================================================================================
    error     where the joint goes
    ========= =================================================================================
    jitter    d(.85) to d(.50) from its true position
    miss      d(.50) to d(.10) from its true position or, a quarter as often each, its mirror
              joint's or a neighbour's, and farther than d(.50) from all others of these
    inversion up to d(.50) from the mirror joint
    swap      up to d(.50) from the same or the mirror joint of a neighbour
    good      up to d(.85) from its true position
    ========= =================================================================================

    A position nearer to another candidate than to the one it was drawn around is drawn again; a
    swap only has to keep off the person's own joints. An error for which there is no position, as
    an inversion of the nose, does not happen, and the others happen more often.

    Args:
        points: COCO's joints, (17, 2) in pixels.
        visible: Which are annotated, (17,).
        neighbours: Joints of overlapping people, x, y and visibility, (N, 17, 3).
        area: Area of the person's box in square pixels.
        rng: Source of randomness.

    Returns:
        tuple: The joints (17, 2), the hidden ones unchanged, and what happened (17,) int8: an
            error, or -1 for a hidden joint and one for which nothing is possible.
    """
    groups = np.repeat(np.arange(4), [1, len(neighbours), 1, len(neighbours)])
    candidates, known = _candidates(points, visible > 0, neighbours)
    some_known = np.stack([known[:, groups == group].any(axis=1) for group in range(4)], axis=1)
    chances = error_probabilities(int((visible > 0).sum()), len(neighbours))
    chances = chances * (some_known @ _AROUND.T > 0)
    nearest = similarity_distance(_NEAREST[:, None], area)
    farthest = similarity_distance(_FARTHEST[:, None], area)
    half = similarity_distance(0.5, area)
    moved, errors = points.copy(), np.full(len(points), -1, np.int8)
    rows = np.flatnonzero(known[:, 0])
    while len(rows):
        rows = rows[chances[rows].sum(axis=1) > 0]
        kinds = _draw_rows(chances[rows], rng.random(len(rows)))
        positions, found = _draw_positions(
            candidates[rows],
            weights=_AROUND[kinds][:, groups] * known[rows],
            rivals=_KEPT_OFF[kinds][:, groups] & known[rows],
            reach=(nearest[kinds, rows], farthest[kinds, rows]),
            gap=np.where(kinds == MISS, half[rows], 0),
            rng=rng,
        )
        moved[rows[found]] = positions[found]
        errors[rows[found]] = kinds[found]
        chances[rows[~found], kinds[~found]] = 0
        rows = rows[~found]
    return moved, errors


def _by_group(values: tuple, first: set[str], second: set[str], others: int) -> np.ndarray:
    """The table lists three groups; ``others`` is the place of the one that is all the rest."""
    places = [place for place in range(3) if place != others]
    return np.array(
        [
            values[places[0] if name in first else places[1] if name in second else others]
            for name in _JOINTS
        ]
    )


def _candidates(
    points: np.ndarray, visible: np.ndarray, neighbours: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where a joint may be taken to be, (17, C, 2), and which of these are known, (17, C).

    The true position, those of the N neighbours, the mirror joint's, and those of the neighbours.
    """
    others, known = neighbours[..., :2].swapaxes(0, 1), neighbours[..., 2].T > 0
    mirror_known = _HAS_MIRROR[:, None]
    positions = np.concatenate(
        [points[:, None], others, points[_MIRROR, None], others[_MIRROR]], axis=1
    )
    return positions.astype(np.float64), np.concatenate(
        [
            visible[:, None],
            known,
            visible[_MIRROR, None] & mirror_known,
            known[_MIRROR] & mirror_known,
        ],
        axis=1,
    )


def _draw_rows(weights: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """For each row of weights (M, C) the columns that uniform numbers (M, ...) fall on."""
    limits = weights.cumsum(axis=1)
    shape = (len(weights), *(1,) * (uniform.ndim - 1))
    scaled = uniform * limits[:, -1].reshape(shape)
    limits = limits.reshape(*shape, -1)
    return (scaled[..., None] >= limits[..., :-1]).sum(axis=-1)


def _draw_positions(
    candidates: np.ndarray,
    weights: np.ndarray,
    rivals: np.ndarray,
    reach: tuple[np.ndarray, np.ndarray],
    gap: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Positions (M, 2) around one of the candidates (M, C, 2), and whether one was found (M,).

    A position is no nearer to the rivals (M, C) than ``gap`` (M,); where that is 0, than to the
    candidate it was drawn around.
    """
    positions, found = np.zeros((len(gap), 2)), np.zeros(len(gap), bool)
    for samples in _ROUNDS:
        rows = np.flatnonzero(~found)
        if not len(rows):
            break
        own = _draw_rows(weights[rows], rng.random((len(rows), samples)))
        radius = rng.uniform(reach[0][rows, None], reach[1][rows, None], own.shape)
        angle = rng.uniform(0, 2 * np.pi, own.shape)
        drawn = candidates[rows[:, None], own]
        drawn = drawn + radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        limit = np.where(gap[rows, None] > 0, gap[rows, None], radius)
        offset = drawn[:, :, None] - candidates[rows, None]
        # What lies in the same place, as both eyes of a small face, is not nearer.
        near = (offset * offset).sum(axis=-1) < ((1 - 1e-6) * limit * limit)[..., None]
        near &= rivals[rows, None] & (np.arange(candidates.shape[1]) != own[..., None])
        accepted = ~near.any(axis=-1)
        first, hit = accepted.argmax(axis=1), accepted.any(axis=1)
        positions[rows[hit]] = drawn[hit, first[hit]]
        found[rows[hit]] = True
    return positions, found
