"""Whether keypoints are in the order that their convention says."""

import numpy as np

from mmpose_ext.skeletons import Skeleton

_ROWS = 2000
_LEAST_LIMBS = 5
_CHAINS = (('shoulder', 'elbow'), ('elbow', 'wrist'), ('shoulder', 'hip'), ('hip', 'knee'))
_LIMBS = (
    *((f'{side}_{a}', f'{side}_{b}') for a, b in _CHAINS for side in ('left', 'right')),
    *(('left_knee', 'left_ankle'), ('right_knee', 'right_ankle'), ('left_hip', 'right_hip')),
)
# Limbs measure 0.4 to 0.6 of the mean distance between joints. Of PennAction and LSP taken for each
# other it is 0.7 to 0.85, of other wrong orders 0.7 to 1.3.
_THRESHOLD = 0.68


def limb_ratio(keypoints: np.ndarray, skeleton: Skeleton) -> float | None:
    """How long limbs are, compared with the distances between any two joints.

    Args:
        keypoints: x, y and confidence, (N, K, 3); joints without confidence do not count.
        skeleton: Their skeleton.

    Returns:
        The mean length of limbs divided by the mean distance; None if too few joints are known.
    """
    rows = np.unique(np.linspace(0, len(keypoints) - 1, min(_ROWS, len(keypoints))).astype(int))
    points, known = keypoints[rows, :, :2].astype(np.float64), keypoints[rows, :, 2] > 0
    own = {skeleton.canonical(name): k for k, name in enumerate(skeleton.keypoints)}
    # What only a detector finds has a prefix.
    own = {name.removeprefix('op_'): k for name, k in own.items()} | own
    limbs = [(own[a], own[b]) for a, b in _LIMBS if a in own and b in own]
    if len(limbs) < _LEAST_LIMBS:
        return None
    start, end = np.array(limbs).T
    # Of these joints only, so that points in the face do not count.
    ends = np.unique(limbs)
    both = known[:, start] & known[:, end]
    used = both.sum(axis=1) >= _LEAST_LIMBS
    if not used.any():
        return None
    points, known, both = points[used], known[used], both[used]
    lengths = np.linalg.norm(points[:, start] - points[:, end], axis=-1)
    limb = (lengths * both).sum(axis=1) / both.sum(axis=1)
    points, known = points[:, ends], known[:, ends]
    apart = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    pairs = known[:, :, None] & known[:, None] & ~np.eye(len(ends), dtype=bool)
    distances = (apart * pairs).sum(axis=(1, 2)) / pairs.sum(axis=(1, 2))
    usable = distances > 0
    return float(np.median(limb[usable] / distances[usable])) if usable.any() else None


def check_joint_order(
    keypoints: np.ndarray, skeleton: Skeleton, title: str, remedy: str = ''
) -> None:
    """Refuse keypoints whose limbs are too long for the rest.

    This finds the file that was written in one order and read in another, such as PennAction's
    in VIBE. It cannot find left and right exchanged: a person seen from behind looks the same.

    Args:
        keypoints: x, y and confidence, (N, K, 3).
        skeleton: The skeleton that they should have.
        title: What file it is, the start of the message.
        remedy: What to do where the file is right all the same, the end of the message.

    Raises:
        ValueError: If they are not in that order.
    """
    ratio = limb_ratio(keypoints, skeleton)
    if ratio is not None and ratio > _THRESHOLD:
        raise ValueError(
            f'{title}: keypoints are not in the order of {skeleton.name!r} '
            f'{list(skeleton.keypoints)}: limbs measure {ratio:.2f} of the mean distance between '
            f'any two joints, expected less than {_THRESHOLD}{remedy}'
        )
