"""MuPoTS-3D: its annotations, and how its evaluation compares people.

Source: Mehta et al., "Single-Shot Multi-Person 3D Pose Estimation From Monocular RGB", 3DV 2018,
and the Matlab evaluation that comes with the dataset.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.fileio import exists, load

from mmpose_ext.skeletons import MUPOTS17

#: The joints that count: all but pelvis, spine and head.
MUPOTS_EVALUATED = MUPOTS17.indices(MUPOTS17.keypoints[:14])
#: The joints by which predictions are assigned to people: those without the top of the head.
MUPOTS_MATCHED = MUPOTS_EVALUATED[1:]
MUPOTS_ROOT = MUPOTS17.index('pelvis')

_SIDES = ('left', 'right')
# From the root outwards, each joint with the one it hangs on.
_BONES = (
    *(('spine2', 'pelvis'), ('thorax', 'spine2'), ('head_top', 'thorax'), ('head', 'thorax')),
    *(
        (f'{side}_{joint}', parent if parent in MUPOTS17.keypoints else f'{side}_{parent}')
        for side in _SIDES
        for joint, parent in (
            *(('shoulder', 'thorax'), ('elbow', 'shoulder'), ('wrist', 'elbow')),
            *(('hip', 'pelvis'), ('knee', 'hip'), ('ankle', 'knee')),
        )
    ),
)


@dataclass(frozen=True)
class MuPoTSImage:
    """The annotated people of one image.

    Args:
        name: Path of the image in the dataset, ``TS1/img_000000.jpg``.
        intrinsics: fx, fy, cx, cy in pixels.
        people: Ids of the P valid annotations.
        pixels: (P, 17, 2).
        joints_mm: Camera space in millimetres, (P, 17, 3).
    """

    name: str
    intrinsics: np.ndarray
    people: tuple[int, ...]
    pixels: np.ndarray
    joints_mm: np.ndarray

    @property
    def sequence(self) -> str:
        """Name of the sequence, ``TS1``."""
        return Path(self.name).parent.name

    @property
    def key(self) -> str:
        """The image as a variable of Matlab, ``TS1_img_000000``."""
        return f'{self.sequence}_{Path(self.name).stem}'

    def project(self, joints_mm: np.ndarray) -> np.ndarray:
        """Pixels (..., 2) of points of the camera frame (..., 3)."""
        focal, centre = self.intrinsics[:2], self.intrinsics[2:]
        return joints_mm[..., :2] / joints_mm[..., 2:] * focal + centre


def load_mupots(ann_file: str) -> dict[int, MuPoTSImage]:
    """Read ``MuPoTS-3D.json`` (MuPoTS-3D in COCO's layout, as 3DMPPE and 3DCrowdNet ship it).

    Args:
        ann_file: Path of the file. Annotations with ``is_valid`` 0 are left out, as in the
            dataset's own evaluation.

    Returns:
        The images by id.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an entry is missing, of another size, or not finite.
    """
    if not exists(ann_file):
        raise FileNotFoundError(
            f'annotation file {ann_file} does not exist; 3DMPPE_POSENET_RELEASE on GitHub links it'
        )
    content = load(ann_file)
    people: dict[int, list[dict[str, Any]]] = {image['id']: [] for image in content['images']}
    for annotation in content['annotations']:
        if annotation['image_id'] not in people:
            raise ValueError(
                f'{ann_file}: annotation {annotation["id"]} is of image {annotation["image_id"]}, '
                'which the file does not have'
            )
        if annotation.get('is_valid', 1):
            people[annotation['image_id']].append(annotation)
    return {
        image['id']: MuPoTSImage(
            name=image['file_name'],
            intrinsics=_read(ann_file, 'image', image, 'intrinsic', (4,)),
            people=tuple(one['id'] for one in people[image['id']]),
            pixels=_stack(ann_file, people[image['id']], 'keypoints_img', 2),
            joints_mm=_stack(ann_file, people[image['id']], 'keypoints_cam', 3),
        )
        for image in content['images']
    }


def assign_people(annotated: np.ndarray, predicted: np.ndarray, limit_px: float) -> np.ndarray:
    """Assign predictions to annotated people by their joints in the image.

    In the order of the annotations, each takes the free prediction that has most joints within the
    limit on both axes. One without such a joint stays alone.

    Args:
        annotated: Pixels, (P, J, 2).
        predicted: Pixels, (N, J, 2).
        limit_px: Largest difference per axis.

    Returns:
        For each annotated person the index of the prediction, -1 for none, (P,).
    """
    close = (np.abs(annotated[:, None] - predicted) < limit_px).all(-1).sum(-1)
    assigned = np.full(len(annotated), -1)
    for person, scores in enumerate(close):
        if scores.size and scores.max() > 0:
            assigned[person] = scores.argmax()
            close[:, assigned[person]] = 0
    return assigned


def with_bone_lengths(predicted: np.ndarray, annotated: np.ndarray) -> np.ndarray:
    """Give predicted bodies the bone lengths of others, keeping the directions of their bones.

    Args:
        predicted: (..., 17, 3).
        annotated: Same shape.

    Returns:
        (..., 17, 3), with the roots of ``predicted``.
    """
    result = predicted.copy()
    for joint, parent in ((MUPOTS17.index(a), MUPOTS17.index(b)) for a, b in _BONES):
        bone = predicted[..., joint, :] - predicted[..., parent, :]
        length = np.linalg.norm(bone, axis=-1, keepdims=True)
        wanted = np.linalg.norm(
            annotated[..., joint, :] - annotated[..., parent, :], axis=-1, keepdims=True
        )
        # A bone of no length has no direction: its end stays at its start.
        direction = np.divide(bone, length, out=np.zeros_like(bone), where=length > 0)
        result[..., joint, :] = result[..., parent, :] + direction * wanted
    return result


def _stack(ann_file: str, people: list[dict[str, Any]], key: str, size: int) -> np.ndarray:
    shape = (MUPOTS17.num_keypoints, size)
    rows = [_read(ann_file, 'annotation', person, key, shape) for person in people]
    return np.stack(rows) if rows else np.zeros((0, *shape))


def _read(
    ann_file: str, kind: str, entry: dict[str, Any], key: str, shape: tuple[int, ...]
) -> np.ndarray:
    try:
        values = np.array(entry.get(key, ()), np.float64)
    except (TypeError, ValueError):
        values = np.array(np.nan)
    if values.shape != shape or not np.isfinite(values).all():
        raise ValueError(
            f'{ann_file}: {key} of {kind} {entry["id"]} got {entry.get(key)!r}, '
            f'expected finite numbers of shape {shape}'
        )
    return values
