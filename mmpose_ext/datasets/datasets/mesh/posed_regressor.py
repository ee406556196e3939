from collections.abc import Callable

import numpy as np

from mmpose_ext.body_models import BodyModel, superset_regressor
from mmpose_ext.geometry import axis_angle_to_matrix
from mmpose_ext.skeletons import SUPERSET30

from .smpl_fits import GENDERS, SMPLFits

_CHUNK = 2048


def superset_joints(fits: SMPLFits, body_of: Callable[[str], BodyModel]) -> np.ndarray:
    """The 30 superset joints of bodies in camera space, read off their vertices.

    Args:
        fits: M bodies.
        body_of: Gives the body model of a gender.

    Returns:
        np.ndarray: (M, 30, 3) float32, in metres.
    """
    joints = np.zeros((len(fits), SUPERSET30.num_keypoints, 3), np.float32)
    for code in np.unique(fits.genders):
        rows = np.flatnonzero(fits.genders == code)
        body = body_of(GENDERS[code])
        regress = PosedRegressor(body, superset_regressor(body))
        joints[rows] = regress(fits.pose[rows], fits.betas[rows])
    return joints + fits.transl[:, None]


class PosedRegressor:
    """Reads keypoints off posed bodies without computing their vertices, exactly.

    A regressed keypoint is linear in the vertices, and a skinned vertex linear in the bones'
    transforms, so the sum over vertices is done once, per keypoint and bone. A body then costs
    some ten thousand multiplications instead of millions, which makes it possible to judge the
    fits of a whole dataset when it is loaded.

    Args:
        body: The body.
        matrix: The keypoints' regressor, (K, V).

    Raises:
        ValueError: If the regressor is for another mesh.
    """

    def __init__(self, body: BodyModel, matrix: np.ndarray) -> None:
        if matrix.ndim != 2 or matrix.shape[1] != body.num_vertices:
            raise ValueError(
                f'{body.name}: regressor got shape {matrix.shape}, expected '
                f'(K, {body.num_vertices})'
            )
        self.num_keypoints = len(matrix)
        self._parents = body.parents
        self._rest = body.J_regressor @ body.v_template
        self._directions = np.einsum('jv,vdb->jdb', body.J_regressor, body.shapedirs, optimize=True)
        used = np.flatnonzero((matrix != 0).any(axis=0))
        bones = len(self._parents)
        shares = matrix[:, None, used] * body.weights[used].T
        shares = shares.reshape(self.num_keypoints * bones, len(used)).astype(np.float64)
        pairs = np.flatnonzero((shares != 0).any(axis=1))
        shares = shares[pairs]
        self._keypoint, self._bone = pairs // bones, pairs % bones
        self._weight = shares.sum(axis=1)
        parts = [body.v_template[used, :, None], body.shapedirs[used]]
        if body.posedirs is not None:
            parts.append(
                body.posedirs.reshape(-1, body.num_vertices, 3)[:, used].transpose(1, 2, 0)
            )
        basis = np.concatenate(parts, axis=2)
        # Rows: template, shape directions, pose directions; columns: x, y, z of each pair.
        self._basis = (shares @ basis.reshape(len(used), -1)).reshape(len(pairs) * 3, -1).T.copy()
        self._has_pose = body.posedirs is not None

    def __call__(self, pose: np.ndarray, betas: np.ndarray) -> np.ndarray:
        """Compute the keypoints of bodies with zero translation.

        Args:
            pose: Rotation vectors in radians, (M, 24, 3).
            betas: Shape parameters, (M, B) with B the body's number of them.

        Returns:
            np.ndarray: (M, K, 3) float32, in metres.
        """
        result = np.zeros((len(pose), self.num_keypoints, 3), np.float32)
        for start in range(0, len(pose), _CHUNK):
            part = slice(start, start + _CHUNK)
            result[part] = self._chunk(pose[part].astype(np.float64), betas[part])
        return result

    def _chunk(self, pose: np.ndarray, betas: np.ndarray) -> np.ndarray:
        rotations = axis_angle_to_matrix(pose)
        world, shift = self._transforms(rotations, self._rest_joints(betas))
        ones = np.ones((len(pose), 1))
        features = [ones, betas]
        if self._has_pose:
            features.append((rotations[:, 1:] - np.eye(3)).reshape(len(pose), -1))
        points = (np.concatenate(features, axis=1) @ self._basis).reshape(len(pose), -1, 3)
        moved = (world[:, self._bone] @ points[..., None])[..., 0]
        moved += shift[:, self._bone] * self._weight[:, None]
        keypoints = np.zeros((len(pose), self.num_keypoints, 3))
        # Pairs come keypoint after keypoint.
        present, starts = np.unique(self._keypoint, return_index=True)
        keypoints[:, present] = np.add.reduceat(moved, starts, axis=1)
        return keypoints

    def _rest_joints(self, betas: np.ndarray) -> np.ndarray:
        return self._rest + np.tensordot(betas, self._directions, axes=(1, 2))

    def _transforms(
        self, rotations: np.ndarray, joints: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        world, posed = rotations.copy(), joints.astype(np.float64)
        for bone, parent in enumerate(self._parents[1:], start=1):
            world[:, bone] = world[:, parent] @ rotations[:, bone]
            offset = joints[:, bone] - joints[:, parent]
            posed[:, bone] = posed[:, parent] + (world[:, parent] @ offset[..., None])[..., 0]
        return world, posed - (world @ joints[..., None])[..., 0]
