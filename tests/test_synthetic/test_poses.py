import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mmpose_ext.synthetic.activities import ACTIVITIES
from mmpose_ext.synthetic.body_angles import (
    ARM_LIMITS,
    LEG_LIMITS,
    TRUNK_LIMITS,
    ArmAngles,
    BodyAngles,
    LegAngles,
)
from mmpose_ext.synthetic.domains import DOMAINS
from mmpose_ext.synthetic.poses import sample_pose
from mmpose_ext.synthetic.self_contact import joint_positions, penetration

LEFT_KNEE, LEFT_ANKLE, LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST = 4, 7, 16, 18, 20
MIRROR = [0, 2, 1, 3, 5, 4, 6, 8, 7, 9, 11, 10, 12, 14, 13, 15, 17, 16, 19, 18, 21, 20, 23, 22]
STRAIGHT_ARM = ArmAngles(elevation=0, azimuth=0, elbow=0)
STRAIGHT_LEG = LegAngles(outward=0, turn=0, knee=0, ankle=0)
UPRIGHT = dict(bend=0, left_leg=STRAIGHT_LEG, right_leg=STRAIGHT_LEG, right_arm=STRAIGHT_ARM)


@pytest.fixture(scope='module')
def rest_joints(bodies):
    joints = bodies['male'].shape(np.zeros(10))[1].astype(np.float64)
    # An exactly symmetric skeleton, for tests of symmetry.
    return (joints + joints[MIRROR] * [-1, 1, 1]) / 2


def posed(rest_joints, **angles):
    return joint_positions(BodyAngles(**UPRIGHT | angles).to_pose(), rest_joints)


def direction(joints, start, end):
    along = joints[end] - joints[start]
    return along / np.linalg.norm(along)


@pytest.mark.parametrize(
    ('elevation', 'azimuth', 'expected'),
    [
        (0, 0, [0, -1, 0]),
        (90, 0, [1, 0, 0]),
        (90, 90, [0, 0, 1]),
        (178, 0, [0, 1, 0]),
        (90, -80, [0.17, 0, -0.98]),
    ],
)
def test_arm_points_where_its_angles_say(rest_joints, elevation, azimuth, expected):
    arm = ArmAngles(elevation=elevation, azimuth=azimuth, elbow=0)
    joints = posed(rest_joints, left_arm=arm)
    # The stand-in's arms are not perfectly straight at rest.
    assert direction(joints, LEFT_SHOULDER, LEFT_ELBOW) @ expected > 0.98


def test_hanging_arm_bends_forward(rest_joints):
    arm = ArmAngles(elevation=0, azimuth=0, elbow=90)
    joints = posed(rest_joints, left_arm=arm)
    assert direction(joints, LEFT_ELBOW, LEFT_WRIST)[2] > 0.95


def test_leg_bends_like_a_leg(rest_joints):
    joints = posed(rest_joints, left_leg=LegAngles(flexion=90, outward=0, turn=0, knee=90))
    assert direction(joints, 1, LEFT_KNEE)[2] > 0.98
    assert direction(joints, LEFT_KNEE, LEFT_ANKLE)[1] < -0.98


def test_yaw_turns_the_body_to_its_left(rest_joints):
    pose = BodyAngles().to_pose(yaw=90)
    facing = Rotation.from_rotvec(pose[0]).apply([0, 0, 1])
    assert np.allclose(facing, [1, 0, 0], atol=1e-6)


def test_mirrored_angles_mirror_the_joints(rest_joints):
    rng = np.random.default_rng(0)
    for activity in ACTIVITIES.values():
        angles = activity(rng).jittered(rng)
        joints = joint_positions(angles.to_pose(), rest_joints)
        mirrored = joint_positions(angles.mirrored().to_pose(), rest_joints)
        assert np.allclose(mirrored, joints[MIRROR] * [-1, 1, 1], atol=1e-5)


def test_limits_hold_for_every_activity():
    rng = np.random.default_rng(1)
    for activity in ACTIVITIES.values():
        angles = activity(rng).jittered(rng, 60).limited()
        parts = [(angles, TRUNK_LIMITS)]
        parts += [(leg, LEG_LIMITS) for leg in (angles.left_leg, angles.right_leg)]
        parts += [(arm, ARM_LIMITS) for arm in (angles.left_arm, angles.right_arm)]
        for part, limits in parts:
            for name, (low, high) in limits.items():
                value = getattr(part, name)
                assert value is None or low <= value <= high, name


def test_level_soles_stay_level(rest_joints):
    leg = LegAngles(flexion=60, outward=0, turn=0, knee=80)
    pose = BodyAngles(pitch=10, left_leg=leg).to_pose()
    chain = [Rotation.from_rotvec(pose[joint]) for joint in (0, 1, 4, 7)]
    forward = (chain[0] * chain[1] * chain[2] * chain[3]).apply([0, 0, 1])
    assert abs(forward[1]) < 1e-6


def test_joint_positions_agree_with_the_body_model(bodies):
    body, rng = bodies['female'], np.random.default_rng(2)
    betas, pose = rng.normal(size=10), rng.normal(0, 0.4, (24, 3))
    rest = body.shape(betas)[1]
    assert np.allclose(joint_positions(pose, rest), body.skin(betas, pose)[1], atol=1e-5)


def test_penetration_sees_a_hand_in_the_belly(rest_joints):
    apart = BodyAngles(left_arm=ArmAngles(elevation=60), right_arm=ArmAngles(elevation=60))
    inside = ArmAngles(elevation=10, azimuth=90, twist=80, elbow=115)
    through = BodyAngles(left_arm=inside, right_arm=ArmAngles(elevation=60))
    assert penetration(apart.to_pose(), rest_joints) < 0
    assert penetration(through.to_pose(), rest_joints) > 0.02


@pytest.mark.parametrize('domain', DOMAINS.values(), ids=DOMAINS)
def test_sampled_poses_are_free_of_penetration_and_unbiased(domain, rest_joints):
    rng = np.random.default_rng(4)
    depths, sides = [], []
    for _ in range(150):
        pose = sample_pose(domain.activities, rng, rest_joints).pose
        depths.append(penetration(pose, rest_joints))
        joints = joint_positions(pose, rest_joints)
        sides.append(joints[LEFT_WRIST, 1] - joints[LEFT_WRIST + 1, 1])
    assert np.mean(np.array(depths) > 0) < 0.02
    # Neither hand is higher on average; three standard errors.
    assert abs(np.mean(sides)) < 3 * np.std(sides) / np.sqrt(len(sides))


def test_same_random_state_gives_the_same_pose(rest_joints):
    first, second = (
        sample_pose({'running': 1}, np.random.default_rng(5), rest_joints) for _ in range(2)
    )
    assert first.activity == second.activity == 'running'
    assert np.array_equal(first.pose, second.pose)


@pytest.mark.parametrize(
    ('activities', 'message'),
    [({'flying': 1}, 'flying'), ({'walking': 0}, 'positive'), ({'walking': -1}, 'non-negative')],
)
def test_wrong_activities_are_refused(activities, message, rest_joints):
    with pytest.raises(ValueError, match=message):
        sample_pose(activities, np.random.default_rng(0), rest_joints)
