import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mmpose_ext.geometry import (
    axis_angle_to_matrix,
    matrix_to_axis_angle,
    matrix_to_rotation_6d,
    rotation_6d_to_matrix,
)

AXES = Rotation.random(200, random_state=0).as_rotvec()
AXES /= np.linalg.norm(AXES, axis=1, keepdims=True)


@pytest.mark.parametrize('angle', [0, 1e-12, 1e-6, 1e-3, 0.5, 2, np.pi - 1e-6, np.pi])
def test_axis_angle_to_matrix_is_scipys(angle):
    expected = Rotation.from_rotvec(AXES * angle).as_matrix()
    np.testing.assert_allclose(axis_angle_to_matrix(AXES * angle), expected, atol=1e-12)


@pytest.mark.parametrize('angle', [0, 1e-12, 1e-6, 1e-3, 0.5, 2, np.pi - 1e-6])
def test_matrix_to_axis_angle_inverts(angle):
    matrix = Rotation.from_rotvec(AXES * angle).as_matrix()
    np.testing.assert_allclose(matrix_to_axis_angle(matrix), AXES * angle, atol=1e-9)


def test_matrix_to_axis_angle_at_pi_gives_one_of_the_two_axes():
    half_turns = Rotation.from_rotvec(AXES * np.pi).as_matrix()
    vectors = matrix_to_axis_angle(half_turns)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), np.pi, atol=1e-9)
    np.testing.assert_allclose(np.abs((vectors * AXES).sum(1)), np.pi, atol=1e-9)


def test_matrix_to_axis_angle_of_axis_aligned_half_turns():
    for k in range(3):
        expected = np.zeros(3)
        expected[k] = np.pi
        matrix = -np.eye(3)
        matrix[k, k] = 1
        np.testing.assert_allclose(np.abs(matrix_to_axis_angle(matrix)), expected, atol=1e-12)


def test_float32_stays_float32_and_accurate():
    matrix = axis_angle_to_matrix((AXES * 2).astype(np.float32))
    assert matrix.dtype == np.float32
    np.testing.assert_allclose(matrix, Rotation.from_rotvec(AXES * 2).as_matrix(), atol=1e-6)


def test_6d_holds_the_first_two_columns():
    matrix = Rotation.random(50, random_state=1).as_matrix()
    vectors = matrix_to_rotation_6d(matrix)
    np.testing.assert_array_equal(vectors[:, :3], matrix[:, :, 0])
    np.testing.assert_array_equal(vectors[:, 3:], matrix[:, :, 1])
    np.testing.assert_allclose(rotation_6d_to_matrix(vectors), matrix, atol=1e-12)


def test_6d_of_any_vectors_is_a_rotation():
    vectors = np.random.default_rng(0).normal(size=(4, 25, 6))
    matrix = rotation_6d_to_matrix(vectors)
    np.testing.assert_allclose(
        matrix @ matrix.swapaxes(-1, -2), np.broadcast_to(np.eye(3), (4, 25, 3, 3)), atol=1e-10
    )
    np.testing.assert_allclose(np.linalg.det(matrix), 1, atol=1e-10)


@pytest.mark.parametrize(
    ('function', 'shape'),
    [
        (axis_angle_to_matrix, (4,)),
        (matrix_to_axis_angle, (3, 2)),
        (rotation_6d_to_matrix, (3, 2)),
        (matrix_to_rotation_6d, (9,)),
    ],
)
def test_wrong_shape_is_an_error(function, shape):
    with pytest.raises(ValueError, match='expected'):
        function(np.zeros(shape))
