import dataclasses

import numpy as np
import pytest
import torch

from mmpose_ext.body_models import JOINTS, BodyModel, load_standin, write_standin


def random_body(rng: np.random.Generator) -> BodyModel:
    """A body with every part of SMPL in use, pose blend shapes included."""
    vertices, joints = 60, len(JOINTS)
    weights, regressor = rng.random((vertices, joints)), rng.random((joints, vertices))
    return BodyModel(
        name='random',
        gender='neutral',
        v_template=rng.normal(size=(vertices, 3)).astype(np.float32),
        shapedirs=rng.normal(size=(vertices, 3, 10)).astype(np.float32),
        posedirs=rng.normal(0, 0.01, (9 * (joints - 1), vertices * 3)).astype(np.float32),
        J_regressor=(regressor / regressor.sum(1, keepdims=True)).astype(np.float32),
        weights=(weights / weights.sum(1, keepdims=True)).astype(np.float32),
        faces=rng.integers(0, vertices, (40, 3), np.int32),
    )


def test_skin_is_smplx(tmp_path):
    smplx = pytest.importorskip('smplx')
    write_standin(tmp_path)
    rng = np.random.default_rng(0)
    for gender in ('neutral', 'male', 'female'):
        layer = smplx.SMPL(str(tmp_path), gender=gender)
        pose, betas, translation = (
            rng.normal(0, 0.7, (24, 3)),
            rng.normal(size=10),
            rng.normal(size=3),
        )
        tensors = [torch.tensor(x, dtype=torch.float32)[None] for x in (betas, pose, translation)]
        with torch.no_grad():
            expected = layer(
                betas=tensors[0],
                global_orient=tensors[1][:, 0],
                body_pose=tensors[1][:, 1:].flatten(1),
                transl=tensors[2],
            )
        vertices, joints = load_standin(gender).skin(betas, pose, translation)
        np.testing.assert_allclose(vertices, expected.vertices[0], atol=1e-5)
        np.testing.assert_allclose(joints, expected.joints[0, :24], atol=1e-5)


def test_skin_with_pose_blend_shapes_is_smplxs_function():
    lbs = pytest.importorskip('smplx.lbs')
    rng = np.random.default_rng(1)
    body = random_body(rng)
    pose, betas = rng.normal(0, 0.7, (24, 3)), rng.normal(size=10)
    expected, expected_joints = lbs.lbs(
        *(
            torch.tensor(x, dtype=torch.float32)
            for x in (
                betas[None],
                pose.reshape(1, -1),
                body.v_template,
                body.shapedirs,
                body.posedirs,
                body.J_regressor,
            )
        ),
        torch.tensor(body.parents),
        torch.tensor(body.weights),
    )
    vertices, joints = body.skin(betas, pose)
    np.testing.assert_allclose(vertices, expected[0], atol=2e-5)
    np.testing.assert_allclose(joints, expected_joints[0], atol=2e-5)


def test_zero_pose_is_the_body_at_rest():
    body = load_standin()
    vertices, joints = body.skin(np.zeros(10), np.zeros((24, 3)))
    np.testing.assert_allclose(vertices, body.v_template, atol=1e-6)
    np.testing.assert_allclose(joints, body.J_regressor @ body.v_template, atol=1e-6)


def test_global_orientation_turns_about_the_pelvis():
    body = load_standin()
    rest, rest_joints = body.skin(np.ones(3), np.zeros((24, 3)))
    pose = np.zeros((24, 3))
    pose[0] = [0, np.pi / 2, 0]
    vertices, joints = body.skin(np.ones(3), pose, [1, 2, 3])
    quarter = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    expected = (rest - rest_joints[0]) @ quarter.T + rest_joints[0] + [1, 2, 3]
    np.testing.assert_allclose(vertices, expected, atol=1e-5)
    np.testing.assert_allclose(joints[0], rest_joints[0] + [1, 2, 3], atol=1e-6)


def test_a_joint_moves_only_what_hangs_on_it():
    body = load_standin()
    pose = np.zeros((24, 3))
    pose[JOINTS.index('left_elbow')] = [0, -1.5, 0]
    _, rest = body.skin(np.zeros(1), np.zeros((24, 3)))
    _, bent = body.skin(np.zeros(1), pose)
    moved = np.linalg.norm(bent - rest, axis=1) > 1e-5
    assert {JOINTS[k] for k in np.flatnonzero(moved)} == {'left_wrist', 'left_hand'}
    assert bent[JOINTS.index('left_wrist'), 2] > rest[JOINTS.index('left_wrist'), 2] + 0.2


def test_missing_betas_are_zero():
    body = load_standin()
    short, _ = body.shape(np.array([1.0, -2.0]))
    full, _ = body.shape(np.array([1.0, -2.0] + 8 * [0.0]))
    np.testing.assert_allclose(short, full, atol=1e-6)


def test_wrong_arguments_are_errors():
    body = load_standin()
    with pytest.raises(ValueError, match=r'betas got shape \(11,\)'):
        body.shape(np.zeros(11))
    with pytest.raises(ValueError, match=r'pose got shape \(23, 3\), expected \(24, 3\)'):
        body.skin(np.zeros(10), np.zeros((23, 3)))


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('weights', np.ones((5, 24)), r'weights got shape \(5, 24\)'),
        ('J_regressor', np.full((24, 60), np.nan), 'J_regressor got NaN'),
        ('faces', np.array([[0, 1, 60]]), 'faces got vertex 60, expected 0 to 59'),
        ('posedirs', np.zeros((207, 60)), 'posedirs got shape'),
    ],
)
def test_inconsistent_arrays_are_errors(key, value, message):
    body = random_body(np.random.default_rng(2))
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(body, **{key: value})
