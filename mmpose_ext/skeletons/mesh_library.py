"""The joint conventions of mesh recovery, and the maps of datasets to their superset.

Names are SMPL's. 3DCrowdNet (Choi et al., "Learning to Estimate Robust 3D Human Mesh from
In-the-Wild Crowded Scenes", CVPR 2022) calls spine1, spine2 and spine3 torso, spine and chest, the
collars thorax and the feet toes; it joins conventions by name, and so do these maps.
"""

from __future__ import annotations

from .keypoint_map import MIDPOINTS, KeypointMap
from .sigmas import SIGMA_SETS
from .skeleton import Skeleton, mirror_name


def _both(*joints: str) -> tuple[str, ...]:
    return tuple(f'{side}_{joint}' for joint in joints for side in ('left', 'right'))


_ARM = ('shoulder', 'elbow', 'wrist')
_LEG = ('hip', 'knee', 'ankle')
_FEET = ('foot', 'toe', 'big_toe', 'small_toe', 'heel')

#: SMPL's 24 joints in its own order.
_SMPL24 = (
    *('pelvis', *_both('hip'), 'spine1', *_both('knee'), 'spine2', *_both('ankle'), 'spine3'),
    *(*_both('foot'), 'neck', *_both('collar'), 'head', *_both(*_ARM, 'hand')),
)

_BONES = (
    *(('pelvis', 'left_hip'), ('left_hip', 'left_knee'), ('left_knee', 'left_ankle')),
    *(('left_ankle', 'left_foot'), ('pelvis', 'spine1'), ('spine1', 'spine2')),
    *(('spine2', 'spine3'), ('spine3', 'neck'), ('neck', 'head'), ('neck', 'left_collar')),
    *(('left_collar', 'left_shoulder'), ('left_shoulder', 'left_elbow')),
    *(('left_elbow', 'left_wrist'), ('left_wrist', 'left_hand')),
    *(('neck', 'nose'), ('nose', 'left_eye'), ('left_eye', 'left_ear'), ('head', 'head_top')),
)

# OKS scales of joints that COCO does not annotate: those of the COCO joints beside them.
_SIGMAS = {
    **SIGMA_SETS['coco21'],
    **dict.fromkeys(('spine1', 'spine2', 'spine3', 'spine4', 'spine'), 0.107),
    **dict.fromkeys(('neck', 'head', 'jaw', *_both('collar', 'clavicle')), 0.079),
    'mid_hip': 0.107,
    **dict.fromkeys(_both(*_FEET), 0.089),
    **dict.fromkeys(_both('hand'), 0.062),
}
_LOWER = frozenset({'pelvis', 'mid_hip', *_both(*_LEG, *_FEET)})


def mesh_skeleton(
    name: str,
    joints: tuple[str, ...],
    links: tuple[tuple[str, str], ...] | None = None,
    aliases: tuple[tuple[str, str], ...] = (),
) -> Skeleton:
    """A skeleton of SMPL's names, drawn with those of SMPL's bones that it has both ends of."""
    if links is None:
        both = [bone for start, end in _BONES for bone in _with_mirror(start, end)]
        links = tuple(bone for bone in both if set(bone) <= set(joints))
    return Skeleton(
        name=name,
        keypoints=joints,
        swaps=tuple((joint, mirror_name(joint)) for joint in joints if joint[:5] == 'left_'),
        links=links,
        upper=frozenset(joints) - _LOWER,
        lower=frozenset(joints) & _LOWER,
        joint_weights=(1.0,) * len(joints),
        sigmas=tuple(_SIGMAS[joint] for joint in joints),
        aliases=aliases,
    )


def _with_mirror(start: str, end: str) -> list[tuple[str, str]]:
    mirror = (mirror_name(start), mirror_name(end))
    return [(start, end)] if mirror == (start, end) else [(start, end), mirror]


#: What 3DCrowdNet takes as input and learns from: SMPL's joints, five face points, the head top.
SUPERSET30 = mesh_skeleton('superset30', (*_SMPL24, 'nose', *_both('eye', 'ear'), 'head_top'))

#: The vertices of 3DCrowdNet's graph and its bones.
GRAPH15 = mesh_skeleton(
    'graph15',
    ('pelvis', *_both(*_LEG), 'neck', 'head_top', *_both(*_ARM)),
    (
        *(('pelvis', 'left_hip'), ('left_hip', 'left_knee'), ('left_knee', 'left_ankle')),
        *(('pelvis', 'right_hip'), ('right_hip', 'right_knee'), ('right_knee', 'right_ankle')),
        *(('pelvis', 'neck'), ('neck', 'head_top'), ('neck', 'left_shoulder')),
        *(('left_shoulder', 'left_elbow'), ('left_elbow', 'left_wrist')),
        *(('neck', 'right_shoulder'), ('right_shoulder', 'right_elbow')),
        ('right_elbow', 'right_wrist'),
    ),
)

#: Human3.6M's 17 joints under the names 3DCrowdNet gives them, the order of its regressor.
H36M17 = mesh_skeleton(
    'h36m17',
    (
        *('pelvis', 'right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee'),
        *('left_ankle', 'spine1', 'neck', 'nose', 'head_top', 'left_shoulder', 'left_elbow'),
        *('left_wrist', 'right_shoulder', 'right_elbow', 'right_wrist'),
    ),
)

#: The 14 joints that mesh recovery is evaluated on, in the order of LSP.
LSP14 = mesh_skeleton(
    'lsp14',
    (
        *('right_ankle', 'right_knee', 'right_hip', 'left_hip', 'left_knee', 'left_ankle'),
        *('right_wrist', 'right_elbow', 'right_shoulder', 'left_shoulder', 'left_elbow'),
        *('left_wrist', 'neck', 'head_top'),
    ),
)

_MUPOTS17 = (
    *('head_top', 'thorax', 'right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder'),
    *('left_elbow', 'left_wrist', 'right_hip', 'right_knee', 'right_ankle', 'left_hip'),
    *('left_knee', 'left_ankle', 'pelvis', 'spine2', 'head'),
)
MUPOTS17 = mesh_skeleton('mupots17', _MUPOTS17)
MUCO21 = mesh_skeleton('muco21', (*_MUPOTS17, 'right_hand', 'left_hand', 'right_foot', 'left_foot'))

#: OpenPose's COCO model, as 3DPW ships its results.
OPENPOSE18 = mesh_skeleton(
    'openpose18',
    (
        *('nose', 'neck', 'right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder'),
        *('left_elbow', 'left_wrist', 'right_hip', 'right_knee', 'right_ankle', 'left_hip'),
        *('left_knee', 'left_ankle', 'right_eye', 'left_eye', 'right_ear', 'left_ear'),
    ),
)

MESH_LIBRARY = {
    skeleton.name: skeleton
    for skeleton in (SUPERSET30, GRAPH15, H36M17, LSP14, MUPOTS17, MUCO21, OPENPOSE18)
}

# MPII, CrowdPose and Halpe annotate the upper end of the neck, SMPL has its lower one; 3DCrowdNet
# calls both neck and so joins them. What MuCo and MuPoTS call thorax is the lower end.
_NECKS = ('neck', 'upper_neck', 'thorax')


def superset_map(source: Skeleton) -> KeypointMap:
    """The map from a convention to the 30 joints of mesh recovery.

    Where the convention has no pelvis or no neck, they are the midpoints of its hips and of its
    shoulders, with the product of their visibilities (3DCrowdNet's rule for COCO).

    Args:
        source: The convention.

    Returns:
        The map; joints that the source lacks are unmapped.
    """
    known = {source.canonical(name): name for name in source.keypoints}
    joints: dict[str, str | tuple[str, ...]] = {
        name: known[name] for name in SUPERSET30.keypoints if name in known
    }
    necks = [known[name] for name in _NECKS if name in known]
    midpoints = {'pelvis': MIDPOINTS['pelvis'], 'neck': MIDPOINTS['thorax']}
    if necks:
        joints['neck'] = necks[0]
    for name, sides in midpoints.items():
        if name not in joints and known.keys() >= set(sides):
            joints[name] = tuple(known[side] for side in sides)
    return KeypointMap.from_names(source, SUPERSET30, joints, visibility='all')
