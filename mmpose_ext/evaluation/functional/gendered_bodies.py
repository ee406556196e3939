from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from mmpose_ext.body_models import STANDIN, SMPLLayer
from mmpose_ext.body_models.standin import GENDERS
from mmpose_ext.geometry import axis_angle_to_matrix


class GenderedBodies:
    """Poses a batch of bodies of several genders, each gender at once.

    Args:
        path: A folder of SMPL files, see :func:`mmpose_ext.body_models.load_body_model`; a single
            file serves only one gender.
        genders: Genders to load.
        device: Where to compute.

    Raises:
        FileNotFoundError: If the file of a gender is missing.
        ValueError: If a single file is given for several genders.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        genders: Sequence[str] = GENDERS,
        device: str = 'cpu',
    ) -> None:
        if len(genders) > 1 and path not in (None, STANDIN) and Path(path).is_file():
            raise ValueError(
                f'body_model got the file {path}, expected the folder of '
                'SMPL_{NEUTRAL,MALE,FEMALE}, or ask for neutral ground truth'
            )
        self.device = torch.device(device)
        self.layers = {gender: SMPLLayer(path, gender).to(self.device).eval() for gender in genders}

    @property
    def num_betas(self) -> int:
        """Number of shape parameters."""
        return next(iter(self.layers.values())).num_betas

    @torch.no_grad()
    def __call__(self, poses: np.ndarray, betas: np.ndarray, genders: Sequence[str]) -> np.ndarray:
        """Pose bodies at zero translation.

        Args:
            poses: Rotation vectors in radians, (B, 24, 3).
            betas: Shape parameters, (B, 10).
            genders: B genders, of those loaded.

        Returns:
            (B, V, 3) float32 in metres.
        """
        rotations = torch.from_numpy(axis_angle_to_matrix(np.asarray(poses, np.float32)))
        shapes = torch.from_numpy(np.asarray(betas, np.float32))
        count = next(iter(self.layers.values())).num_vertices
        vertices = np.empty((len(genders), count, 3), np.float32)
        for gender in dict.fromkeys(genders):
            rows = np.array([other == gender for other in genders])
            layer = self.layers[gender]
            posed = layer(rotations[rows].to(self.device), shapes[rows].to(self.device))
            vertices[rows] = posed.vertices.cpu().numpy()
        return vertices
