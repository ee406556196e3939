"""Find and load a body."""

import functools
import warnings
from pathlib import Path

import numpy as np

from mmpose_ext.body_models.body_model import BodyModel
from mmpose_ext.body_models.joints import PARENTS
from mmpose_ext.body_models.keypoint_sets import REGRESSOR_FILES
from mmpose_ext.body_models.smpl_file import read_smpl_file
from mmpose_ext.body_models.standin import GENDERS, STANDIN, load_standin

DEFAULT_FOLDER = Path('data/body_models/smpl')
WHERE_TO_GET = 'SMPL is available from https://smpl.is.tue.mpg.de after registration'


def load_body_model(path: str | Path | None = None, gender: str = 'neutral') -> BodyModel:
    """Load SMPL, or the stand-in body.

    Args:
        path: A SMPL file (``.pkl`` or ``.npz``), a folder of files named
            ``SMPL_{NEUTRAL,MALE,FEMALE}``, or ``'standin'``. By default
            ``data/body_models/smpl``, and the stand-in with a warning where that is missing.
        gender: ``'neutral'``, ``'male'`` or ``'female'``; selects the file of a folder.

    Returns:
        The body. Regressor files beside the model file are loaded with it.

    Raises:
        FileNotFoundError: If there is no such file; says where to get SMPL.
        ValueError: If the gender is unknown, or the file is damaged, holds anything but numbers, or
            is not a SMPL body.
    """
    if gender not in GENDERS:
        raise ValueError(f'gender got {gender!r}, expected one of {GENDERS}')
    if path is None:
        if not DEFAULT_FOLDER.is_dir():
            _warn_standin()
            return load_standin(gender)
        path = DEFAULT_FOLDER
    if path == STANDIN:
        return load_standin(gender)
    return _load_file(_find_file(Path(path), gender), gender)


@functools.cache
def _warn_standin() -> None:
    warnings.warn(
        f'{DEFAULT_FOLDER} does not exist: using the stand-in body, whose results are not '
        f'comparable with SMPL. {WHERE_TO_GET}.',
        stacklevel=4,
    )


def _find_file(path: Path, gender: str) -> Path:
    if path.is_dir():
        candidates = [path / f'SMPL_{gender.upper()}{suffix}' for suffix in ('.npz', '.pkl')]
    else:
        candidates = [path]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    names = ' or '.join(str(candidate) for candidate in candidates)
    raise FileNotFoundError(f'no body model at {names}. {WHERE_TO_GET}')


def _load_file(path: Path, gender: str) -> BodyModel:
    arrays = read_smpl_file(path)
    parents = arrays['kintree_table'][0].astype(np.int64)
    if tuple(parents[1:]) != PARENTS[1:]:
        raise ValueError(
            f'{path}: kintree_table got parents {parents.tolist()}, expected those of SMPL '
            f'(24 joints), not of SMPL-H, SMPL-X or MANO'
        )
    vertices = len(arrays['v_template'])
    posedirs = np.asarray(arrays['posedirs'], np.float32)
    regressors = {}
    for name, file_name in REGRESSOR_FILES.items():
        file = path.with_name(file_name)
        if file.is_file():
            matrix = np.load(file, allow_pickle=False).astype(np.float32)
            if matrix.ndim != 2 or matrix.shape[1] != vertices:
                raise ValueError(f'{file}: got shape {matrix.shape}, expected (K, {vertices})')
            regressors[name] = matrix
    return BodyModel(
        name=str(path),
        gender=gender,
        v_template=arrays['v_template'].astype(np.float32),
        # Some releases carry 300 directions; ten are the shape space every published method uses.
        shapedirs=np.ascontiguousarray(arrays['shapedirs'][..., :10], np.float32),
        posedirs=posedirs.reshape(vertices * 3, -1).T.copy() if posedirs.any() else None,
        J_regressor=arrays['J_regressor'].astype(np.float32),
        weights=arrays['weights'].astype(np.float32),
        faces=arrays['f'].astype(np.int32),
        regressors=regressors,
    )
