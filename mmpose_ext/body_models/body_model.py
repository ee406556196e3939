"""A skinned body in SMPL's format, in numpy."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from mmpose_ext.body_models.joints import JOINTS, PARENTS
from mmpose_ext.geometry import axis_angle_to_matrix


@dataclass(frozen=True, eq=False)
class BodyModel:
    """Template, shape directions and skinning of a body, as SMPL defines them.

    The axes are SMPL's: y up, the rest pose looks along +z, its left side lies at +x; metres.

    Args:
        name: Where the body comes from, for messages.
        gender: ``'neutral'``, ``'male'`` or ``'female'``.
        v_template: Vertices of the mean body at rest, (V, 3).
        shapedirs: Vertex displacement per unit of each shape parameter, (V, 3, B).
        posedirs: Pose blend shapes as smplx stores them, (207, V * 3), or None where they
            are zero.
        J_regressor: Joints from vertices at rest, (24, V), rows sum to one.
        weights: Skinning weights, (V, 24), rows sum to one.
        faces: Triangles, (F, 3) int32, counter-clockwise seen from outside.
        regressors: Keypoint sets by name, each (K, V), see :func:`regressor`.

    Raises:
        ValueError: If an array has another shape, a value is not finite, or a face names a
            vertex that does not exist.
    """

    name: str
    gender: str
    v_template: np.ndarray
    shapedirs: np.ndarray
    posedirs: np.ndarray | None
    J_regressor: np.ndarray
    weights: np.ndarray
    faces: np.ndarray
    regressors: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        vertices, joints = len(self.v_template), len(JOINTS)
        expected = {
            'v_template': (vertices, 3),
            'shapedirs': (vertices, 3, self.shapedirs.shape[-1]),
            'posedirs': (9 * (joints - 1), vertices * 3),
            'J_regressor': (joints, vertices),
            'weights': (vertices, joints),
            'faces': (len(self.faces), 3),
        }
        for key, shape in expected.items():
            array = getattr(self, key)
            if array is None:
                continue
            if array.shape != shape:
                raise ValueError(f'{self.name}: {key} got shape {array.shape}, expected {shape}')
            if not np.isfinite(array).all():
                raise ValueError(f'{self.name}: {key} got NaN or infinite values, expected finite')
        if self.faces.size and not (self.faces.min() >= 0 and self.faces.max() < vertices):
            raise ValueError(
                f'{self.name}: faces got vertex {self.faces.max()}, expected 0 to {vertices - 1}'
            )

    @property
    def num_vertices(self) -> int:
        """Number of vertices."""
        return len(self.v_template)

    @property
    def num_betas(self) -> int:
        """Number of shape parameters."""
        return self.shapedirs.shape[-1]

    @property
    def parents(self) -> np.ndarray:
        """Index of each joint's parent, (24,), -1 for the root."""
        return np.array(PARENTS)

    def shape(self, betas: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Form a body at rest.

        Args:
            betas: Shape parameters, (n,) with n at most ``num_betas``; missing ones are zero.

        Returns:
            Vertices (V, 3) and joints (24, 3).

        Raises:
            ValueError: If there are more parameters than shape directions.
        """
        betas = self._check_betas(betas)
        count = len(betas)
        displacements = self._vertex_directions[:, :count] @ betas
        vertices = self.v_template + displacements.reshape(-1, 3)
        joints = self._rest_joints + self._joint_directions[..., :count] @ betas
        return vertices, joints

    def rest_root(self, betas: ArrayLike) -> np.ndarray:
        """The root joint J0 of a body at rest, about which SMPL turns the whole body.

        Args:
            betas: Shape parameters, (n,) with n at most ``num_betas``.

        Returns:
            (3,) float32 in metres.

        Raises:
            ValueError: If there are more parameters than shape directions.
        """
        betas = self._check_betas(betas)
        return self._rest_joints[0] + self._joint_directions[0, :, : len(betas)] @ betas

    def skin(
        self,
        betas: ArrayLike,
        pose: ArrayLike,
        translation: ArrayLike = (0.0, 0.0, 0.0),
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pose a body, with the mathematics of ``smplx.SMPL``.

        Args:
            betas: Shape parameters, (n,) with n at most ``num_betas``.
            pose: Rotation vector of every joint relative to its parent in radians, (24, 3);
                the first is the body's global orientation.
            translation: Added to every point, (3,) in metres.

        Returns:
            Vertices (V, 3) and joints (24, 3), float32 in metres.

        Raises:
            ValueError: If the pose does not have 24 rotation vectors.
        """
        pose = np.asarray(pose, np.float32)
        if pose.shape != (len(JOINTS), 3):
            raise ValueError(f'pose got shape {pose.shape}, expected ({len(JOINTS)}, 3)')
        vertices, joints = self.shape(betas)
        rotations = axis_angle_to_matrix(pose)
        if self.posedirs is not None:
            feature = (rotations[1:] - np.eye(3, dtype=np.float32)).ravel()
            vertices = vertices + (feature @ self.posedirs).reshape(-1, 3)

        world = rotations.copy()
        posed = joints.copy()
        for index, parent in enumerate(PARENTS[1:], start=1):
            world[index] = world[parent] @ rotations[index]
            posed[index] = posed[parent] + world[parent] @ (joints[index] - joints[parent])
        posed += np.asarray(translation, np.float32)
        shift = posed - np.einsum('jab,jb->ja', world, joints)

        # One matrix product blends all transforms, the costly part, at the speed of BLAS.
        transforms = np.concatenate([world, shift[..., None]], axis=-1).reshape(len(JOINTS), 12)
        blended = (self.weights @ transforms).reshape(-1, 3, 4)
        result = np.einsum('vab,vb->va', blended[..., :3], vertices)
        result += blended[..., 3]
        return result, posed

    def _check_betas(self, betas: ArrayLike) -> np.ndarray:
        betas = np.asarray(betas, np.float32)
        if betas.ndim != 1 or len(betas) > self.num_betas:
            raise ValueError(f'betas got shape {betas.shape}, expected at most ({self.num_betas},)')
        return betas

    @cached_property
    def _vertex_directions(self) -> np.ndarray:
        # As one matrix: NumPy multiplies a stack of small ones ten times slower.
        return self.shapedirs.reshape(-1, self.num_betas)

    @cached_property
    def _rest_joints(self) -> np.ndarray:
        return self.J_regressor @ self.v_template

    @cached_property
    def _joint_directions(self) -> np.ndarray:
        return np.einsum('jv,vdb->jdb', self.J_regressor, self.shapedirs, optimize=True)
