from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from mmpose_ext.body_models import BodyModel
from mmpose_ext.geometry import world_to_camera_smpl

from .columns import read_column

GENDERS = ('neutral', 'male', 'female')
_GENDER_CODES = {name: code for code, name in enumerate(GENDERS)} | {'m': 1, 'f': 2, 'n': 0}


@dataclass(frozen=True)
class SMPLFits:
    """SMPL parameters of M bodies, as columns.

    Args:
        pose: Rotation vectors in radians, (M, 24, 3) float32; the first is the global orientation.
        betas: Shape parameters, (M, 10) float32.
        transl: Translations in metres, (M, 3) float32.
        genders: Indices of :data:`GENDERS`, (M,) uint8.
        root_joints: The joint J0(betas) at rest about which SMPL turns a body, (M, 3) float32.
        valid: Whether a fit is good enough to learn from, (M,) bool.
    """

    pose: np.ndarray
    betas: np.ndarray
    transl: np.ndarray
    genders: np.ndarray
    root_joints: np.ndarray
    valid: np.ndarray

    @classmethod
    def parse(
        cls,
        entries: Sequence[Mapping[str, Any]],
        names: Sequence[Any],
        title: str,
        body_of: Callable[[str], BodyModel],
    ) -> SMPLFits:
        """Read ``pose`` (72), ``shape`` (10), ``trans`` (3) and maybe ``gender`` of all entries.

        Args:
            entries: One object per body.
            names: What each is called in messages.
            title: What file they are of.
            body_of: Gives the body model of a gender.

        Raises:
            ValueError: If an entry is no object, a field is missing, of another size or not finite,
                or a gender unknown.
        """
        genders = np.zeros(len(entries), np.uint8)
        for i, entry in enumerate(entries):
            if not isinstance(entry, Mapping):
                raise ValueError(
                    f'{title}: entry {names[i]}: SMPL parameters got {entry!r}, expected an object '
                    'with pose, shape and trans'
                )
            gender = entry.get('gender', 'neutral')
            if not isinstance(gender, str) or gender not in _GENDER_CODES:
                raise ValueError(
                    f'{title}: entry {names[i]}: gender got {gender!r}, expected one of {GENDERS}'
                )
            genders[i] = _GENDER_CODES[gender]
        pose, betas, transl = (
            read_column(entries, key, shape, names, title).astype(np.float32)
            for key, shape in (('pose', (24, 3)), ('shape', (10,)), ('trans', (3,)))
        )
        return cls.build(pose, betas, transl, genders, body_of)

    @classmethod
    def build(
        cls,
        pose: np.ndarray,
        betas: np.ndarray,
        transl: np.ndarray,
        genders: np.ndarray,
        body_of: Callable[[str], BodyModel],
    ) -> SMPLFits:
        """Complete the columns by root joints; all fits are valid."""
        roots = np.zeros((len(pose), 3), np.float32)
        for code in np.unique(genders):
            of_gender = genders == code
            roots[of_gender] = _rest_roots(body_of(GENDERS[code]), betas[of_gender])
        return cls(pose, betas, transl, genders, roots, np.ones(len(pose), bool))

    @classmethod
    def concatenate(cls, parts: Sequence[SMPLFits]) -> SMPLFits:
        """The fits of several files, one after the other."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))

    def __len__(self) -> int:
        return len(self.pose)

    def take(self, indices: np.ndarray) -> SMPLFits:
        """The fits of some indices, in that order."""
        return SMPLFits(*(getattr(self, f.name)[indices] for f in fields(self)))

    def with_valid(self, valid: np.ndarray) -> SMPLFits:
        """The same fits, of which these are good enough."""
        return replace(self, valid=valid)

    def to_camera(self, rotation: np.ndarray, translation: np.ndarray) -> SMPLFits:
        """The fits moved rigidly, exactly.

        Args:
            rotation: Extrinsic rotations of world to camera, (M, 3, 3).
            translation: Extrinsic translations in metres, (M, 3).
        """
        pose, transl = world_to_camera_smpl(
            self.pose.astype(np.float64),
            self.transl.astype(np.float64),
            self.root_joints.astype(np.float64),
            rotation,
            translation,
        )
        return replace(self, pose=pose.astype(np.float32), transl=transl.astype(np.float32))

    def body(self, index: int) -> dict[str, Any]:
        """Parameters of one body: ``pose, betas, transl, gender, root_joint``, writable copies."""
        return dict(
            pose=self.pose[index].copy(),
            betas=self.betas[index].copy(),
            transl=self.transl[index].copy(),
            gender=GENDERS[self.genders[index]],
            root_joint=self.root_joints[index].copy(),
        )


def _rest_roots(body: BodyModel, betas: np.ndarray) -> np.ndarray:
    """J0 is affine in betas: measured once per direction instead of once per body."""
    mean = body.rest_root(np.zeros(betas.shape[1]))
    directions = [body.rest_root(direction) - mean for direction in np.eye(betas.shape[1])]
    return mean + betas @ np.stack(directions)
