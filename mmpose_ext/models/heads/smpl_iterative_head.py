from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmengine.model import BaseModule
from mmpose.utils.typing import OptMultiConfig
from torch import Tensor, nn

from mmpose_ext.registry import MODELS

_POSE, _BETAS, _CAMERA = 24 * 6, 10, 3
# The first two columns of each joint's matrix, row by row. The camera's y axis points down and its
# z axis away from it, so a body that is upright and faces it is turned by half a turn about x.
_IDENTITY, _FACING = (1, 0, 0, 1, 0, 0), (1, 0, 0, -1, 0, 0)


class SMPLParameters(NamedTuple):
    """What a SMPL head predicts, of any leading dimensions.

    Args:
        pose6d: For each joint two columns of its rotation matrix, row by row, ``(..., 24, 6)``:
            elements 0, 2, 4 are the first one. ``geometry.interleaved_to_columns`` sorts them.
        betas: Shape parameters, ``(..., 10)``.
        camera: See ``geometry.weak_translation``, ``(..., 3)``.
        hidden: What they were read off in the last iteration, ``(..., H)``.
    """

    pose6d: Tensor
    betas: Tensor
    camera: Tensor
    hidden: Tensor


@MODELS.register_module()
class SMPLIterativeHead(BaseModule):
    """SMPL parameters of a frame by a few corrections of a mean state.

    The head of HMR (Kanazawa et al., CVPR 2018) as SPIN and VIBE have it: the same two linear
    layers see the features and the present state, and add to the state. There is no activation
    between them, as published.

    Args:
        in_channels: Width C of the features.
        hidden_channels: Width H of the layers.
        num_iters: Corrections.
        dropout: Of the layers' outputs.
        mean_params: The state that the corrections start from: a ``smpl_mean_params.npz`` with
            ``pose`` (24 joints, 6D), ``shape`` and ``cam``. By default a body at rest with the mean
            shape, upright, facing the camera, in a crop of about 2.2 m. It is a buffer, so
            checkpoints carry their own.
        init_cfg: Initialization; by default small outputs, so that training starts near the mean.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file lacks an array, or one has another size or is not finite.
    """

    init_pose: Tensor
    init_shape: Tensor
    init_cam: Tensor

    def __init__(
        self,
        in_channels: int = 2048,
        hidden_channels: int = 1024,
        num_iters: int = 3,
        dropout: float = 0.5,
        mean_params: str | Path | None = None,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = in_channels
        self.num_iters = num_iters
        state = _POSE + _BETAS + _CAMERA
        self.fc1 = nn.Linear(in_channels + state, hidden_channels)
        self.fc2 = nn.Linear(hidden_channels, hidden_channels)
        self.dropout = nn.Dropout(dropout)
        self.pose = nn.Linear(hidden_channels, _POSE)
        self.betas = nn.Linear(hidden_channels, _BETAS)
        self.camera = nn.Linear(hidden_channels, _CAMERA)
        for layer in (self.pose, self.betas, self.camera):
            nn.init.xavier_uniform_(layer.weight, gain=0.01)
            nn.init.zeros_(layer.bias)
        mean = _default_mean() if mean_params is None else _read_mean(Path(mean_params))
        for name, values in zip(('init_pose', 'init_shape', 'init_cam'), mean):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32)[None])

    def forward(self, features: Tensor) -> SMPLParameters:
        """Predict.

        Args:
            features: ``(..., C)``.

        Raises:
            ValueError: If the features have another width.
        """
        if features.shape[-1] != self.in_channels:
            raise ValueError(
                f'{type(self).__name__} got features of shape {tuple(features.shape)}, expected '
                f'(..., {self.in_channels}): in_channels is the width of the encoder'
            )
        leading = features.shape[:-1]
        pose, betas, camera = (
            mean.expand(*leading, -1) for mean in (self.init_pose, self.init_shape, self.init_cam)
        )
        for _ in range(self.num_iters):
            state = torch.cat([features, pose, betas, camera], dim=-1)
            hidden = self.dropout(self.fc2(self.dropout(self.fc1(state))))
            pose = pose + self.pose(hidden)
            betas = betas + self.betas(hidden)
            camera = camera + self.camera(hidden)
        return SMPLParameters(pose.reshape(*leading, 24, 6), betas, camera, hidden)


def _default_mean() -> tuple[np.ndarray, ...]:
    return np.array([*_FACING, *_IDENTITY * 23]), np.zeros(_BETAS), np.array([0.9, 0, 0])


def _read_mean(path: Path) -> tuple[np.ndarray, ...]:
    if not path.is_file():
        raise FileNotFoundError(
            f'mean_params got {str(path)!r}, expected the smpl_mean_params.npz of SPIN or VIBE'
        )
    with np.load(path, allow_pickle=False) as content:
        missing = sorted({'pose', 'shape', 'cam'} - set(content.files))
        if missing:
            raise ValueError(f'{path} has no {missing}, it has {sorted(content.files)}')
        arrays = {key: np.asarray(content[key], np.float64).ravel() for key in ('pose', 'shape')}
        arrays['cam'] = np.asarray(content['cam'], np.float64).ravel()
    for (key, values), size in zip(arrays.items(), (_POSE, _BETAS, _CAMERA)):
        if values.size != size or not np.isfinite(values).all():
            raise ValueError(
                f'{path}: {key!r} got {values.size} numbers, expected {size} finite ones'
            )
    return tuple(arrays.values())
