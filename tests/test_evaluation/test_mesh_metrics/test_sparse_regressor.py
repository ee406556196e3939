import numpy as np
import pytest

from mmpose_ext.evaluation.functional import SparseRegressor


@pytest.mark.parametrize('kind', [np.float32, np.float64])
def test_equals_the_dense_product(kind):
    random = np.random.default_rng(0)
    matrix = np.where(random.random((5, 300)) < 0.1, random.random((5, 300)), 0)
    matrix[2] = 0
    vertices = random.normal(0, 1, (7, 300, 3)).astype(kind)
    joints = SparseRegressor(matrix)(vertices)
    np.testing.assert_allclose(joints, [matrix @ mesh.astype(float) for mesh in vertices])
    every_other = SparseRegressor(matrix)(vertices[::2])
    np.testing.assert_array_equal(every_other, joints[::2])


def test_wrong_shapes_are_explained():
    regressor = SparseRegressor(np.eye(3, 8))
    with pytest.raises(ValueError, match=r'\(2, 9, 3\), expected \(B, 8, 3\)'):
        regressor(np.zeros((2, 9, 3)))
    with pytest.raises(ValueError, match='expected finite'):
        SparseRegressor(np.full((3, 8), np.nan))
