"""Named sets of keypoints that are read off a body's vertices.

Where a set's definition of a joint differs from COCO's, the point has a name of its own:

=================  ===============================================================================
point              definition
=================  ===============================================================================
nose … heel        COCO's 17 and its six foot keypoints, joint centres as COCO's annotators see
                   them; hips are the centres of the hip joints
*_hip_mpii         about 4 cm above and 3 cm outside of COCO's, below the crest of the pelvis
*_shoulder_mpii    about 2 cm from COCO's towards the neck
pelvis_mpii        midpoint of the two MPII hips
thorax_mpii        midpoint of the two MPII shoulders
upper_neck         axis of the neck at the height of the chin, lower end of MPII's head segment
head_top           crown of the head, upper end of MPII's head segment
*_hip_joint        SMPL's hip joints
pelvis_joint       midpoint of SMPL's hip joints (the root of Human3.6M)
hip_mid            midpoint of COCO's hips (Halpe's "hip")
neck               base of the neck (LSP and Halpe "neck", Human3.6M "thorax")
spine              middle of the trunk (Human3.6M)
jaw                halfway between nose and upper_neck (Human3.6M "neck/nose")
head               in the skull, 85 % of the way from upper_neck to head_top (Human3.6M)
=================  ===============================================================================
"""

COCO17 = (
    'nose',
    'left_eye',
    'right_eye',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)

KEYPOINT_SETS: dict[str, tuple[str, ...]] = {
    'coco17': COCO17,
    'mpii16': (
        'right_ankle',
        'right_knee',
        'right_hip_mpii',
        'left_hip_mpii',
        'left_knee',
        'left_ankle',
        'pelvis_mpii',
        'thorax_mpii',
        'upper_neck',
        'head_top',
        'right_wrist',
        'right_elbow',
        'right_shoulder_mpii',
        'left_shoulder_mpii',
        'left_elbow',
        'left_wrist',
    ),
    'halpe26': (
        *COCO17,
        'head_top',
        'neck',
        'hip_mid',
        'left_big_toe',
        'right_big_toe',
        'left_small_toe',
        'right_small_toe',
        'left_heel',
        'right_heel',
    ),
    'h36m17': (
        'pelvis_joint',
        'right_hip_joint',
        'right_knee',
        'right_ankle',
        'left_hip_joint',
        'left_knee',
        'left_ankle',
        'spine',
        'neck',
        'jaw',
        'head',
        'left_shoulder',
        'left_elbow',
        'left_wrist',
        'right_shoulder',
        'right_elbow',
        'right_wrist',
    ),
    'spin9': (
        'right_hip_joint',
        'left_hip_joint',
        'neck',
        'head_top',
        'pelvis_mpii',
        'thorax_mpii',
        'spine',
        'jaw',
        'head',
    ),
}


# Regressor files as published with SMPL-based methods; they lie beside the model file.
REGRESSOR_FILES = {
    'coco17': 'J_regressor_coco.npy',
    'mpii16': 'J_regressor_mpii.npy',
    'halpe26': 'J_regressor_halpe.npy',
    'h36m17': 'J_regressor_h36m.npy',
    'spin9': 'J_regressor_extra.npy',
}


def mirror_name(name: str) -> str:
    """Swap left and right in the name of a point."""
    if name.startswith('left_'):
        return f'right_{name[5:]}'
    if name.startswith('right_'):
        return f'left_{name[6:]}'
    return name
