import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from mmpose_ext.geometry import (
    axis_angle_to_matrix,
    interleaved_to_columns,
    matrix_to_axis_angle,
    matrix_to_rotation_6d,
    rotation_6d_to_matrix,
)

AXES = Rotation.random(50, random_state=0).as_rotvec()
AXES /= np.linalg.norm(AXES, axis=1, keepdims=True)
# Both sides of the angles where a series takes over are among them.
ANGLES = [0, 1e-12, 1e-6, 9.9e-4, 1.1e-3, 1.9e-3, 2.1e-3, 0.5, 2, np.pi - 1e-3, np.pi - 1e-6]


@pytest.mark.parametrize('angle', [*ANGLES, np.pi])
def test_axis_angle_to_matrix_is_scipys(angle):
    matrix = axis_angle_to_matrix(torch.tensor(AXES * angle))
    expected = Rotation.from_rotvec(AXES * angle).as_matrix()
    np.testing.assert_allclose(matrix, expected, atol=1e-14)


@pytest.mark.parametrize('angle', ANGLES)
def test_matrix_to_axis_angle_is_scipys(angle):
    rotation = Rotation.from_rotvec(AXES * angle)
    vectors = matrix_to_axis_angle(torch.tensor(rotation.as_matrix()))
    np.testing.assert_allclose(vectors, rotation.as_rotvec(), atol=1e-9)


@pytest.mark.parametrize('angle', [*ANGLES, np.pi])
def test_float32_is_accurate_at_every_angle(angle):
    vectors = torch.tensor(AXES * angle, dtype=torch.float32)
    matrix = axis_angle_to_matrix(vectors)
    assert matrix.dtype == torch.float32
    expected = Rotation.from_rotvec(AXES * angle).as_matrix()
    np.testing.assert_allclose(matrix, expected, atol=5e-7)
    back = matrix_to_axis_angle(matrix)
    assert back.dtype == torch.float32
    # Near pi the vector may come back as its opposite, the same rotation.
    np.testing.assert_allclose(axis_angle_to_matrix(back), expected, atol=2e-6)
    if angle < 3:
        np.testing.assert_allclose(back, vectors, atol=2e-6)


def test_half_turns_give_one_of_the_two_axes():
    axes = np.concatenate([AXES, np.eye(3), -np.eye(3), [[0, 0.6, -0.8]]])
    half_turns = torch.tensor(Rotation.from_rotvec(axes * np.pi).as_matrix())
    vectors = matrix_to_axis_angle(half_turns).numpy()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), np.pi, atol=1e-9)
    np.testing.assert_allclose(np.abs((vectors * axes).sum(1)), np.pi, atol=1e-9)


@pytest.mark.parametrize('angle', [0, 1e-12, 1e-5, 9.99e-4, 1.01e-3, 0.7, np.pi, 5])
def test_axis_angle_to_matrix_has_the_derivative_of_finite_differences(angle):
    vectors = torch.tensor(AXES[:3] * angle, requires_grad=True)
    assert torch.autograd.gradcheck(axis_angle_to_matrix, vectors, eps=1e-6, atol=1e-8)


def inverse_left_jacobian(vector: np.ndarray) -> np.ndarray:
    """Derivative of log(exp(w) R) at w = 0, in closed form (Barfoot, State Estimation, 7.37)."""
    angle = np.linalg.norm(vector)
    skew = np.cross(np.eye(3), vector)
    if angle < 1e-6:
        return np.eye(3) - skew / 2
    factor = 1 / angle**2 - (1 + np.cos(angle)) / (2 * angle * np.sin(angle))
    return np.eye(3) - skew / 2 + factor * skew @ skew


@pytest.mark.parametrize('angle', [0, 1e-9, 1.9e-3, 2.1e-3, 0.7, 2, np.pi - 1e-3])
def test_matrix_to_axis_angle_has_the_derivative_of_the_logarithm(angle):
    for axis in AXES[:5]:
        matrix = torch.tensor(Rotation.from_rotvec(axis * angle).as_matrix())
        jacobian = torch.autograd.functional.jacobian(
            lambda w, matrix=matrix: matrix_to_axis_angle(axis_angle_to_matrix(w) @ matrix),
            torch.zeros(3, dtype=torch.float64),
        )
        np.testing.assert_allclose(jacobian, inverse_left_jacobian(axis * angle), atol=1e-8)


@pytest.mark.parametrize('angle', [0, np.pi - 1e-7, np.pi])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_gradients_are_finite_where_the_logarithm_is_singular(angle, dtype):
    axes = np.concatenate([AXES, np.eye(3)])
    matrix = torch.tensor(Rotation.from_rotvec(axes * angle).as_matrix(), dtype=dtype)
    matrix.requires_grad_()
    matrix_to_axis_angle(matrix).sum().backward()
    assert matrix.grad.isfinite().all()
    assert matrix.grad.abs().max() < 100


DEGENERATE = {
    'zero': [0, 0, 0, 0, 0, 0],
    'first zero': [0, 0, 0, 1, 2, 3],
    'second zero': [1, 2, 3, 0, 0, 0],
    'parallel': [1, 2, 3, 2, 4, 6],
    'opposite': [1, 0, 0, -3, 0, 0],
    'tiny': [1e-30, 0, 0, 0, 1e-30, 0],
}


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize('values', DEGENERATE.values(), ids=DEGENERATE.keys())
def test_degenerate_6d_is_finite_with_finite_gradients(values, dtype):
    vector = torch.tensor(values, dtype=dtype, requires_grad=True)
    angles = matrix_to_axis_angle(rotation_6d_to_matrix(vector))
    assert angles.isfinite().all()
    angles.sum().backward()
    assert vector.grad.isfinite().all()
    array = np.array(values, np.float32 if dtype == torch.float32 else np.float64)
    assert np.isfinite(matrix_to_axis_angle(rotation_6d_to_matrix(array))).all()


def test_6d_has_the_derivative_of_finite_differences():
    vectors = torch.tensor(np.random.default_rng(0).normal(size=(4, 6)), requires_grad=True)
    assert torch.autograd.gradcheck(rotation_6d_to_matrix, vectors)


def test_rows_of_a_batch_of_three_do_not_mix():
    # torch.cross without a dimension takes the first one of length 3, which here is the batch.
    vectors = torch.tensor(np.random.default_rng(1).normal(size=(3, 6)))
    single = torch.cat([rotation_6d_to_matrix(vector[None]) for vector in vectors])
    torch.testing.assert_close(rotation_6d_to_matrix(vectors), single)


@pytest.mark.parametrize('kind', [np.asarray, torch.tensor])
def test_interleaved_numbers_are_the_columns_of_a_3x2_matrix(kind):
    vectors = np.random.default_rng(2).normal(size=(5, 6))
    matrix = rotation_6d_to_matrix(interleaved_to_columns(kind(vectors)))
    for vector, rotation in zip(vectors, np.asarray(matrix)):
        orthogonal, triangular = np.linalg.qr(vector.reshape(3, 2))
        columns = orthogonal * np.sign(np.diag(triangular))
        np.testing.assert_allclose(rotation[:, :2], columns, atol=1e-12)
        np.testing.assert_allclose(rotation[:, 2], np.cross(*columns.T), atol=1e-12)


@pytest.mark.parametrize(
    ('function', 'shape'),
    [
        (axis_angle_to_matrix, (2, 4, 3)),
        (interleaved_to_columns, (2, 4, 6)),
        (rotation_6d_to_matrix, (2, 4, 6)),
        (lambda x: matrix_to_axis_angle(rotation_6d_to_matrix(x)), (2, 4, 6)),
        (lambda x: matrix_to_rotation_6d(rotation_6d_to_matrix(x)), (2, 4, 6)),
    ],
)
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_tensors_and_arrays_agree_and_keep_their_kind(function, shape, dtype):
    array = np.random.default_rng(3).normal(size=shape).astype(dtype)
    expected, tensor = function(array), function(torch.from_numpy(array))
    assert isinstance(expected, np.ndarray)
    assert isinstance(tensor, torch.Tensor)
    assert expected.dtype == tensor.numpy().dtype == dtype
    assert expected.shape == tensor.shape
    np.testing.assert_allclose(tensor, expected, atol=1e-5 if dtype == np.float32 else 1e-12)


def test_half_precision_is_computed_in_float32():
    vectors = torch.tensor(AXES * 2).to(torch.bfloat16)
    matrix = axis_angle_to_matrix(vectors)
    assert matrix.dtype == torch.float32
    torch.testing.assert_close(matrix, axis_angle_to_matrix(vectors.float()), rtol=0, atol=0)


def test_autocast_does_not_cost_precision():
    vectors = torch.tensor(AXES * 2, dtype=torch.float32)
    expected = matrix_to_axis_angle(axis_angle_to_matrix(vectors))
    with torch.autocast('cpu', torch.bfloat16):
        result = matrix_to_axis_angle(axis_angle_to_matrix(vectors))
        rotation = rotation_6d_to_matrix(matrix_to_rotation_6d(axis_angle_to_matrix(vectors)))
    torch.testing.assert_close(result, expected, rtol=0, atol=0)
    np.testing.assert_allclose(rotation, axis_angle_to_matrix(vectors), atol=1e-6)


def test_integers_become_floating():
    assert axis_angle_to_matrix(torch.zeros(2, 3, dtype=torch.int64)).dtype == torch.float32


@pytest.mark.parametrize(
    ('function', 'shape'),
    [(axis_angle_to_matrix, (4,)), (matrix_to_axis_angle, (3, 2)), (rotation_6d_to_matrix, (5,))],
)
def test_wrong_shape_is_an_error(function, shape):
    with pytest.raises(ValueError, match='expected'):
        function(torch.zeros(shape))
