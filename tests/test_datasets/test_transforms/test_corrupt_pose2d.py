"""Errors of 2D pose estimators: how often, how far, and never in the labels."""

import copy
import functools
import random

import numpy as np
import pytest

from mmpose_ext.datasets.transforms import CorruptPose2D
from mmpose_ext.datasets.transforms.pose_corruption import (
    GOOD,
    INVERSION,
    JITTER,
    MISS,
    SWAP,
    corrupt_pose,
    error_probabilities,
    similarity_distance,
)
from mmpose_ext.skeletons import COCO17, SUPERSET30

AREA = 60.0 * 120.0
# Far from each other, so that nothing is in the way: errors of one joint do not reach another.
FAR = np.stack(np.meshgrid(np.arange(5), np.arange(4)), -1).reshape(-1, 2)[:17] * 2000.0
NAMES = COCO17.keypoints
FLIP = np.array(COCO17.flip_indices)
REPEATS = 600


def draw(visible, neighbours, points=FAR, repeats=REPEATS, seed=0):
    rng = np.random.default_rng(seed)
    results = [corrupt_pose(points, visible, neighbours, AREA, rng) for _ in range(repeats)]
    return tuple(np.stack(part) for part in zip(*results))


@functools.cache
def draw_far(visible, number):
    """Errors of a person whose joints, and those of neighbours, are far from each other."""
    return draw(visible_of(visible), people(number))


def people(number, offset=700.0):
    """Neighbours whose joints are beside the person's, out of reach of every error."""
    shifts = np.array([[offset, 0], [0, offset], [-offset, 0]])[:number]
    points = FAR + shifts[:, None]
    return np.concatenate([points, np.ones((number, 17, 1))], axis=-1)


def visible_of(names):
    return np.array([name in names for name in NAMES], float)


#: Rows of the published table: what is visible, the number of neighbours, and for some joints the
#: frequencies of jitter, miss, inversion and swap.
TABLE = [
    (NAMES, 0, 'nose', (0.10, 0.02, 0, 0)),
    (NAMES, 0, 'left_eye', (0.15, 0.02, 0.01, 0)),
    (NAMES, 0, 'right_wrist', (0.15, 0.10, 0.03, 0)),
    (NAMES, 0, 'left_shoulder', (0.15, 0.05, 0.03, 0)),
    (NAMES, 0, 'left_hip', (0.20, 0.10, 0.06, 0)),
    (NAMES, 0, 'right_knee', (0.10, 0.10, 0.06, 0)),
    (NAMES, 0, 'right_ankle', (0.10, 0.05, 0.06, 0)),
    (NAMES, 2, 'left_elbow', (0.15, 0.10, 0.03, 0.06)),
    (NAMES, 2, 'nose', (0.10, 0.02, 0, 0.01)),
    (NAMES[:15], 3, 'left_elbow', (0.15, 0.10, 0.03, 0.15)),
    (NAMES[:15], 3, 'left_knee', (0.10, 0.10, 0.06, 0.10)),
    (NAMES[5:15], 1, 'left_elbow', (0.20, 0.15, 0.03, 0.15)),
    (NAMES[5:15], 1, 'right_hip', (0.25, 0.15, 0.06, 0.10)),
    (NAMES[5:15], 0, 'right_hip', (0.25, 0.15, 0.06, 0)),
    (NAMES[7:12], 1, 'left_elbow', (0.20, 0.25, 0.03, 0.15)),
    (('left_shoulder', 'right_shoulder', 'nose'), 0, 'left_shoulder', (0.20, 0.20, 0.03, 0)),
    (('left_shoulder', 'right_shoulder', 'nose'), 0, 'nose', (0.15, 0.15, 0, 0)),
]


@pytest.mark.parametrize(('visible', 'number', 'joint', 'expected'), TABLE)
def test_errors_are_as_frequent_as_published(visible, number, joint, expected):
    _, errors = draw_far(visible, number)

    observed = errors[:, NAMES.index(joint)]
    # An impossible error leaves its share to the others.
    crowded = (len(visible) <= 10 and number > 0) or (len(visible) <= 15 and number >= 3)
    face, lower = joint in NAMES[:5], joint in NAMES[11:]
    swap = (0.02 if face else 0.10 if lower else 0.15) if crowded else 0
    swap = swap or (0.01 if face else 0.03 if lower else 0.06)
    inversion = 0.01 if face else 0.06 if lower else 0.03
    missing = (inversion if expected[2] == 0 else 0) + (swap if expected[3] == 0 else 0)
    wanted = np.array([*expected, 0]) / (1 - missing)
    wanted[GOOD] = 1 - wanted.sum()
    counts = np.array([(observed == kind).sum() for kind in range(5)])
    assert counts.sum() == REPEATS
    assert (counts[wanted == 0] == 0).all()
    possible = wanted > 0
    means = wanted[possible] * REPEATS
    # Chi-square with at most 4 degrees of freedom exceeds 23.5 once in ten thousand times.
    assert ((counts[possible] - means) ** 2 / means).sum() < 23.5


def test_probabilities_sum_to_one_and_are_no_negative_ones():
    for visible in range(18):
        for overlapping in range(5):
            table = error_probabilities(visible, overlapping)
            assert (table >= 0).all()
            np.testing.assert_allclose(table.sum(axis=1), 1)


def test_distances_are_those_of_the_object_keypoint_similarity():
    distance = similarity_distance(0.5, AREA)

    sigmas = np.array(COCO17.sigmas)
    similarity = np.exp(-(distance**2) / (2 * AREA * (2 * sigmas) ** 2))
    np.testing.assert_allclose(similarity, 0.5)


def test_positions_lie_in_the_ring_of_their_error():
    neighbours = people(2)
    moved, errors = draw_far(NAMES, 2)

    half, near, far = (similarity_distance(s, AREA) for s in (0.5, 0.85, 0.1))
    centres = np.concatenate([FAR[None], neighbours[..., :2]])
    own = np.linalg.norm(moved - FAR, axis=-1)
    mirrored = np.linalg.norm(moved - FAR[FLIP], axis=-1)
    others = np.linalg.norm(moved - neighbours[:, None, :, :2], axis=-1).min(axis=0)
    others_mirrored = np.linalg.norm(moved - neighbours[:, None, FLIP, :2], axis=-1).min(axis=0)
    nearest = np.linalg.norm(
        moved[:, None] - np.concatenate([centres, centres[:, FLIP]]), axis=-1
    ).min(axis=1)
    rows = {kind: errors == kind for kind in range(5)}
    limits = {name: np.broadcast_to(d, errors.shape) for name, d in zip('hnf', (half, near, far))}
    good, jitter, inverted = rows[GOOD], rows[JITTER], rows[INVERSION]
    assert (own[good] <= limits['n'][good]).all()
    assert (own[jitter] >= limits['n'][jitter]).all() and (own[jitter] <= limits['h'][jitter]).all()
    assert (mirrored[inverted] <= limits['h'][inverted]).all()
    assert not inverted[:, NAMES.index('nose')].any()
    swap = rows[SWAP]
    assert (np.minimum(others, others_mirrored)[swap] <= limits['h'][swap]).all()
    # The nose has no mirror joint that could be swapped with.
    assert (others_mirrored[swap] <= limits['h'][swap]).any()
    miss = rows[MISS]
    assert (nearest[miss] > limits['h'][miss] - 1e-6).all()
    assert (nearest[miss] <= limits['f'][miss]).all()
    # Distances are uniform: their means are the middle of the ring.
    share = (own / near)[good]
    assert share.mean() == pytest.approx(0.5, abs=0.01)
    assert all(kind.any() for kind in rows.values())


def test_misses_are_mostly_around_the_true_position():
    moved, errors = draw_far(NAMES, 2)

    own = np.linalg.norm(moved - FAR, axis=-1) <= similarity_distance(0.1, AREA) + 1e-6
    miss = errors == MISS
    miss[:, NAMES.index('nose')] = False
    # Itself weighs 1; its mirror joint, two neighbours and their mirror joints 1/4 each.
    assert own[miss].mean() == pytest.approx(1 / (1 + 5 / 4), abs=0.06)


def test_no_position_is_nearer_to_something_else():
    rng = np.random.default_rng(1)
    points = rng.uniform(0, 120, (17, 2))
    neighbours = np.concatenate([rng.uniform(0, 120, (2, 17, 2)), np.ones((2, 17, 1))], axis=-1)

    moved, errors = draw(np.ones(17), neighbours, points, repeats=300)

    candidates = np.concatenate([points[None], neighbours[..., :2]])
    candidates = np.concatenate([candidates, candidates[:, FLIP]])
    distances = np.linalg.norm(moved[:, None] - candidates, axis=-1)
    # 0 itself, 1 and 2 neighbours, 3 the mirror joint, 4 and 5 the neighbours' mirror joints. The
    # nose is its own mirror image.
    distances[:, 3:, NAMES.index('nose')] = np.inf
    for kind, place in ((JITTER, 0), (GOOD, 0), (INVERSION, 3)):
        chosen = errors == kind
        assert chosen.any()
        assert (distances.argmin(axis=1)[chosen] == place).all()
    swapped = errors == SWAP
    closest_other = distances[:, [1, 2, 4, 5]].min(axis=1)
    closest_own = distances[:, [0, 3]].min(axis=1)
    assert (closest_other[swapped] < closest_own[swapped]).all()
    half = np.broadcast_to(similarity_distance(0.5, AREA), errors.shape)
    missed = errors == MISS
    assert (distances.min(axis=1)[missed] > half[missed] - 1e-6).all()


def test_a_joint_in_the_same_place_as_another_is_not_in_its_way():
    points = FAR.copy()
    points[NAMES.index('right_eye')] = points[NAMES.index('left_eye')]

    _, errors = draw(visible_of(('left_eye', 'right_eye')), people(0), points, repeats=200)

    good = (errors[:, [1, 2]] == GOOD).mean()
    assert good == pytest.approx(error_probabilities(2, 0)[1, GOOD] / 0.99, abs=0.08)
    assert (errors[:, 3:] == -1).all() and (errors[:, 0] == -1).all()


def test_a_joint_surrounded_closely_by_others_is_rarely_good():
    angle = np.arange(6) * np.pi / 3
    ring = FAR + 0.5 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)[:, None]
    neighbours = np.concatenate([ring, np.ones((6, 17, 1))], axis=-1)

    moved, errors = draw(np.ones(17), neighbours, repeats=30)

    # The few positions left are within the ring.
    own = np.linalg.norm(moved - FAR, axis=-1)
    assert (own[errors == GOOD] < 0.5).all()
    assert not (errors == JITTER).any()


@pytest.fixture
def results():
    """A cropped person: COCO's joints, the pelvis and the head top are annotated."""
    rng = np.random.default_rng(2)
    visible = np.zeros((1, 30), np.float32)
    visible[0, SUPERSET30.indices([*NAMES, 'pelvis', 'head_top'])] = 1
    visible[0, SUPERSET30.index('left_wrist')] = 0
    keypoints = rng.uniform(40, 220, (1, 30, 2)).astype(np.float32)
    keypoints[0, SUPERSET30.index('right_ankle')] = [100, 270]
    neighbours = rng.uniform(40, 220, (1, 30, 3)).astype(np.float32)
    return dict(
        keypoints=keypoints,
        keypoints_visible=visible,
        neighbours=neighbours,
        bbox=np.float32([[100, 50, 220, 290]]),
        warp_mat=np.array([[0.5, 0, 3], [0, 0.5, 2]]),
        input_size=(256, 256),
    )


def test_labels_stay_clean(results):
    before = copy.deepcopy(results)
    random.seed(0)

    changed = CorruptPose2D()(results)

    for key in before:
        np.testing.assert_array_equal(changed[key], before[key])
    moved = np.abs(changed['input_pose'][:, :2] - before['keypoints'][0]).max(axis=1) > 0
    assert moved.sum() >= 12
    assert not np.shares_memory(changed['input_pose'], changed['keypoints'])


def test_hidden_joints_and_those_outside_of_the_crop_are_not_given(results):
    given = CorruptPose2D()(results)['input_pose'][:, 2]

    assert given[SUPERSET30.index('left_wrist')] == 0
    assert given[SUPERSET30.index('right_ankle')] == 0
    assert given[SUPERSET30.index('neck')] == 0
    assert given[SUPERSET30.index('head_top')] == 1
    assert set(np.unique(given)) == {0, 1}


def test_the_pelvis_follows_the_hips_or_stays_as_published(results):
    pelvis, hips = SUPERSET30.index('pelvis'), SUPERSET30.indices(['left_hip', 'right_hip'])
    head = SUPERSET30.index('head_top')
    random.seed(1)
    pose = CorruptPose2D()(copy.deepcopy(results))['input_pose']
    np.testing.assert_allclose(pose[pelvis, :2], pose[hips, :2].mean(axis=0), rtol=1e-6)
    clean = CorruptPose2D(pelvis='clean')(copy.deepcopy(results))['input_pose']
    np.testing.assert_array_equal(clean[pelvis, :2], results['keypoints'][0, pelvis])
    for given in (pose, clean):
        np.testing.assert_array_equal(given[head, :2], results['keypoints'][0, head])
    with pytest.raises(ValueError, match="pelvis got 'mean'"):
        CorruptPose2D(pelvis='mean')


def test_the_area_is_that_of_the_box_in_the_crop(results):
    # Errors grow with the side of the box in the crop: twice the matrix, twice the distance.
    def mean_distance(scale):
        random.seed(3)
        data = dict(results, warp_mat=results['warp_mat'] * scale)
        distances = []
        for _ in range(60):
            pose = CorruptPose2D()(dict(data))
            good = pose['input_pose_errors'] == GOOD
            offset = pose['input_pose'][good, :2] - results['keypoints'][0, good]
            distances.append(np.linalg.norm(offset, axis=1).mean())
        return np.mean(distances)

    assert mean_distance(0.4) / mean_distance(0.2) == pytest.approx(2, rel=0.15)


def test_the_seed_of_pythons_random_decides(results):
    def pose(seed):
        random.seed(seed)
        return CorruptPose2D()(copy.deepcopy(results))['input_pose']

    np.testing.assert_array_equal(pose(5), pose(5))
    assert (pose(5) != pose(6)).any()
