"""Joints without vertices, against vertices and a regressor."""

import dataclasses

import numpy as np
import pytest

from mmpose_ext.body_models import load_standin, regressor, superset_regressor
from mmpose_ext.datasets.datasets.mesh.posed_regressor import PosedRegressor, superset_joints
from mmpose_ext.datasets.datasets.mesh.smpl_fits import SMPLFits


def parameters(number):
    rng = np.random.default_rng(5)
    return rng.normal(0, 0.4, (number, 24, 3)), rng.normal(0, 1, (number, 10))


def body_with_pose_directions():
    body = load_standin()
    rng = np.random.default_rng(6)
    directions = rng.normal(0, 0.01, (207, body.num_vertices * 3)).astype(np.float32)
    return dataclasses.replace(body, posedirs=directions)


@pytest.mark.parametrize('body', [load_standin('female'), body_with_pose_directions()])
@pytest.mark.parametrize('name', ['h36m17', 'superset'])
def test_it_gives_what_skinning_and_regressing_give(body, name):
    matrix = superset_regressor(body) if name == 'superset' else regressor(body, name)
    pose, betas = parameters(3)

    joints = PosedRegressor(body, matrix)(pose, betas)

    expected = [matrix @ body.skin(b, p)[0] for p, b in zip(pose, betas)]
    assert np.abs(joints - expected).max() < 5e-6


def test_a_keypoint_without_vertices_stays_at_the_origin():
    body = load_standin()
    matrix = np.stack([np.zeros(body.num_vertices), regressor(body, 'h36m17')[3]])
    pose, betas = parameters(2)

    joints = PosedRegressor(body, matrix)(pose, betas)

    assert (joints[:, 0] == 0).all() and (joints[:, 1] != 0).any()


def test_each_gender_has_its_own_body():
    pose, betas = parameters(3)
    transl = np.array([[0, 0, 3], [1, 0, 4], [0, 1, 5]], float)
    fits = SMPLFits.build(pose, betas, transl, np.array([2, 0, 1]), load_standin)

    joints = superset_joints(fits, load_standin)

    for n, gender in enumerate(('female', 'neutral', 'male')):
        body = load_standin(gender)
        vertices, posed = body.skin(betas[n], pose[n], transl[n])
        np.testing.assert_allclose(joints[n], superset_regressor(body) @ vertices, atol=1e-5)
        # The root joint is where SMPL turns the body about.
        np.testing.assert_allclose(fits.root_joints[n] + transl[n], posed[0], atol=1e-5)


def test_a_regressor_of_another_mesh_is_refused():
    with pytest.raises(ValueError, match=r'got shape \(2, 5\), expected \(K, 6890\)'):
        PosedRegressor(load_standin(), np.zeros((2, 5)))
