import numpy as np


def place_bodies(
    joints: np.ndarray, pixels: np.ndarray, visible: np.ndarray, cameras: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Translations that put bodies over their 2D keypoints, by linear least squares.

    A joint (X, Y, Z) moved by t lies at pixel u where ``K (X + t)`` is parallel to (u, 1), which is
    two linear equations in t. The residuals are distances in the image times depths, so far joints
    weigh no less than near ones.

    Args:
        joints: Joints of bodies anywhere, (M, J, 3) in metres.
        pixels: Where they are seen, (M, J, 2).
        visible: Which are, (M, J).
        cameras: Intrinsics without skew, (M, 3, 3).

    Returns:
        tuple: Translations (M, 3) and whether there is one (M,) bool: it takes two visible joints,
            and a body in front of the camera.
    """
    focal = cameras[:, [0, 1], [0, 1]][:, None]
    offset = pixels - cameras[:, None, :2, 2]
    weights = np.broadcast_to((visible > 0)[..., None], offset.shape)
    # Rows of f t_x - (u - c) t_z = (u - c) Z - f X, and the same for y.
    rows = np.zeros((*offset.shape, 3))
    rows[..., [0, 1], [0, 1]] = focal
    rows[..., 2] = -offset
    right = offset * joints[..., 2:] - focal * joints[..., :2]
    rows = (rows * weights[..., None]).reshape(len(joints), -1, 3)
    right = (right * weights).reshape(len(joints), -1, 1)
    normal = rows.swapaxes(1, 2) @ rows
    enough = (visible > 0).sum(axis=1) >= 2
    enough &= np.linalg.matrix_rank(normal, hermitian=True) == 3
    normal[~enough] = np.eye(3)
    translations = np.linalg.solve(normal, rows.swapaxes(1, 2) @ right)[..., 0]
    return translations, enough & (translations[:, 2] + joints[..., 2].min(axis=1) > 0)
