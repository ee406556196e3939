"""Z-buffer rasterisation of triangle meshes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmpose_ext.geometry import PinholeCamera

from .kernels import fill_mesh

NO_FACE = -1
"""Face and person id of a pixel that no mesh covers."""


@dataclass(frozen=True)
class RasterResult:
    """What a camera sees of some meshes, and the meshes themselves.

    Args:
        face_ids: (H, W) int32, the row of ``faces`` in front of each pixel, -1 for none.
        person_ids: (H, W) int16, the mesh that face belongs to, -1 for none.
        depth: (H, W) float32, z of the surface in metres, infinite where there is none.
        vertices: (V, 3) float64, the vertices of all meshes one after the other, camera frame.
        faces: (F, 3) int32, the faces of all meshes one after the other, into ``vertices``.
        camera: The camera.
    """

    face_ids: np.ndarray
    person_ids: np.ndarray
    depth: np.ndarray
    vertices: np.ndarray
    faces: np.ndarray
    camera: PinholeCamera


def rasterize(
    vertices_list: Sequence[np.ndarray],
    faces: np.ndarray | Sequence[np.ndarray],
    camera: PinholeCamera,
    out: RasterResult | None = None,
    near: float = 0.01,
    cull_backfaces: bool = False,
) -> RasterResult:
    """Find the face in front of every pixel centre.

    Triangles that cross the near plane are clipped, those that leave the image are cut. A pixel
    centre on an edge that two triangles share belongs to exactly one of them, so that a closed
    mesh has neither holes nor double hits. Of equally deep surfaces the first one wins.

    Args:
        vertices_list: One (V_i, 3) array in metres per mesh, in the camera frame (x right,
            y down, z forward).
        faces: Faces of every mesh, (F, 3), or one such array per mesh.
        camera: The camera.
        out: An earlier result of the same image size whose arrays are overwritten and reused.
        near: Surfaces closer than this z in metres are not seen.
        cull_backfaces: Skip faces seen from behind (counter-clockwise faces are seen from the
            front). Twice as fast, and the same picture for closed meshes.

    Returns:
        Face ids, person ids and depth.

    Raises:
        ValueError: If a vertex is not finite, a face names a vertex that does not exist, an array
            has another shape, ``near`` is not positive, or ``out`` has another image size.
    """
    if not near > 0:
        raise ValueError(f'near got {near!r}, expected a positive distance in metres')
    faces_list = _faces_per_mesh(faces, len(vertices_list))
    vertices_list = [
        _check_mesh(i, v, f) for i, (v, f) in enumerate(zip(vertices_list, faces_list))
    ]
    face_ids, person_ids, depth = _buffers(camera, out)
    intrinsics = (float(camera.fx), float(camera.fy), float(camera.cx), float(camera.cy))
    first_vertex = first_face = 0
    merged = []
    for person, (vertices, mesh_faces) in enumerate(zip(vertices_list, faces_list)):
        fill_mesh(
            vertices,
            mesh_faces,
            first_face,
            person,
            *intrinsics,
            float(near),
            cull_backfaces,
            depth,
            face_ids,
            person_ids,
        )
        merged.append(mesh_faces + np.int32(first_vertex))
        first_vertex += len(vertices)
        first_face += len(mesh_faces)
    # The kernel keeps 1 / z, which is linear in the image; 0 is infinitely far.
    with np.errstate(divide='ignore'):
        np.divide(np.float32(1), depth, out=depth)
    vertices = np.concatenate(vertices_list) if merged else np.zeros((0, 3))
    all_faces = np.concatenate(merged) if merged else np.zeros((0, 3), np.int32)
    return RasterResult(face_ids, person_ids, depth, vertices, all_faces, camera)


def _faces_per_mesh(faces: np.ndarray | Sequence[np.ndarray], count: int) -> list[np.ndarray]:
    if isinstance(faces, np.ndarray):
        return [np.ascontiguousarray(faces, np.int32)] * count
    if len(faces) != count:
        raise ValueError(f'got {len(faces)} arrays of faces, expected one per mesh ({count})')
    return [np.ascontiguousarray(f, np.int32) for f in faces]


def _check_mesh(index: int, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    vertices = np.ascontiguousarray(vertices, np.float64)
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f'vertices of mesh {index} got shape {vertices.shape}, expected (V, 3)')
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise ValueError(f'faces of mesh {index} got shape {faces.shape}, expected (F, 3)')
    finite = np.isfinite(vertices)
    if not finite.all():
        row = int(np.nonzero(~finite)[0][0])
        raise ValueError(
            f'vertex {row} of mesh {index} got {vertices[row].tolist()}, '
            'expected finite coordinates'
        )
    if faces.size and (faces.min() < 0 or faces.max() >= len(vertices)):
        raise ValueError(
            f'faces of mesh {index} got vertices {faces.min()} to {faces.max()}, '
            f'expected 0 to {len(vertices) - 1}'
        )
    return vertices


def _buffers(
    camera: PinholeCamera, out: RasterResult | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    shape = (int(camera.height), int(camera.width))
    if out is None:
        return (
            np.full(shape, NO_FACE, np.int32),
            np.full(shape, NO_FACE, np.int16),
            np.zeros(shape, np.float32),
        )
    if out.face_ids.shape != shape:
        raise ValueError(f'out got an image of {out.face_ids.shape}, expected {shape}')
    out.face_ids.fill(NO_FACE)
    out.person_ids.fill(NO_FACE)
    out.depth.fill(0)
    return out.face_ids, out.person_ids, out.depth
