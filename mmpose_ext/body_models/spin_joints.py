"""SPIN's 49 joints of a posed body."""

import numpy as np

from mmpose_ext.body_models.body_model import BodyModel
from mmpose_ext.body_models.joints import JOINTS
from mmpose_ext.body_models.keypoint_sets import KEYPOINT_SETS
from mmpose_ext.body_models.regressors import regressor
from mmpose_ext.body_models.standin import load_standin, standin_vertex_ids
from mmpose_ext.skeletons import OPENPOSE25, SPIN24, SPIN49

_SMPL_VERTICES = 6890
# Points of the face and the feet, with smplx's names of the vertices that stand for them.
_LANDMARKS = dict(
    **dict(nose='nose', left_eye='leye', right_eye='reye', left_ear='lear', right_ear='rear'),
    **dict(left_big_toe='LBigToe', left_small_toe='LSmallToe', left_heel='LHeel'),
    **dict(right_big_toe='RBigToe', right_small_toe='RSmallToe', right_heel='RHeel'),
)
_EXTRA = dict(
    zip(
        ('right_hip', 'left_hip', 'neck', 'head_top', 'pelvis', 'thorax', 'spine', 'jaw', 'head'),
        range(len(KEYPOINT_SETS['spin9'])),
        strict=True,
    )
)


def spin_regressor(body: BodyModel) -> np.ndarray:
    """Matrix that reads those of :data:`SPIN49` off a body's posed vertices that are not of SMPL.

    Nose, eyes, ears and feet are vertices, the trunk, LSP's hips and the head top are those of
    SPIN's extra regressor. The rows of SMPL's own joints are zero: :func:`spin_chain` has them.

    Args:
        body: SMPL, the stand-in, or a body of another mesh with a ``halpe26`` regressor.

    Returns:
        (49, V) float32.

    Raises:
        ValueError: If the body lacks SPIN's regressor (``J_regressor_extra.npy`` beside the model
            file), or its mesh is unknown and it has no ``halpe26`` regressor.
    """
    extra, landmarks = regressor(body, 'spin9'), _landmark_rows(body)
    matrix = np.zeros((SPIN49.num_keypoints, body.num_vertices), np.float32)
    for row, name in enumerate(SPIN49.keypoints):
        plain = name.removeprefix('op_')
        if plain in landmarks:
            matrix[row] = landmarks[plain]
        elif name in _EXTRA:
            matrix[row] = extra[_EXTRA[name]]
    return matrix


def spin_chain() -> np.ndarray:
    """Which of SMPL's own 24 joints, the ends of its bones, are joints of :data:`SPIN49`.

    Returns:
        (49, 24) float32 of zeros and ones.
    """
    names = [*(OPENPOSE25.canonical(name) for name in OPENPOSE25.keypoints), *SPIN24.keypoints]
    matrix = np.zeros((len(names), len(JOINTS)), np.float32)
    for row, name in enumerate(names):
        annotated = row >= OPENPOSE25.num_keypoints
        if name in JOINTS and not (annotated and name in _EXTRA):
            matrix[row, JOINTS.index(name)] = 1
    return matrix


def _landmark_rows(body: BodyModel) -> dict[str, np.ndarray]:
    if np.array_equal(body.faces, load_standin().faces):
        ids = standin_vertex_ids()
    elif body.num_vertices == _SMPL_VERTICES:
        # Imported here because only layers need smplx.
        from smplx.vertex_ids import vertex_ids

        ids = vertex_ids['smplh']
    else:
        halpe = dict(zip(KEYPOINT_SETS['halpe26'], regressor(body, 'halpe26')))
        return {name: halpe[name] for name in _LANDMARKS}
    rows = {name: np.zeros(body.num_vertices, np.float32) for name in _LANDMARKS}
    for name, landmark in _LANDMARKS.items():
        rows[name][ids[landmark]] = 1
    return rows
