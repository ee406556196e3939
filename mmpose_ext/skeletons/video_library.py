"""The joint conventions of video mesh recovery, and the maps of datasets to the one it trains with.

SPIN's 49 joints (Kolotouros et al., "Learning to Reconstruct 3D Human Pose and Shape via
Model-fitting in the Loop", ICCV 2019), which VIBE uses, are two sets side by side: what OpenPose
detects, under names with the prefix ``op_``, and 24 joints that people annotate. Both have a right
hip, but not the same point: OpenPose's is SMPL's joint, the other a landmark of LSP.
"""

from __future__ import annotations

from dataclasses import replace

from .keypoint_map import KeypointMap
from .mesh_library import LSP14, OPENPOSE18, mesh_skeleton
from .skeleton import Skeleton

_DETECTED = 'op_'
_LIMBS = tuple(
    (f'{side}_{start}' if start != 'neck' else start, f'{side}_{end}')
    for side in ('left', 'right')
    for start, end in (
        *(('neck', 'shoulder'), ('shoulder', 'elbow'), ('elbow', 'wrist')),
        *(('shoulder', 'hip'), ('hip', 'knee'), ('knee', 'ankle')),
    )
)
_HIPS = (('left_hip', 'right_hip'),)
_TOP = (('neck', 'head_top'),)
_FACE = (
    *(('neck', 'nose'), ('nose', 'left_eye'), ('nose', 'right_eye')),
    *(('left_eye', 'left_ear'), ('right_eye', 'right_ear')),
)

#: OpenPose's BODY_25 model.
OPENPOSE25 = mesh_skeleton(
    'openpose25',
    (
        *(*OPENPOSE18.keypoints[:8], 'mid_hip', *OPENPOSE18.keypoints[8:]),
        *('left_big_toe', 'left_small_toe', 'left_heel'),
        *('right_big_toe', 'right_small_toe', 'right_heel'),
    ),
    (
        *(*_LIMBS, *_HIPS, *_FACE),
        *(('left_ankle', 'left_heel'), ('right_ankle', 'right_heel')),
        *(('left_ankle', 'left_big_toe'), ('right_ankle', 'right_big_toe')),
        *(('left_big_toe', 'left_small_toe'), ('right_big_toe', 'right_small_toe')),
    ),
    aliases=(('mid_hip', 'pelvis'),),
)

#: The annotated half of SPIN's joints; the first 14 are :data:`LSP14`.
SPIN24 = mesh_skeleton(
    'spin24',
    (
        *(*LSP14.keypoints, 'pelvis', 'thorax', 'spine', 'jaw', 'head'),
        *('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear'),
    ),
    (*_LIMBS, *_HIPS, *_TOP, *_FACE),
)


def _side_by_side(name: str, detected: Skeleton, annotated: Skeleton) -> Skeleton:
    def prefixed(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple((_DETECTED + first, _DETECTED + second) for first, second in pairs)

    return Skeleton(
        name=name,
        keypoints=(*(_DETECTED + joint for joint in detected.keypoints), *annotated.keypoints),
        swaps=(*prefixed(detected.swaps), *annotated.swaps),
        links=(*prefixed(detected.links), *annotated.links),
        upper=annotated.upper | {_DETECTED + joint for joint in detected.upper},
        lower=annotated.lower | {_DETECTED + joint for joint in detected.lower},
        joint_weights=(*detected.joint_weights, *annotated.joint_weights),
        sigmas=(*detected.sigmas, *annotated.sigmas),
        # Where both halves have a joint of one name, it belongs to the annotated half.
        aliases=tuple(
            (_DETECTED + joint, joint)
            for joint in detected.keypoints
            if detected.canonical(joint) not in annotated.keypoints
        ),
    )


#: SPIN's joints: :data:`OPENPOSE25` with the prefix ``op_``, then :data:`SPIN24`.
SPIN49 = _side_by_side('spin49', OPENPOSE25, SPIN24)

#: MPI-INF-3DHP's joints, all that its training files have. Its spine2 and spine3 are not SMPL's.
MPI_INF_3DHP28 = mesh_skeleton(
    'mpi_inf_3dhp28',
    (
        *('spine3', 'spine4', 'spine2', 'spine', 'pelvis', 'neck', 'head', 'head_top'),
        *('left_clavicle', 'left_shoulder', 'left_elbow', 'left_wrist', 'left_hand'),
        *('right_clavicle', 'right_shoulder', 'right_elbow', 'right_wrist', 'right_hand'),
        *('left_hip', 'left_knee', 'left_ankle', 'left_foot', 'left_toe'),
        *('right_hip', 'right_knee', 'right_ankle', 'right_foot', 'right_toe'),
    ),
    (*_LIMBS, *_HIPS, *_TOP),
    aliases=tuple(
        (joint, f'{joint}_3dhp')
        for joint in ('spine2', 'spine3', 'spine4', 'left_foot', 'right_foot')
    ),
)

#: The joints of MPI-INF-3DHP's test set.
MPI_INF_3DHP17 = mesh_skeleton(
    'mpi_inf_3dhp17',
    (
        *('head_top', 'neck', 'right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder'),
        *('left_elbow', 'left_wrist', 'right_hip', 'right_knee', 'right_ankle', 'left_hip'),
        *('left_knee', 'left_ankle', 'pelvis', 'spine', 'head'),
    ),
    (*_LIMBS, *_HIPS, *_TOP),
)

#: PennAction's joints in the order of its label files, left before right.
PENN13 = mesh_skeleton(
    'penn13',
    (
        'head',
        *(
            f'{side}_{joint}'
            for joint in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
            for side in ('left', 'right')
        ),
    ),
    tuple(limb for limb in (*_LIMBS, *_HIPS) if 'neck' not in limb),
)

#: What VIBE writes of PennAction into its own files: the order of LSP, which it then reads as 13.
PENN14 = replace(LSP14, name='penn14')

VIDEO_LIBRARY = {
    skeleton.name: skeleton
    for skeleton in (OPENPOSE25, SPIN24, SPIN49, MPI_INF_3DHP28, MPI_INF_3DHP17, PENN13, PENN14)
}


def spin49_map(source: Skeleton) -> KeypointMap:
    """The map from a convention to SPIN's 49 joints, by name.

    What OpenPose detects goes to the first 25, what people annotate to the last 24 and, where it
    has toes and heels, to those of the first 25; a joint never counts twice. The neck is that of
    LSP, or else the upper end of the neck, which LSP's annotators mean as well.

    Args:
        source: The convention.

    Returns:
        The map; joints that the source lacks are unmapped.
    """
    if source.name in (OPENPOSE18.name, OPENPOSE25.name):
        joints = {_DETECTED + name: name for name in source.keypoints}
        return KeypointMap.from_names(source, SPIN49, joints)
    own = {source.canonical(name): name for name in source.keypoints}
    joints = {
        name: own[SPIN49.canonical(name)]
        for name in SPIN49.keypoints
        if SPIN49.canonical(name) in own
    }
    if 'neck' not in joints and 'upper_neck' in own:
        joints['neck'] = own['upper_neck']
    return KeypointMap.from_names(source, SPIN49, joints)
