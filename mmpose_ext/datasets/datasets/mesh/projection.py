import numpy as np


def project_joints(cameras: np.ndarray, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Project joints of camera space, each person's with an own camera.

    Args:
        cameras: Intrinsics, (N, 3, 3).
        joints: (N, K, 3) in metres.

    Returns:
        tuple: Pixels (N, K, 2), and which joints lie in front of the camera (N, K) bool; others
            have no image, their pixels mean nothing.
    """
    pixels = np.einsum('nab,nkb->nka', cameras, joints)
    in_front = pixels[..., 2] > 0
    depth = np.where(in_front, pixels[..., 2], 1)
    return pixels[..., :2] / depth[..., None], in_front
