"""2D poses that a detector found, attached to annotated people."""

import numpy as np

from mmpose_ext.skeletons import Skeleton, superset_map

from .columns import read_column, read_json


def read_input_poses(
    file: str, ids: np.ndarray, skeleton: Skeleton, threshold: float, title: str
) -> tuple[np.ndarray, np.ndarray]:
    """Read the poses of some people.

    Args:
        file: JSON with an object per annotation id, whose ``coco_joints`` are K times x, y and
            score; 3DCrowdNet's result files have that form, also those of OpenPose.
        ids: Annotation ids, (N,).
        skeleton: What the K joints are.
        threshold: Scores up to this are not trusted, and become 0.
        title: The dataset, the start of messages.

    Returns:
        tuple: Poses in the superset (N, 30, 3), all 0 where the file has none, and whether it has
        one (N,) bool.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: If an entry has another number of joints, or a number is not finite.
    """
    content = read_json(file, f'{title}: 2D pose file')
    names = [str(i) for i in ids.tolist()]
    found = np.array([name in content for name in names], bool)
    names = [name for name, there in zip(names, found) if there]
    shape = (skeleton.num_keypoints, 3)
    entries = [content[name] for name in names]
    points = read_column(entries, 'coco_joints', shape, names, f'{title}: {file!r}')
    poses = np.zeros((len(ids), 30, 3), np.float32)
    poses[found] = superset_poses(points, skeleton, threshold)
    return poses, found


def superset_poses(points: np.ndarray, skeleton: Skeleton, threshold: float) -> np.ndarray:
    """Map poses (N, K, 3) to the superset (N, 30, 3), and set scores up to the threshold to 0.

    Pelvis and neck are the midpoints of hips and shoulders where the skeleton has none, with the
    product of their scores.
    """
    joints, scores = superset_map(skeleton).apply(points[..., :2], points[..., 2])
    scores = np.where(scores > threshold, scores, 0)
    return np.concatenate([joints, scores[..., None]], axis=-1).astype(np.float32)
