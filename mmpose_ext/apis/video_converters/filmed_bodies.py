"""SMPL bodies in the world and the cameras that film them, which generated videos come with."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmpose_ext.body_models import load_body_model
from mmpose_ext.datasets.datasets.mesh.smpl_fits import GENDERS, SMPLFits

_KEYS = ('poses', 'trans', 'betas', 'cameras', 'rotations', 'translations', 'fps')


@dataclass(frozen=True)
class FilmedBodies:
    """One body per frame, and the extrinsics of cameras.

    Args:
        fits: The bodies in the world, one per frame.
        cameras: Numbers of cameras, (C,).
        rotations: World to camera, (C, 3, 3).
        translations: World to camera in metres, (C, 3).
        fps: Frames per second.
        file: Where they come from.
    """

    fits: SMPLFits
    cameras: np.ndarray
    rotations: np.ndarray
    translations: np.ndarray
    fps: float
    file: Path

    def seen_by(self, camera: int, frames: np.ndarray) -> dict[str, Any]:
        """Columns of a clip file: the bodies of some frames in a camera's axes.

        Raises:
            ValueError: If there is no such camera or frame.
        """
        places = np.flatnonzero(self.cameras == camera)
        if not len(places) or (len(frames) and frames.max() >= len(self.fits)):
            raise ValueError(
                f'{self.file} has cameras {self.cameras.tolist()} and {len(self.fits)} frames, '
                f'expected camera {camera} and frame {int(frames.max())}'
            )
        number, place = len(frames), places[0]
        fits = self.fits.take(frames).to_camera(
            np.tile(self.rotations[place], (number, 1, 1)),
            np.tile(self.translations[place], (number, 1)),
        )
        return dict(
            smpl_pose=fits.pose.reshape(number, 72),
            smpl_betas=fits.betas,
            smpl_transl=fits.transl,
            has_smpl=np.ones(number, np.float32),
            gender=np.array(GENDERS)[fits.genders],
        )


def read_bodies(file: Path, body_model: str | None = None) -> FilmedBodies | None:
    """Read ``smpl.npz``; None if there is none.

    Args:
        file: ``poses`` (F, 72), ``trans`` (F, 3), ``betas`` (10,), maybe ``gender``, by camera
            ``cameras`` (C,), ``rotations`` (C, 3, 3), ``translations`` (C, 3), and ``fps``.
        body_model: SMPL file or folder.

    Raises:
        ValueError: If it is damaged.
    """
    if not file.is_file():
        return None
    try:
        with np.load(file, allow_pickle=False) as content:
            arrays = {key: content[key] for key in _KEYS}
            gender = str(content['gender']) if 'gender' in content else 'neutral'
        frames, code = len(arrays['poses']), GENDERS.index(gender)
        pose = arrays['poses'].reshape(frames, 24, 3).astype(np.float32)
        transl = arrays['trans'].reshape(frames, 3).astype(np.float32)
        betas = np.tile(arrays['betas'].reshape(10).astype(np.float32), (frames, 1))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f'{file} is not readable: {error}') from error
    genders = np.full(frames, code, np.uint8)
    return FilmedBodies(
        SMPLFits.build(
            pose, betas, transl, genders, lambda name: load_body_model(body_model, name)
        ),
        arrays['cameras'],
        arrays['rotations'],
        arrays['translations'],
        float(arrays['fps']),
        file,
    )
