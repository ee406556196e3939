"""Which points and people a camera sees."""

from collections.abc import Sequence

import numpy as np

from mmpose_ext.geometry import PinholeCamera, project

from .rasterizer import rasterize


def visible_points(
    points: np.ndarray,
    depth: np.ndarray,
    camera: PinholeCamera,
    tolerance: float | np.ndarray = 0.01,
) -> np.ndarray:
    """Test points against a depth image.

    A point is visible if its nearest pixel lies inside the image and no surface there is closer
    to the camera by more than the tolerance.

    Args:
        points: Points in metres, camera frame, (N, 3).
        depth: Depth image of the scene in metres, (H, W), infinite where there is nothing.
        camera: The camera of the depth image.
        tolerance: Metres, one number or one per point (N,). For a joint inside a limb, use the
            limb's radius.

    Returns:
        (N,) bool.

    Raises:
        ValueError: If the depth image has another size than the camera.
    """
    if depth.shape != (camera.height, camera.width):
        raise ValueError(f'depth got shape {depth.shape}, expected {(camera.height, camera.width)}')
    points = np.asarray(points)
    # Points behind the camera project to NaN, which fails every comparison.
    pixels = project(points, camera)
    upper = [camera.width - 0.5, camera.height - 0.5]
    inside = np.all((pixels >= -0.5) & (pixels < upper), axis=-1)
    columns, rows = np.rint(np.where(inside[:, None], pixels, 0)).astype(int).T
    rows = np.clip(rows, 0, camera.height - 1)
    columns = np.clip(columns, 0, camera.width - 1)
    return inside & (points[:, 2] <= depth[rows, columns] + tolerance)


def amodal_masks(
    vertices_list: Sequence[np.ndarray],
    faces: np.ndarray | Sequence[np.ndarray],
    camera: PinholeCamera,
) -> np.ndarray:
    """Silhouette of each mesh as if the others were not there.

    Args:
        vertices_list: One (V_i, 3) array per mesh, camera frame.
        faces: Faces of every mesh, (F, 3), or one such array per mesh.
        camera: The camera.

    Returns:
        (N, H, W) bool.
    """
    masks = np.zeros((len(vertices_list), int(camera.height), int(camera.width)), bool)
    for i, vertices in enumerate(vertices_list):
        own_faces = faces if isinstance(faces, np.ndarray) else faces[i]
        masks[i] = rasterize([vertices], own_faces, camera).face_ids >= 0
    return masks
