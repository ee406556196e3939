"""Where a garment begins and ends on a body in its rest pose."""

from typing import NamedTuple

import numpy as np

from mmpose_ext.body_models import BodyModel


class Landmarks(NamedTuple):
    """Coordinates in metres in the rest pose (T-pose, y up, facing +z).

    A named tuple, as compiled code can take one apart.
    """

    shoulder_x: float
    shoulder_y: float
    shoulder_z: float
    wrist_x: float
    hip_x: float
    hip_y: float
    ankle_y: float
    neck_y: float
    neck_z: float
    head_top: float
    nose_y: float
    nose_z: float
    face_scale: float


def find_landmarks(body: BodyModel) -> Landmarks:
    """Measure a body.

    Args:
        body: SMPL or a body in its format.

    Returns:
        The landmarks of its template.
    """
    template = body.v_template
    joints = np.asarray(body.J_regressor @ template)
    shoulder, wrist = (np.abs(joints[[left, left + 1]]).mean(0) for left in (16, 20))
    neck, head = joints[12], joints[15]
    hip, ankle = joints[[1, 2]], joints[[7, 8]]
    # Above the head joint, the tip of the nose is what sticks out most in the middle.
    middle = (np.abs(template[:, 0] - head[0]) < 0.02) & (template[:, 1] > head[1])
    nose = template[middle][template[middle, 2].argmax()]
    top = template[:, 1].max()
    return Landmarks(
        shoulder_x=float(shoulder[0]),
        shoulder_y=float(joints[[16, 17], 1].mean()),
        shoulder_z=float(joints[[16, 17], 2].mean()),
        wrist_x=float(wrist[0]),
        hip_x=float(np.abs(hip[:, 0]).mean()),
        hip_y=float(hip[:, 1].mean()),
        ankle_y=float(ankle[:, 1].mean()),
        neck_y=float(neck[1]),
        neck_z=float(neck[2]),
        head_top=float(top),
        nose_y=float(nose[1]),
        nose_z=float(nose[2]),
        # The nose of an adult is about 0.14 m below the top of the head.
        face_scale=float((top - nose[1]) / 0.14),
    )
