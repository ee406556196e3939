"""What a video mesh estimator predicts for clips, and what there is to compare it with."""

from typing import NamedTuple

from torch import Tensor

from mmpose_ext.skeletons import LSP14, SPIN49

_LSP14 = SPIN49.indices(LSP14.keypoints)
_HIPS = LSP14.indices(['left_hip', 'right_hip'])


class VideoMeshPrediction(NamedTuple):
    """Predicted clips; joints are those of :data:`SPIN49`, lengths are in metres.

    Args:
        encoded: Features after the temporal encoder, ``(B, T, C)``.
        pose6d: See ``SMPLParameters``, ``(B, T, 24, 6)``.
        rotations: Rotation matrices of SMPL's joints, ``(B, T, 24, 3, 3)``.
        betas: Shape parameters, ``(B, T, 10)``.
        camera: ``(s, tx, ty)``, see ``geometry.weak_translation``, ``(B, T, 3)``.
        vertices: Of the body before any translation, ``(B, T, V, 3)``; None where not asked for.
        joints: Of the body before any translation, ``(B, T, 49, 3)``.
        projected: Joints in the crop, whose sides are at -1 and 1, ``(B, T, 49, 2)``.
        hidden: What the head read the parameters off, ``(B, T, H)``.
    """

    encoded: Tensor
    pose6d: Tensor
    rotations: Tensor
    betas: Tensor
    camera: Tensor
    vertices: Tensor | None
    joints: Tensor
    projected: Tensor
    hidden: Tensor


class VideoMeshTargets(NamedTuple):
    """What a batch of clips has labels for; joints are those of :data:`SPIN49`.

    Args:
        keypoints: In the crop, whose sides are at -1 and 1, ``(B, T, 49, 2)``.
        keypoints_visible: Their confidences, 0 for none, ``(B, T, 49)``.
        joints: In metres, anywhere, ``(B, T, 49, 3)``.
        joints_valid: Whether the 14 joints of :data:`LSP14` are annotated, ``(B, T)``.
        rotations: Rotation matrices of SMPL's joints, ``(B, T, 24, 3, 3)``.
        betas: Shape parameters, ``(B, T, 10)``.
        smpl_valid: Whether there are SMPL parameters, ``(B, T)``.
        betas_valid: Whether there are shape parameters that mean what the network's do, ``(B, T)``.
    """

    keypoints: Tensor
    keypoints_visible: Tensor
    joints: Tensor
    joints_valid: Tensor
    rotations: Tensor
    betas: Tensor
    smpl_valid: Tensor
    betas_valid: Tensor


def select_clips(batch: NamedTuple, rows: slice | Tensor) -> NamedTuple:
    """Some clips of a :class:`VideoMeshPrediction` or :class:`VideoMeshTargets`."""
    return type(batch)(*(None if value is None else value[rows] for value in batch))


def centred_lsp14(joints: Tensor) -> Tensor:
    """The 14 joints that mesh recovery is compared on, relative to the midpoint of their hips.

    Args:
        joints: In the order of :data:`SPIN49`, ``(..., 49, 3)``.

    Returns:
        ``(..., 14, 3)``.
    """
    joints = joints[..., _LSP14, :]
    return joints - joints[..., _HIPS, :].mean(dim=-2, keepdim=True)
