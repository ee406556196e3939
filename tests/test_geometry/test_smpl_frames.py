import dataclasses

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from mmpose_ext.body_models import JOINTS, load_standin, mirror_name
from mmpose_ext.geometry import PinholeCamera, mirror_smpl, project, world_to_camera_smpl

RNG = np.random.default_rng(0)
BODY = load_standin()
FLIP = [JOINTS.index(mirror_name(name)) for name in JOINTS]
POSE = RNG.normal(0, 0.4, (24, 3))
BETAS = RNG.normal(size=10)
TRANSL = np.array([0.4, -0.3, 4.0])
ROTATION = Rotation.from_rotvec([2.5, -0.6, 0.9]).as_matrix()
TRANSLATION = np.array([-1.0, 0.2, 5.0])
# Vertices of the stand-in and their partners on the other side.
PARTNER = np.array(
    [np.abs(BODY.v_template - point * [-1, 1, 1]).sum(1).argmin() for point in BODY.v_template]
)


def turned_rigidly(rotation, translation):
    vertices, joints = BODY.skin(BETAS, POSE, TRANSL)
    return vertices @ rotation.T + translation, joints @ rotation.T + translation


def test_world_to_camera_moves_every_vertex_as_the_camera_does():
    root = BODY.rest_root(BETAS)
    assert np.linalg.norm(root) > 0.1
    pose, transl = world_to_camera_smpl(POSE, TRANSL, root, ROTATION, TRANSLATION)
    vertices, joints = BODY.skin(BETAS, pose, transl)
    expected, expected_joints = turned_rigidly(ROTATION, TRANSLATION)
    np.testing.assert_allclose(vertices, expected, atol=5e-6)
    np.testing.assert_allclose(joints, expected_joints, atol=5e-6)
    np.testing.assert_array_equal(pose[1:], POSE[1:])


def test_without_the_pivot_term_the_body_is_displaced():
    root = BODY.rest_root(BETAS)
    pose, _ = world_to_camera_smpl(POSE, TRANSL, root, ROTATION, TRANSLATION)
    vertices, _ = BODY.skin(BETAS, pose, ROTATION @ TRANSL + TRANSLATION)
    shift = vertices - turned_rigidly(ROTATION, TRANSLATION)[0]
    np.testing.assert_allclose(
        shift, np.broadcast_to(-(ROTATION - np.eye(3)) @ root, shift.shape), atol=5e-6
    )
    assert np.linalg.norm(shift[0]) > 0.1


def test_world_to_camera_and_back_is_where_it_was():
    root = BODY.rest_root(BETAS).astype(float)
    there = world_to_camera_smpl(POSE, TRANSL, root, ROTATION, TRANSLATION)
    back = world_to_camera_smpl(*there, root, ROTATION.T, -ROTATION.T @ TRANSLATION)
    np.testing.assert_allclose(back[0], POSE, atol=1e-12)
    np.testing.assert_allclose(back[1], TRANSL, atol=1e-12)


def test_one_camera_serves_many_frames_and_kinds_are_kept():
    poses, transls, roots = RNG.normal(size=(5, 24, 3)), RNG.normal(size=(5, 3)), RNG.normal(size=3)
    pose, transl = world_to_camera_smpl(poses, transls, roots, ROTATION, TRANSLATION)
    for i in range(5):
        single = world_to_camera_smpl(poses[i], transls[i], roots, ROTATION, TRANSLATION)
        np.testing.assert_allclose(pose[i], single[0], atol=1e-12)
        np.testing.assert_allclose(transl[i], single[1], atol=1e-12)
    tensors = [torch.tensor(x) for x in (poses, transls, roots, ROTATION, TRANSLATION)]
    tensor_pose, tensor_transl = world_to_camera_smpl(*tensors)
    np.testing.assert_allclose(tensor_pose, pose, atol=1e-12)
    np.testing.assert_allclose(tensor_transl, transl, atol=1e-12)
    single_precision = world_to_camera_smpl(
        poses.astype(np.float32), transls, roots, ROTATION, TRANSLATION
    )
    assert {x.dtype for x in single_precision} == {np.dtype(np.float32)}


def test_one_body_in_many_cameras():
    rotations = Rotation.random(4, random_state=0).as_matrix()
    root = BODY.rest_root(BETAS)
    pose, transl = world_to_camera_smpl(POSE, TRANSL, root, rotations, RNG.normal(size=(4, 3)))
    assert pose.shape == (4, 24, 3)
    assert transl.shape == (4, 3)
    for i in range(4):
        single = world_to_camera_smpl(POSE, TRANSL, root, rotations[i], np.zeros(3))[0]
        np.testing.assert_allclose(pose[i], single, atol=1e-12)


def symmetric_body():
    """The stand-in with shapes that are exactly symmetric, as its template is."""
    directions = BODY.shapedirs
    directions = (directions + directions[PARTNER] * np.array([-1, 1, 1])[:, None]) / 2
    weights = (BODY.weights + BODY.weights[PARTNER][:, FLIP]) / 2
    regressor = (BODY.J_regressor + BODY.J_regressor[FLIP][:, PARTNER]) / 2
    return dataclasses.replace(BODY, shapedirs=directions, weights=weights, J_regressor=regressor)


def test_mirrored_parameters_give_the_mirrored_mesh():
    np.testing.assert_array_equal(PARTNER[PARTNER], np.arange(BODY.num_vertices))
    body = symmetric_body()
    vertices, joints = body.skin(BETAS, POSE, TRANSL)
    pose, transl = mirror_smpl(POSE, TRANSL, body.rest_root(BETAS), FLIP)
    mirrored, mirrored_joints = body.skin(BETAS, pose, transl)
    np.testing.assert_allclose(mirrored[PARTNER], vertices * [-1, 1, 1], atol=2e-5)
    np.testing.assert_allclose(mirrored_joints[FLIP], joints * [-1, 1, 1], atol=2e-5)


def test_root_of_an_asymmetric_body_mirrors_exactly():
    root = np.array([0.05, -0.2, 0.03])
    _, transl = mirror_smpl(POSE, TRANSL, root, FLIP)
    np.testing.assert_allclose(transl + root, (TRANSL + root) * [-1, 1, 1], atol=1e-15)


def test_mirrored_body_projects_to_the_mirrored_image():
    camera = PinholeCamera(600, 500, 150, 200, 400, 300)
    flipped = dataclasses.replace(camera, cx=399 - camera.cx)
    body = symmetric_body()
    vertices, _ = body.skin(BETAS, POSE, TRANSL)
    parameters = mirror_smpl(POSE, TRANSL, body.rest_root(BETAS), FLIP)
    mirrored, _ = body.skin(BETAS, *parameters)
    expected = project(vertices, camera) * [-1, 1] + [399, 0]
    np.testing.assert_allclose(project(mirrored, flipped)[PARTNER], expected, atol=2e-2)


def test_mirroring_twice_changes_nothing():
    poses, transls = RNG.normal(size=(3, 24, 3)), RNG.normal(size=(3, 3))
    root = RNG.normal(size=(3, 3))
    once = mirror_smpl(poses, transls, root, FLIP)
    twice = mirror_smpl(*once, root, FLIP)
    np.testing.assert_allclose(twice[0], poses, atol=1e-15)
    np.testing.assert_allclose(twice[1], transls, atol=1e-15)
    tensors = mirror_smpl(*(torch.tensor(x) for x in (poses, transls, root)), FLIP)
    np.testing.assert_allclose(tensors[0], once[0], atol=1e-15)
    np.testing.assert_allclose(tensors[1], once[1], atol=1e-15)


def test_mirrored_rotation_matrices_are_conjugated():
    mirror = np.diag([-1.0, 1, 1])
    pose, _ = mirror_smpl(POSE, TRANSL, np.zeros(3), FLIP)
    expected = mirror @ Rotation.from_rotvec(POSE[FLIP]).as_matrix() @ mirror
    np.testing.assert_allclose(Rotation.from_rotvec(pose).as_matrix(), expected, atol=1e-12)


def test_wrong_arguments_are_errors():
    with pytest.raises(ValueError, match=r'expected \(\.\.\., 24, 3\)'):
        mirror_smpl(POSE[:23], TRANSL, np.zeros(3), FLIP)
    with pytest.raises(ValueError, match=r'expected \(\.\.\., 3, 3\)'):
        world_to_camera_smpl(POSE, TRANSL, np.zeros(3), np.zeros(3), TRANSLATION)
    with pytest.raises(TypeError, match='expected only tensors'):
        world_to_camera_smpl(torch.tensor(POSE), TRANSL, np.zeros(3), ROTATION, TRANSLATION)
