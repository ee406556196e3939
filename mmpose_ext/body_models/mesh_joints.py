"""The 30 joints of mesh recovery, read off a body's vertices."""

import numpy as np

from mmpose_ext.body_models.body_model import BodyModel
from mmpose_ext.body_models.joints import JOINTS
from mmpose_ext.body_models.keypoint_sets import KEYPOINT_SETS
from mmpose_ext.body_models.regressors import regressor
from mmpose_ext.body_models.standin import load_standin, standin_vertex_ids
from mmpose_ext.skeletons import SUPERSET30

# The vertices of SMPL's mesh that 3DCrowdNet takes for the face.
_SMPL_VERTICES = 6890
_SMPL_FACE = {
    'nose': 331,
    'left_eye': 2802,
    'right_eye': 6262,
    'left_ear': 3489,
    'right_ear': 3990,
}
_STANDIN_FACE = {
    'nose': 'nose',
    'left_eye': 'leye',
    'right_eye': 'reye',
    'left_ear': 'lear',
    'right_ear': 'rear',
}


def superset_regressor(body: BodyModel) -> np.ndarray:
    """Matrix that reads the joints of :data:`SUPERSET30` off a body's vertices, posed or not.

    SMPL's 24 joints come from its own regressor, as mesh recovery is trained and evaluated. For a
    body at rest they are SMPL's joints; for a posed one they lie where its flesh went, up to some
    centimetres from the skeleton. The face points are vertices, the head top is that of SPIN's
    extra regressor.

    Args:
        body: SMPL, the stand-in, or a body of another mesh with a ``coco17`` regressor.

    Returns:
        (30, V) float32; rows sum to one.

    Raises:
        ValueError: If the body has no regressor for the head top (``J_regressor_extra.npy`` beside
            the model file), or its mesh is unknown and it has none for COCO's keypoints.
    """
    face = _face_rows(body)
    head_top = regressor(body, 'spin9')[KEYPOINT_SETS['spin9'].index('head_top')]
    rows = {**dict(zip(JOINTS, body.J_regressor)), **face, 'head_top': head_top}
    return np.stack([rows[name] for name in SUPERSET30.keypoints]).astype(np.float32)


def _face_rows(body: BodyModel) -> dict[str, np.ndarray]:
    if np.array_equal(body.faces, load_standin().faces):
        ids = standin_vertex_ids()
        vertices = {name: ids[landmark] for name, landmark in _STANDIN_FACE.items()}
    elif body.num_vertices == _SMPL_VERTICES:
        vertices = _SMPL_FACE
    else:
        coco = dict(zip(KEYPOINT_SETS['coco17'], regressor(body, 'coco17')))
        return {name: coco[name] for name in _SMPL_FACE}
    identity = np.eye(1, body.num_vertices, dtype=np.float32)[0]
    return {name: np.roll(identity, vertex) for name, vertex in vertices.items()}
