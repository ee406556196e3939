"""The bodies of a track as a file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmpose_ext.geometry import weak_image_intrinsics
from mmpose_ext.synthetic.files import write_atomically
from mmpose_ext.visualization.clip_people import ClipFrame


def save_clip_parameters(
    path: str | Path, frames: Sequence[ClipFrame], video_id: str, fps: float
) -> Path:
    """Write the SMPL parameters of a track, a row per frame.

    The keys are ``video_id`` and ``fps``, scalars; ``frame_ids`` (F,), ``image_path`` (F,) where
    known, ``pose`` (F, 24, 3) in radians, ``betas`` (F, 10), ``transl`` (F, 3) in metres,
    ``camera`` (F, 3, 3), ``bboxes`` (F, 4), the squares that the network saw, ``joints``
    (F, 14, 3), those of :data:`LSP14` in metres relative to the hips' midpoint, and ``keypoints``
    (F, 14, 2) in pixels.
    SMPL with a row's parameters is the mesh in camera axes (x right, y down, z forward), which the
    row's ``camera`` projects to the image. Every frame has a camera of its own, so that the
    translations of several do not make a trajectory.

    Args:
        path: The file, ending with ``.npz``. It appears when it is complete.
        frames: The frames.
        video_id: Name of the track.
        fps: Frames per second of the video.

    Returns:
        ``path``.

    Raises:
        ValueError: If the file has another suffix, or there are no frames.
    """
    path = Path(path)
    if path.suffix != '.npz' or not frames:
        raise ValueError(f'{path}: got {len(frames)} frames, expected some for a file .npz')
    boxes = np.stack([frame.box for frame in frames]).astype(np.float64)
    arrays = dict(
        video_id=np.array(video_id),
        fps=np.array(fps, np.float32),
        frame_ids=np.array([frame.number for frame in frames]),
        camera=weak_image_intrinsics(boxes),
        bboxes=boxes.astype(np.float32),
        **{
            key: np.stack([getattr(frame, key) for frame in frames]).astype(np.float32)
            for key in ('pose', 'betas', 'transl', 'joints', 'keypoints')
        },
    )
    if all(frame.image is not None for frame in frames):
        arrays['image_path'] = np.array([frame.image for frame in frames])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return write_atomically(path, buffer.getvalue())
