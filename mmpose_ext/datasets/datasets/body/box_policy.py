"""How large a person's box is, so that sources with different habits can be brought to one."""

import numpy as np

#: ``tight``: the source's own box. ``square`` and ``tall``: its longer side as height, 1 or 3/4 of
#: it as width, about the same centre. ``keypoints``: around the visible keypoints.
BOX_POLICIES = ('tight', 'square', 'tall', 'keypoints')

_WIDTH_PER_HEIGHT = dict(square=1.0, tall=0.75)


def adjust_box(
    policy: str, box: np.ndarray, keypoints: np.ndarray, visible: np.ndarray
) -> np.ndarray:
    """Bring a person's box to a policy.

    MPII annotates a square of 200 x scale pixels, COCO a tight box. Grown to the input's aspect
    ratio of 3:4, an MPII square shows its person at 3/4 of the size that ``tall`` does.

    Args:
        policy: One of :data:`BOX_POLICIES`.
        box: Left, top, right, bottom, shape (1, 4), in pixels.
        keypoints: Shape (1, K, 2), in pixels. Needed by ``keypoints``, which keeps the source's box
            where fewer than two keypoints are visible, or all of them lie on a line along an axis.
        visible: Shape (1, K).

    Returns:
        np.ndarray: The box, shape (1, 4) float32.
    """
    box = box.astype(np.float32)
    if policy == 'tight':
        return box
    if policy == 'keypoints':
        points = keypoints[0][visible[0] > 0]
        if len(points) == 0:
            return box
        low, high = points.min(axis=0), points.max(axis=0)
        around = np.concatenate([low, high])[None].astype(np.float32)
        return around if (high > low).all() else box
    centre = (box[:, :2] + box[:, 2:]) / 2
    height = (box[:, 2:] - box[:, :2]).max(axis=1, keepdims=True)
    half = np.hstack([height * _WIDTH_PER_HEIGHT[policy], height]) / 2
    return np.hstack([centre - half, centre + half])
