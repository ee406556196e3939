"""The licence-free body that ships with the package."""

import functools
from importlib import resources
from pathlib import Path

import numpy as np

from mmpose_ext.body_models.body_model import BodyModel
from mmpose_ext.body_models.joints import PARENTS
from mmpose_ext.body_models.keypoint_sets import KEYPOINT_SETS, REGRESSOR_FILES
from mmpose_ext.body_models.smpl_file import write_smpl_file

STANDIN = 'standin'
GENDERS = ('neutral', 'male', 'female')


def load_standin(gender: str = 'neutral') -> BodyModel:
    """Load the stand-in body.

    It has SMPL's joints, axes and sizes but neither its shape space nor its mesh: shape parameters
    of SMPL mean other people on it, pose parameters mean the same poses. Its first shape
    parameter is height, the second weight at equal height; all have unit variance over adults.

    Args:
        gender: ``'neutral'``, ``'male'`` or ``'female'``.

    Returns:
        The body; its arrays are shared between calls and read-only.

    Raises:
        ValueError: If the gender is another.
    """
    if gender not in GENDERS:
        raise ValueError(f'gender got {gender!r}, expected one of {GENDERS}')
    return _load(gender)


def write_standin(out_dir: str | Path) -> list[Path]:
    """Write the stand-in as files in SMPL's format, for programs that read those.

    Writes ``SMPL_{NEUTRAL,MALE,FEMALE}`` as ``.pkl``, which ``smplx.SMPL`` loads, and as ``.npz``,
    and the keypoint regressors as ``J_regressor_*.npy`` beside them.

    Args:
        out_dir: Folder to write to, made if necessary.

    Returns:
        The files written.
    """
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    written = []
    for gender in GENDERS:
        body = load_standin(gender)
        arrays: dict[str, np.ndarray] = {
            'v_template': np.array(body.v_template, np.float64),
            'shapedirs': np.array(body.shapedirs, np.float64),
            'posedirs': np.zeros((body.num_vertices, 3, 9 * (len(PARENTS) - 1)), np.float32),
            'J_regressor': np.array(body.J_regressor, np.float64),
            'weights': np.array(body.weights, np.float64),
            'kintree_table': np.array([[2**32 - 1, *PARENTS[1:]], range(len(PARENTS))]),
            'f': np.array(body.faces, np.uint32),
        }
        for suffix in ('.pkl', '.npz'):
            path = out_dir / f'SMPL_{gender.upper()}{suffix}'
            write_smpl_file(path, arrays)
            written.append(path)
    for name, file_name in REGRESSOR_FILES.items():
        np.save(out_dir / file_name, body.regressors[name])
        written.append(out_dir / file_name)
    return written


def standin_vertex_ids() -> dict[str, int]:
    """Vertices of the stand-in for the landmarks that smplx adds to SMPL's 24 joints.

    smplx's own table holds vertices of SMPL's mesh, which lie elsewhere on this one.

    Returns:
        Vertex indices by landmark, for ``smplx.SMPL(..., vertex_ids=...)``.
    """
    arrays = _arrays()
    return {
        str(name): int(vertex)
        for name, vertex in zip(arrays['landmark_names'], arrays['landmark_vertices'], strict=True)
    }


@functools.cache
def _load(gender: str) -> BodyModel:
    arrays = _arrays()
    weights = arrays['weights'].astype(np.float32)
    return BodyModel(
        name=STANDIN,
        gender=gender,
        v_template=_read_only(arrays[f'v_template_{gender}']),
        shapedirs=_read_only(arrays[f'shapedirs_{gender}'].astype(np.float32)),
        posedirs=None,
        J_regressor=_read_only(arrays['J_regressor']),
        weights=_read_only(weights / weights.sum(1, keepdims=True)),
        faces=_read_only(arrays['faces'].astype(np.int32)),
        regressors={name: _read_only(arrays[f'regressor_{name}']) for name in KEYPOINT_SETS},
    )


@functools.cache
def _arrays() -> dict[str, np.ndarray]:
    file = resources.files('mmpose_ext.body_models') / 'data' / 'standin.npz'
    with resources.as_file(file) as path, np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
