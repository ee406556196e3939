import numpy as np
import pytest

from mmpose_ext.body_models import body_parts
from mmpose_ext.synthetic.activities import ACTIVITIES
from mmpose_ext.synthetic.body_angles import ARM_LIMITS, LEG_LIMITS, TRUNK_LIMITS, BodyAngles
from mmpose_ext.synthetic.motion import Scene, sample_motion, sample_script
from mmpose_ext.synthetic.motion_actions import ACTIONS
from mmpose_ext.synthetic.motion_angles import (
    ease,
    mirror_rows,
    through,
    to_angles,
    to_row,
)
from mmpose_ext.synthetic.self_contact import joint_positions, penetration

FPS, SECONDS = 30, 4
GRAVITY = 9.81
LEFT_FOOT, RIGHT_FOOT = (7, 10), (8, 11)


def perform(body, action, seed, seconds=SECONDS, **options):
    script = (Scene(action, seconds),)
    rng = np.random.default_rng(seed)
    return sample_motion(script, body, np.zeros(10), seconds * FPS, FPS, rng, **options)


def feet(body, motion):
    """Vertices of either foot in every frame, independent of what the motion stands on."""
    parts = body_parts(body)
    posed = [body.skin(np.zeros(10), p, t)[0] for p, t in zip(motion.pose, motion.transl)]
    return [np.array([v[np.isin(parts, foot)] for v in posed]) for foot in (LEFT_FOOT, RIGHT_FOOT)]


@pytest.fixture(scope='module')
def motions(neutral):
    """A performance of every action at 30 frames per second."""
    return {action: perform(neutral, action, 1).every(4) for action in ACTIONS}


def test_rows_of_a_matrix_are_the_angles():
    rng = np.random.default_rng(0)
    poses = [activity(rng).jittered(rng, 20).limited() for activity in ACTIVITIES.values()]
    rows = np.stack([to_row(pose) for pose in poses])
    yaw = rng.uniform(-180, 180, len(poses))
    together = to_angles(rows).to_pose(yaw)
    for pose, turned, heading in zip(poses, together, yaw):
        assert np.allclose(turned, pose.to_pose(heading), atol=1e-5)
    for pose, mirrored in zip(poses, mirror_rows(rows)):
        assert np.allclose(mirrored, to_row(pose.mirrored()))


def test_ease_has_two_continuous_derivatives():
    steps = np.linspace(-0.5, 1.5, 20001)
    values = ease(steps)
    assert values[0] == 0 and values[-1] == 1 and (np.diff(values) >= 0).all()
    assert np.allclose(ease(1 - steps), 1 - values)
    acceleration = np.diff(values, 2) / (steps[1] - steps[0]) ** 2
    assert np.abs(np.diff(acceleration)).max() < 0.01


def test_poses_are_reached_on_time():
    low, high = BodyAngles(bend=0), BodyAngles(bend=30)
    rows = through(np.array([-1.0, 0, 0.5, 1, 2]), [(0.0, low), (1.0, high)])
    assert np.allclose(to_angles(rows).bend, [0, 0, 15, 30, 30])


@pytest.mark.parametrize('action', ACTIONS)
def test_limits_hold_in_every_frame(motions, action):
    angles = to_angles(motions[action].rows)
    parts = [(angles, TRUNK_LIMITS)]
    parts += [(leg, LEG_LIMITS) for leg in (angles.left_leg, angles.right_leg)]
    parts += [(arm, ARM_LIMITS) for arm in (angles.left_arm, angles.right_arm)]
    for part, limits in parts:
        for name, (low, high) in limits.items():
            value = getattr(part, name)
            assert value.min() >= low - 1e-9 and value.max() <= high + 1e-9, name


@pytest.mark.parametrize('action', ACTIONS)
def test_motion_is_smooth_and_limbs_stay_apart(motions, neutral, action):
    motion = motions[action]
    rest = neutral.shape(np.zeros(10))[1]
    joints = joint_positions(motion.pose, rest) + motion.transl[:, None]
    acceleration = np.linalg.norm(np.diff(joints, 2, axis=0), axis=-1) * FPS**2
    # Hands and feet of athletes reach some 15 g, a whole body far less.
    assert acceleration.max() < 160
    assert acceleration.mean() < 25
    velocity = np.linalg.norm(np.diff(joints, axis=0), axis=-1) * FPS
    assert 0.01 < velocity.mean() < 6
    assert max(penetration(pose, rest) for pose in motion.pose[::10]) < 0.04


def test_accelerations_are_those_of_people(neutral):
    """3DPW's people have about 7 mm per squared frame at 30 frames per second."""
    rest = neutral.shape(np.zeros(10))[1]
    found = []
    for seed in range(6):
        motion = perform(neutral, 'walking', seed).every(4)
        joints = joint_positions(motion.pose, rest) + motion.transl[:, None]
        found.append(1000 * np.linalg.norm(np.diff(joints, 2, axis=0), axis=-1).mean())
    assert 3 < np.mean(found) < 10


@pytest.mark.parametrize('action', ['walking', 'idling', 'squatting', 'bending', 'sitting_down'])
def test_feet_stand_on_the_ground_and_do_not_slide(motions, neutral, action):
    motion = motions[action].every(2)
    left, right = feet(neutral, motion)
    lowest = np.minimum(left[..., 1].min(1), right[..., 1].min(1))
    assert np.abs(lowest).max() < 0.02
    # A vertex that is on the ground in two successive frames has hardly moved in between.
    slides = []
    for foot in (left, right):
        planted = (foot[1:, :, 1] < 0.01) & (foot[:-1, :, 1] < 0.01)
        moved = np.linalg.norm(np.diff(foot[..., [0, 2]], axis=0), axis=-1)
        slides.append(moved[planted])
    slide = np.concatenate(slides) * FPS / 2
    assert np.median(slide) < 0.15
    assert np.percentile(slide, 90) < 0.6


def test_people_walk_and_run_where_they_look(neutral):
    for action, low, high in (('walking', 0.6, 1.8), ('running', 1.6, 4)):
        motion = perform(neutral, action, 2)
        way = np.diff(motion.transl[:, [0, 2]], axis=0) * motion.rate
        yaw = np.radians(motion.yaw[1:])
        ahead = np.stack([np.sin(yaw), np.cos(yaw)], 1)
        speed = (way * ahead).sum(1)
        assert low < speed.mean() < high
        assert speed.min() > 0.35 * speed.mean()
        aside = way[:, 0] * ahead[:, 1] - way[:, 1] * ahead[:, 0]
        assert abs(aside.mean()) < 0.1 * speed.mean()


def test_who_stands_stays(neutral):
    for action in ('idling', 'waving', 'squatting', 'swinging', 'jumping_jacks'):
        way = perform(neutral, action, 3).transl[:, [0, 2]]
        assert np.linalg.norm(way[-1] - way[0]) < 0.25, action


def test_turning_turns_on_the_spot(neutral):
    motion = perform(neutral, 'turning', 4)
    assert 150 < abs(motion.yaw[-1] - motion.yaw[0]) < 420
    assert np.ptp(motion.transl[:, [0, 2]], axis=0).max() < 0.6


def test_in_the_air_people_fall(neutral):
    motion = perform(neutral, 'jumping', 0)
    left, right = feet(neutral, motion.every(2))
    clear = np.minimum(left[..., 1].min(1), right[..., 1].min(1))
    assert clear.max() > 0.1
    height = motion.every(2).transl[:, 1]
    bend = np.diff(height, 2)[clear[1:-1] > 0.03] * (motion.rate / 2) ** 2
    assert abs(np.median(bend) + GRAVITY) < 1


def test_scripts_fill_their_time():
    rng = np.random.default_rng(5)
    for seconds in (0.8, 3, 12):
        script = sample_script({'walking': 1, 'waving': 2}, seconds, rng)
        assert np.isclose(sum(scene.seconds for scene in script), seconds)
        assert {scene.action for scene in script} <= {'walking', 'waving'}
    with pytest.raises(ValueError, match='flying'):
        sample_script({'flying': 1}, 1, rng)


def test_actions_follow_each_other_smoothly(neutral):
    script = (Scene('walking', 2, turning=30), Scene('waving', 2), Scene('running', 2))
    motion = sample_motion(script, neutral, np.zeros(10), 180, FPS, np.random.default_rng(6))
    assert motion.actions[0] == 'walking'
    assert motion.actions[len(motion.actions) // 2] == 'waving'
    assert motion.actions[-1] == 'running'
    joints = joint_positions(motion.every(4).pose, neutral.shape(np.zeros(10))[1])
    acceleration = np.linalg.norm(np.diff(joints, 2, axis=0), axis=-1) * FPS**2
    assert acceleration.max() < 120


def test_same_random_state_gives_the_same_motion(neutral):
    first, second = (perform(neutral, 'throwing', 7) for _ in range(2))
    assert np.array_equal(first.pose, second.pose)
    assert np.array_equal(first.transl, second.transl)
    assert not np.array_equal(perform(neutral, 'throwing', 8).pose, first.pose)


@pytest.mark.parametrize(('fps', 'rate'), [(25, 125), (30, 120), (60, 120), (120, 120)])
def test_rates_are_multiples_of_what_is_read(neutral, fps, rate):
    script = (Scene('idling', 1),)
    motion = sample_motion(script, neutral, np.zeros(10), fps, fps, np.random.default_rng(9))
    assert motion.rate == rate
    assert len(motion.every(rate // fps).pose) == fps
