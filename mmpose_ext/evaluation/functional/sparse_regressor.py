from __future__ import annotations

import numpy as np
from scipy import sparse

from .mesh_kernels import regress


class SparseRegressor:
    """Reads joints off meshes, visiting only the vertices that have a weight.

    A joint regressor is a matrix of almost only zeros. Multiplying with all of it takes more than
    ten times as long.

    Args:
        matrix: (K, V), a joint per row.

    Raises:
        ValueError: If the matrix has another number of dimensions, or a value is not finite.
    """

    def __init__(self, matrix: np.ndarray) -> None:
        if matrix.ndim != 2 or not np.isfinite(matrix).all():
            raise ValueError(f'got a regressor of shape {matrix.shape}, expected finite (K, V)')
        rows = sparse.csr_matrix(matrix.astype(np.float64))
        self.num_vertices = matrix.shape[1]
        # Unsigned, as the loop would otherwise test every index for counting from the end.
        self._rows = rows.indptr.astype(np.uint32), rows.indices.astype(np.uint32), rows.data

    def __call__(self, vertices: np.ndarray) -> np.ndarray:
        """Compute the joints of a batch of meshes.

        Args:
            vertices: (B, V, 3).

        Returns:
            (B, K, 3) float64.

        Raises:
            ValueError: If the meshes have another number of vertices.
        """
        if vertices.ndim != 3 or vertices.shape[1:] != (self.num_vertices, 3):
            raise ValueError(
                f'got meshes of shape {vertices.shape}, expected (B, {self.num_vertices}, 3)'
            )
        return regress(np.ascontiguousarray(vertices), *self._rows)
