"""InstaVariety (Kanazawa et al., CVPR 2019) as VIBE distributes it: ``insta_train_db.h5``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmpose_ext.datasets.datasets.video import ClipFile
from mmpose_ext.datasets.datasets.video.joint_order import check_joint_order
from mmpose_ext.hdf5 import import_h5py
from mmpose_ext.skeletons import SPIN49

from .conversion import with_confidence
from .stored_features import write_features
from .track_order import frame_numbers, order_rows, texts

#: The 25 joints of the file in the names of :data:`SPIN49`: HMMR's order.
JOINTS = (
    *('op_right_heel', 'op_right_knee', 'op_right_hip', 'op_left_hip', 'op_left_knee'),
    *('op_left_heel', 'op_right_wrist', 'op_right_elbow', 'op_right_shoulder'),
    *('op_left_shoulder', 'op_left_elbow', 'op_left_wrist', 'op_neck', 'head_top', 'op_nose'),
    *('op_left_eye', 'op_right_eye', 'op_left_ear', 'op_right_ear', 'op_left_big_toe'),
    *('op_right_big_toe', 'op_left_small_toe', 'op_right_small_toe', 'op_left_ankle'),
    'op_right_ankle',
)
_CROP, _FPS = 224.0, 25.0


def convert_insta_variety(
    file: Path,
    out: Path,
    features_out: Path | None = None,
    crop_scale: float = 1.2,
    backbone: str = 'spin_resnet50',
    fps: float = _FPS,
) -> ClipFile:
    """Make a clip file, and a file of features.

    There are no images: keypoints are in pixels of crops of 224, and every box is the one whose
    crop is that square.

    Args:
        file: ``insta_train_db.h5`` with ``joints2D`` (N, 25, 3), ``vid_name``, ``frame_id`` and
            ``features`` (N, C).
        out: Where the features' manifest says that the clip file is.
        features_out: The ``.npy`` file; none if None.
        crop_scale: Scale that the dataset will be read with.
        backbone: Name of the network that made the features.
        fps: Frame rate that is written.

    Returns:
        The rows.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: If it is damaged or wrong.
    """
    if not file.is_file():
        raise FileNotFoundError(f'{file} does not exist; it comes with the data of VIBE')
    h5py = import_h5py()
    try:
        with h5py.File(file, 'r') as content:
            joints = np.asarray(content['joints2D'], np.float64)
            tracks = texts(np.asarray(content['vid_name']))
            frames = frame_numbers(np.asarray(content['frame_id']), str(file))
            if joints.shape != (len(tracks), len(JOINTS), 3):
                raise ValueError(
                    f'joints2D got shape {joints.shape}, expected ({len(tracks)}, 25, 3)'
                )
            rows = order_rows(tracks, frames, str(file))
            points = np.zeros((len(rows), SPIN49.num_keypoints, 3))
            points[:, SPIN49.indices(JOINTS)] = joints[rows]
            box = np.array([_CROP / 2, _CROP / 2, _CROP / crop_scale, _CROP / crop_scale, 1])
            box[:2] -= box[2:4] / 2
            table = ClipFile(
                video_id=tracks[rows],
                frame_idx=frames[rows],
                fps=np.full(len(rows), fps, np.float32),
                bbox_xywh=np.tile(box.astype(np.float32), (len(rows), 1)),
                keypoints2d=with_confidence(points[..., :2], points[..., 2]),
                keypoints2d_convention=SPIN49.name,
            )
            table.check(str(file))
            check_joint_order(joints[rows], _own_skeleton(), str(file))
            if features_out is not None:
                write_features(
                    features_out, content['features'], rows, table, out, backbone, crop_scale
                )
    except (OSError, KeyError) as error:
        raise ValueError(f'{file} is not a readable insta_train_db.h5: {error}') from error
    return table


def _own_skeleton():
    return SPIN49.subset(JOINTS, 'insta_variety25')
