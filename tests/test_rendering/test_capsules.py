import numpy as np
import pytest

from mmpose_ext.rendering import draw_capsule, keypoint_capsules
from mmpose_ext.skeletons import COCO17, MPI_INF_3DHP17, MPI_INF_3DHP28, PENN13, SPIN49

SHAPE = (120, 90)
# x and y of a standing person, left and right as in a picture taken from the front.
POSE = {
    'head_top': (45, 8),
    'nose': (45, 16),
    'head': (45, 15),
    'neck': (45, 24),
    'pelvis': (45, 64),
    'left_shoulder': (57, 26),
    'left_elbow': (64, 42),
    'left_wrist': (66, 58),
    'left_hand': (66, 63),
    'left_hip': (52, 64),
    'left_knee': (54, 86),
    'left_ankle': (54, 108),
    'left_toe': (58, 113),
    'left_big_toe': (58, 113),
}
POSE |= {
    name.replace('left', 'right'): (90 - x, y) for name, (x, y) in POSE.items() if 'left' in name
}
TORSO = 40.0


def pose(skeleton, names=None):
    keypoints, visible = np.zeros((skeleton.num_keypoints, 2)), np.zeros(skeleton.num_keypoints)
    for index, own in enumerate(skeleton.keypoints):
        name = skeleton.canonical(own).removeprefix('op_')
        if name in POSE and (names is None or name in names):
            keypoints[index], visible[index] = POSE[name], 1
    return keypoints, visible


def distance(point, start, end):
    """Of a point to a segment, by trying its points."""
    along = np.linspace(0, 1, 2001)[:, None]
    return np.linalg.norm(start + along * (end - start) - point, axis=1).min()


@pytest.mark.parametrize(
    ('start', 'end', 'radius'),
    [((12.3, 7.9), (30.1, 41.6), 6.4), ((20, 20), (20, 20), 5.0), ((-8, 3), (9, 55), 4.2)],
)
def test_a_capsule_is_what_is_near_its_segment(start, end, radius):
    mask = np.zeros((50, 40), bool)
    start, end = np.array(start, float), np.array(end, float)
    draw_capsule(mask, start, end, radius)
    expected = [
        [distance(np.array([x, y]), start, end) <= radius for x in range(40)] for y in range(50)
    ]
    assert mask.any()
    # Points are tried at steps of a few hundredths of a pixel.
    assert (mask != np.array(expected)).sum() <= 2


def test_a_capsule_outside_of_the_image_draws_nothing():
    mask = np.zeros((20, 20), bool)
    draw_capsule(mask, np.array([50.0, 5]), np.array([60.0, 5]), 4.0)
    draw_capsule(mask, np.array([-9.0, 5]), np.array([-20.0, 5]), 4.0)
    assert not mask.any()


@pytest.mark.parametrize(
    ('names', 'ends', 'diameter'),
    [
        (('left_shoulder', 'left_elbow'), ('left_shoulder', 'left_elbow'), 0.22),
        (('right_elbow', 'right_wrist'), ('right_elbow', 'right_wrist'), 0.18),
        (('left_hip', 'left_knee'), ('left_hip', 'left_knee'), 0.34),
        (('right_knee', 'right_ankle'), ('right_knee', 'right_ankle'), 0.24),
        (('left_ankle', 'left_toe'), ('left_ankle', 'left_toe'), 0.16),
        (('right_wrist', 'right_hand'), ('right_wrist', 'right_hand'), 0.16),
    ],
)
@pytest.mark.parametrize('width', [0.7, 1.0])
def test_limbs_have_their_widths_in_torso_lengths(names, ends, diameter, width):
    keypoints, visible = pose(MPI_INF_3DHP28, (*names, 'neck', 'pelvis'))
    mask = keypoint_capsules(keypoints, visible, MPI_INF_3DHP28, SHAPE, width=width)
    expected = np.zeros(SHAPE, bool)
    draw_capsule(
        expected, *(np.array(POSE[name], float) for name in ends), diameter / 2 * TORSO * width
    )
    np.testing.assert_array_equal(mask, expected)


def test_head_and_torso():
    names = ('neck', 'pelvis', 'head_top')
    mask = keypoint_capsules(*pose(MPI_INF_3DHP17, names), MPI_INF_3DHP17, SHAPE, width=1.0)
    # A disc between neck and head top, whose diameter is their distance.
    assert mask[8:25, 45].all() and mask[16, 37:54].all()
    assert not mask[7, 45] and not mask[16, 36] and not mask[16, 54]
    names = (
        'neck',
        'pelvis',
        *(f'{s}_{j}' for s in ('left', 'right') for j in ('shoulder', 'hip')),
    )
    mask = keypoint_capsules(*pose(MPI_INF_3DHP17, names), MPI_INF_3DHP17, SHAPE, width=1.0)
    margin = 0.1 * TORSO
    assert mask[45, 45] and mask[26:65, 45].all()
    assert mask[int(64 + margin), 45] and not mask[int(64 + margin) + 1, 45]
    assert mask[26, int(57 + margin)] and not mask[26, int(57 + margin) + 1]
    # Crossed over, shoulders and hips are the same torso.
    keypoints, visible = pose(MPI_INF_3DHP17, names)
    sides = MPI_INF_3DHP17.indices(['left_hip', 'right_hip'])
    keypoints[sides] = keypoints[sides[::-1]]
    crossed = keypoint_capsules(keypoints, visible, MPI_INF_3DHP17, SHAPE, width=1.0)
    np.testing.assert_array_equal(crossed, mask)


def test_unseen_limbs_are_not_drawn_and_nothing_gives_nothing():
    keypoints, visible = pose(MPI_INF_3DHP17)
    whole = keypoint_capsules(keypoints, visible, MPI_INF_3DHP17, SHAPE)
    assert whole[97, 54]
    visible[MPI_INF_3DHP17.index('left_ankle')] = 0
    keypoints[MPI_INF_3DHP17.index('left_ankle')] = np.nan
    part = keypoint_capsules(keypoints, visible, MPI_INF_3DHP17, SHAPE)
    assert not part[97, 54] and not (part & ~whole).any()
    nobody = keypoint_capsules(keypoints, 0 * visible, MPI_INF_3DHP17, SHAPE, (0, 0, 9, 9))
    assert nobody.shape == SHAPE and not nobody.any()


@pytest.mark.parametrize('skeleton', [COCO17, PENN13, MPI_INF_3DHP17, MPI_INF_3DHP28, SPIN49])
def test_every_convention_draws_about_the_same_body(skeleton):
    mask = keypoint_capsules(*pose(skeleton), skeleton, SHAPE)
    expected = keypoint_capsules(*pose(MPI_INF_3DHP28), MPI_INF_3DHP28, SHAPE)
    assert (mask & expected).sum() / (mask | expected).sum() > 0.85
    # Drawn right side up: mirroring a symmetric pose changes nothing.
    keypoints, visible = pose(skeleton)
    mirrored = keypoints[skeleton.flip_indices] * [-1, 1] + [90, 0]
    again = keypoint_capsules(mirrored, visible, skeleton, SHAPE)
    assert (again != mask).sum() <= 4


def test_without_a_torso_widths_come_from_the_box():
    keypoints, visible = pose(MPI_INF_3DHP17, ('left_knee', 'left_ankle'))
    assert not keypoint_capsules(keypoints, visible, MPI_INF_3DHP17, SHAPE).any()
    mask = keypoint_capsules(keypoints, visible, MPI_INF_3DHP17, SHAPE, (20, 0, 50, 100), width=1.0)
    # Its torso is 0.3 of the box, the shank 0.24 of that wide.
    assert mask[97].sum() == 2 * int(0.3 * 100 * 0.24 / 2) + 1


def test_the_surest_of_two_keypoints_for_one_point_counts():
    names = ('neck', 'pelvis', 'right_hip', 'right_knee')
    keypoints, visible = pose(SPIN49, names)
    expected = keypoint_capsules(keypoints, visible, SPIN49, SHAPE)
    keypoints[SPIN49.index('op_right_knee')] = (5, 5)
    visible[SPIN49.index('op_right_knee')] = 0.5
    np.testing.assert_array_equal(keypoint_capsules(keypoints, visible, SPIN49, SHAPE), expected)


def test_bad_keypoints_are_errors():
    keypoints, visible = pose(COCO17)
    with pytest.raises(ValueError, match=r'expected \(49, 2\)'):
        keypoint_capsules(keypoints, visible, SPIN49, SHAPE)
    keypoints[COCO17.index('left_knee')] = np.inf
    with pytest.raises(ValueError, match=r"'left_knee' got \[inf, inf\]"):
        keypoint_capsules(keypoints, visible, COCO17, SHAPE)
