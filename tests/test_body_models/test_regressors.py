import numpy as np
import pytest

from mmpose_ext.body_models import (
    JOINTS,
    KEYPOINT_SETS,
    body_parts,
    load_standin,
    mirror_name,
    regressor,
)

BODY = load_standin()


def points(name: str, vertices: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(KEYPOINT_SETS[name], regressor(BODY, name) @ vertices, strict=True))


def random_poses(number: int, spread: float) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(7)
    return [BODY.skin(rng.normal(size=10), rng.normal(0, spread, (24, 3))) for _ in range(number)]


@pytest.mark.parametrize(
    ('name', 'count'),
    [('coco17', 17), ('mpii16', 16), ('halpe26', 26), ('h36m17', 17), ('spin9', 9), ('smpl24', 24)],
)
def test_sets_have_their_size(name, count):
    assert regressor(BODY, name).shape == (count, BODY.num_vertices)


@pytest.mark.parametrize('name', KEYPOINT_SETS)
def test_sets_are_symmetric(name):
    rest = points(name, BODY.v_template)
    for point, place in rest.items():
        np.testing.assert_allclose(place * [-1, 1, 1], rest[mirror_name(point)], atol=1e-4)
        if point.startswith('left_'):
            assert place[0] > 0.02


@pytest.mark.parametrize('spread', [0.0, 0.3])
def test_mpii_middle_joints_are_midpoints(spread):
    for vertices, _ in random_poses(3, spread):
        mpii = points('mpii16', vertices)
        for middle, part in (('pelvis_mpii', 'hip_mpii'), ('thorax_mpii', 'shoulder_mpii')):
            expected = (mpii[f'left_{part}'] + mpii[f'right_{part}']) / 2
            np.testing.assert_allclose(mpii[middle], expected, atol=1e-5)


def test_mpii_hips_are_higher_and_wider_than_cocos():
    for vertices, _ in random_poses(3, 0.0):
        coco, mpii = points('coco17', vertices), points('mpii16', vertices)
        offset = mpii['left_hip_mpii'] - coco['left_hip']
        assert 0.02 < offset[0] < 0.06
        assert 0.02 < offset[1] < 0.07


def test_face_and_feet_are_where_they_belong():
    halpe = points('halpe26', BODY.v_template)
    assert halpe['head_top'][1] > BODY.v_template[:, 1].max() - 0.01
    assert halpe['nose'][2] > halpe['left_eye'][2] > halpe['left_ear'][2]
    assert halpe['left_eye'][1] > halpe['nose'][1]
    assert halpe['left_big_toe'][2] > halpe['left_ankle'][2] > halpe['left_heel'][2]
    assert halpe['left_small_toe'][0] > halpe['left_big_toe'][0]
    mpii = points('mpii16', BODY.v_template)
    head = mpii['head_top'][1] - mpii['upper_neck'][1]
    assert 0.11 < head / np.ptp(BODY.v_template[:, 1]) < 0.15


def test_joint_centres_follow_the_skeleton_in_poses():
    pairs = {
        'coco17': {
            'left_elbow': 'left_elbow',
            'right_wrist': 'right_wrist',
            'left_knee': 'left_knee',
            'right_ankle': 'right_ankle',
            'left_shoulder': 'left_shoulder',
        },
        'h36m17': {'left_hip_joint': 'left_hip', 'right_hip_joint': 'right_hip'},
    }
    for vertices, joints in random_poses(6, 0.4):
        for name, expected in pairs.items():
            found = points(name, vertices)
            for point, joint in expected.items():
                distance = np.linalg.norm(found[point] - joints[JOINTS.index(joint)])
                assert distance < 0.06, (point, distance)


def test_unknown_set_is_an_error_that_lists_the_known():
    with pytest.raises(ValueError, match=r"got 'coco', expected one of \['coco17'"):
        regressor(BODY, 'coco')


def test_body_parts_name_the_side():
    parts = body_parts(BODY)
    assert parts.shape == (BODY.num_vertices,)
    assert set(parts) == set(range(24))
    for index, name in enumerate(JOINTS):
        x = BODY.v_template[parts == index, 0]
        if name.startswith('left_'):
            assert x.min() > -0.01, name
        if name.startswith('right_'):
            assert x.max() < 0.01, name
