"""One person in the frames of a clip, as a video mesh estimator and its dataset tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mmpose.structures import PoseDataSample

from mmpose_ext.geometry import PinholeCamera, weak_image_intrinsics
from mmpose_ext.skeletons import LSP14, SPIN49
from mmpose_ext.visualization.mesh_people import MeshBodies, MeshPerson, as_array

_COMMON = SPIN49.indices(LSP14.keypoints)
# 3DPW's 2D joints are OpenPose's, which SPIN49 has beside the common ones; a head top it has not.
_OPENPOSE = SPIN49.indices(
    tuple(name if name == 'head_top' else f'op_{name}' for name in LSP14.keypoints)
)
_HIPS = LSP14.indices(('left_hip', 'right_hip'))


@dataclass(frozen=True)
class ClipFrame:
    """One person in one frame.

    Args:
        number: Number of the frame in the video.
        image: Path of the image, or None where the dataset does not say.
        box: The square that the network saw: left, top, right, bottom in pixels.
        vertices: The predicted body before any translation, (V, 3) in metres, camera axes.
        transl: Brings it into its camera, (3,).
        pose: Predicted rotation vectors in radians, (24, 3).
        betas: Predicted shape parameters.
        keypoints: Predicted joints of :data:`LSP14` in pixels of the image, (14, 2).
        joints: The same in metres relative to the hips' midpoint, (14, 3).
        label: The annotated body likewise, or None: pose, betas and gender.
        label_keypoints: Annotated joints in pixels, and their confidence, (14, 3).
        label_joints: Annotated ones in metres relative to the hips' midpoint, (14, 3), or None.
        scored: Whether the frame belongs to this clip alone.
    """

    number: int
    image: str | None
    box: np.ndarray
    vertices: np.ndarray
    transl: np.ndarray
    pose: np.ndarray
    betas: np.ndarray
    keypoints: np.ndarray
    joints: np.ndarray
    label: tuple[np.ndarray, np.ndarray, str] | None
    label_keypoints: np.ndarray
    label_joints: np.ndarray | None
    scored: bool

    def person(self, width: int, height: int) -> MeshPerson:
        """The predicted body in the virtual camera of an image of this size.

        The camera is that of ``geometry.weak_image_intrinsics``. It differs from frame to frame, so
        depths do too.
        """
        matrix = weak_image_intrinsics(self.box.astype(np.float64))
        camera = PinholeCamera(
            *(matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]), width, height
        )
        vertices = self.vertices.astype(np.float64) + self.transl
        return MeshPerson(vertices, camera, self.pose, self.betas, self.transl)


def read_clip(sample: PoseDataSample) -> list[ClipFrame]:
    """Take the frames of a clip apart.

    Args:
        sample: With the ``pred_instances`` of a video mesh estimator, a row per frame, and the
            meta information of its dataset; ``gt_instances`` where there are labels.

    Returns:
        The frames in their order.

    Raises:
        ValueError: If something is missing.
    """
    missing = [
        name
        for name in ('smpl_pose', 'smpl_betas', 'vertices', 'transl', 'keypoints', 'joints')
        if name not in sample.pred_instances
    ]
    if missing or 'frame_ids' not in sample:
        raise ValueError(
            f'video {sample.get("video_id")!r}: got a sample without '
            f'{missing or "frame_ids"}, expected what a video mesh estimator predicts'
        )
    predicted = {key: as_array(value) for key, value in sample.pred_instances.items()}
    labels = {key: as_array(value) for key, value in sample.get('gt_instances', {}).items()}
    numbers = as_array(sample.frame_ids).tolist()
    paths = sample.get('img_paths') or [None] * len(numbers)
    scored = labels.get('scored', np.ones(len(numbers)))
    joints = _centred(predicted['joints'][:, _COMMON])
    frames = []
    for row, number in enumerate(numbers):
        label_joints = None
        if 'joints' in labels and labels['joints_valid'][row] > 0:
            label_joints = _centred(labels['joints'][row, _COMMON])
        frames.append(
            ClipFrame(
                number=int(number),
                image=paths[row],
                box=predicted['bboxes'][row, :4],
                vertices=predicted['vertices'][row],
                transl=predicted['transl'][row],
                pose=predicted['smpl_pose'][row],
                betas=predicted['smpl_betas'][row],
                keypoints=predicted['keypoints'][row, _COMMON],
                joints=joints[row],
                label=_body_label(sample, labels, row),
                label_keypoints=_label_keypoints(labels, predicted['bboxes'][row, :4], row),
                label_joints=label_joints,
                scored=bool(scored[row] > 0),
            )
        )
    return frames


def label_vertices(frame: ClipFrame, bodies: MeshBodies) -> np.ndarray | None:
    """The annotated body before any translation, (V, 3), or None."""
    if frame.label is None:
        return None
    pose, betas, gender = frame.label
    return bodies.body(gender).skin(betas, pose)[0]


def _body_label(
    sample: PoseDataSample, labels: dict[str, np.ndarray], row: int
) -> tuple[np.ndarray, np.ndarray, str] | None:
    if 'smpl_pose' not in labels or not labels.get('smpl_valid', np.ones(row + 1))[row] > 0:
        return None
    gender = sample.get('gender') or 'neutral'
    return labels['smpl_pose'][row], labels['smpl_betas'][row], gender


def _label_keypoints(labels: dict[str, np.ndarray], box: np.ndarray, row: int) -> np.ndarray:
    if 'keypoints' not in labels:
        return np.zeros((LSP14.num_keypoints, 3))
    visible = labels['keypoints_visible'][row]
    joints = np.where(visible[_COMMON] > 0, _COMMON, _OPENPOSE)
    # Targets reach from -1 to 1 of the square.
    points = labels['keypoints'][row, joints]
    pixels = (box[:2] + box[2:]) / 2 + points * (box[2:] - box[:2]) / 2
    return np.concatenate([pixels, visible[joints, None]], axis=1)


def _centred(joints: np.ndarray) -> np.ndarray:
    return joints - joints[..., _HIPS, :].mean(-2, keepdims=True)


def view_bounds(meshes: Sequence[np.ndarray]) -> np.ndarray:
    """Opposite corners of the space that bodies take before any translation, (2, 3)."""
    low = np.min([mesh.min(0) for mesh in meshes], axis=0)
    high = np.max([mesh.max(0) for mesh in meshes], axis=0)
    return np.stack([low, high])
