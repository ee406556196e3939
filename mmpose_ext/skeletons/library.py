"""The skeletons of known datasets, and the union of COCO and MPII."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .mesh_library import MESH_LIBRARY
from .sigmas import SIGMA_SETS
from .skeleton import Skeleton, mirror_name
from .union import union
from .video_library import VIDEO_LIBRARY

Links = tuple[tuple[str, str], ...]


def _both(*joints: str) -> tuple[str, ...]:
    return tuple(f'{side}_{joint}' for joint in joints for side in ('left', 'right'))


def _both_links(links: Links) -> Links:
    """Each link, followed by its mirror image where that is another link."""
    result = []
    for start, end in links:
        mirror = (mirror_name(start), mirror_name(end))
        result += [(start, end)] if set(mirror) == {start, end} else [(start, end), mirror]
    return tuple(result)


#: The joints that COCO and MPII have in common, in the order of the union.
SHARED12 = _both('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')

_FACE = ('nose', *_both('eye', 'ear'))
_FEET = _both('big_toe', 'small_toe', 'heel')
_LOWER = frozenset({'pelvis', *_both('hip', 'knee', 'ankle'), *_FEET})
_SIGMAS = SIGMA_SETS['coco21']
# Limb joints weigh more the further out they are (mmpose _base_/datasets/coco.py).
_WEIGHTS = dict.fromkeys(_both('elbow', 'knee'), 1.2) | dict.fromkeys(_both('wrist', 'ankle'), 1.5)
_LEGS = (('left_ankle', 'left_knee'), ('left_knee', 'left_hip'))
_ARMS = (('left_shoulder', 'left_elbow'), ('left_elbow', 'left_wrist'))
_HIPS = (('left_hip', 'right_hip'),)
_TRUNK = (('left_shoulder', 'left_hip'),)
_SHOULDERS = (('left_shoulder', 'right_shoulder'),)
_HEAD = (
    ('left_eye', 'right_eye'),
    ('nose', 'left_eye'),
    ('left_eye', 'left_ear'),
    ('left_ear', 'left_shoulder'),
)


def _skeleton(
    name: str,
    keypoints: tuple[str, ...],
    links: Links,
    sigmas: Mapping[str, float] = _SIGMAS,
    joint_weights: Mapping[str, float] = _WEIGHTS,
    aliases: Mapping[str, str] | None = None,
    swaps: Links = (),
    neither: tuple[str, ...] = (),
) -> Skeleton:
    """A skeleton of which the left-right swaps, sides and scales follow from canonical names."""
    names = aliases or {}
    canonical = {joint: names.get(joint, joint) for joint in keypoints}
    lower = frozenset(joint for joint in keypoints if canonical[joint] in _LOWER)
    return Skeleton(
        name=name,
        keypoints=keypoints,
        swaps=(
            *((joint, mirror_name(joint)) for joint in keypoints if joint[:5] == 'left_'),
            *swaps,
        ),
        links=_both_links(links),
        upper=frozenset(keypoints) - lower - frozenset(neither),
        lower=lower,
        joint_weights=tuple(joint_weights.get(joint, 1.0) for joint in keypoints),
        sigmas=tuple(sigmas[canonical[joint]] for joint in keypoints),
        aliases=tuple(names.items()),
    )


COCO17 = _skeleton(
    'coco', (*_FACE, *SHARED12), (*_LEGS, *_HIPS, *_TRUNK, *_SHOULDERS, *_ARMS, *_HEAD)
)

MPII16 = _skeleton(
    'mpii',
    (
        *('right_ankle', 'right_knee', 'right_hip', 'left_hip', 'left_knee', 'left_ankle'),
        *('pelvis', 'thorax', 'upper_neck', 'head_top'),
        *('right_wrist', 'right_elbow', 'right_shoulder'),
        *('left_shoulder', 'left_elbow', 'left_wrist'),
    ),
    (
        *_LEGS,
        ('left_hip', 'pelvis'),
        ('pelvis', 'thorax'),
        ('thorax', 'upper_neck'),
        ('upper_neck', 'head_top'),
        ('upper_neck', 'left_shoulder'),
        *_ARMS,
    ),
    # mmpose mpii.py, where knees and shoulders differ from COCO's
    {
        **SIGMA_SETS['mpii'],
        **dict.fromkeys(_both('knee'), 0.083),
        **dict.fromkeys(_both('shoulder'), 0.179),
    },
)

_HALPE_ALIASES = dict(head='head_top', neck='upper_neck', hip='pelvis')
_HALPE_BODY = (*_FACE, *SHARED12, *_HALPE_ALIASES, *_FEET)
_HALPE_LINKS = (
    *_LEGS,
    ('left_hip', 'hip'),
    ('head', 'neck'),
    ('neck', 'hip'),
    ('neck', 'left_shoulder'),
    *_ARMS,
    *_HEAD,
    *(('left_ankle', joint) for joint in _FEET[::2]),
)

HALPE26 = _skeleton(
    'halpe26',
    _HALPE_BODY,
    _HALPE_LINKS,
    SIGMA_SETS['halpe26'],
    _WEIGHTS | dict(hip=1.2) | dict.fromkeys(_FEET, 1.5),
    _HALPE_ALIASES,
)

_FACE68 = tuple(f'face-{i}' for i in range(68))
# The 68 face points mirror within runs of consecutive numbers (first, last); the eyes, 36 to 41 and
# 42 to 47, mirror into each other.
_FACE68_RUNS = (
    (0, 16),
    (17, 26),
    (31, 35),
    (36, 45),
    (40, 47),
    (48, 54),
    (55, 59),
    (60, 64),
    (65, 67),
)
_FACE68_LENGTHS = {36: 4, 40: 2}
_FACE68_SWAPS = tuple(
    (f'face-{first + i}', f'face-{last - i}')
    for first, last in _FACE68_RUNS
    for i in range(_FACE68_LENGTHS.get(first, (last - first + 1) // 2))
)
_FINGERS = ('thumb', 'forefinger', 'middle_finger', 'ring_finger', 'pinky_finger')
_HAND = ('hand_root', *(f'{finger}{i}' for finger in _FINGERS for i in range(1, 5)))
_HANDS = tuple(f'{side}_{joint}' for side in ('left', 'right') for joint in _HAND)
_FINGER_LINKS = tuple(
    ('left_wrist' if i == 1 else f'left_{finger}{i - 1}', f'left_{finger}{i}')
    for finger in _FINGERS
    for i in range(1, 5)
)

HALPE136 = _skeleton(
    'halpe',
    (*_HALPE_BODY, *_FACE68, *_HANDS),
    (*_HALPE_LINKS, *_FINGER_LINKS),
    {**SIGMA_SETS['halpe136'], **dict.fromkeys((*_FACE68, *_HANDS), 0.015)},
    {},
    _HALPE_ALIASES,
    _FACE68_SWAPS,
    neither=(*_FACE68, *_HANDS),
)

# The neck of AIC lies at the collar, below MPII's upper_neck and Halpe's neck. It has no alias, so
# that it joins neither unless the user of a map says so.
AIC14 = _skeleton(
    'aic',
    (
        *(
            'right_shoulder',
            'right_elbow',
            'right_wrist',
            'left_shoulder',
            'left_elbow',
            'left_wrist',
        ),
        *('right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle'),
        *('head_top', 'neck'),
    ),
    (*_ARMS, ('left_shoulder', 'neck'), *_LEGS, *_HIPS, ('head_top', 'neck'), *_TRUNK),
    dict(
        right_shoulder=0.01388152,
        right_elbow=0.01515228,
        right_wrist=0.01057665,
        left_shoulder=0.01417709,
        left_elbow=0.01497891,
        left_wrist=0.01402144,
        right_hip=0.03909642,
        right_knee=0.03686941,
        right_ankle=0.01981803,
        left_hip=0.03843971,
        left_knee=0.03412318,
        left_ankle=0.02415081,
        head_top=0.01291456,
        neck=0.01236173,
    ),
)

_CROWDPOSE_WEIGHTS = (0.2, 0.2, 0.2, 1.3, 1.5, 0.2, 1.3, 1.5, 0.2, 0.2, 0.5, 0.2, 0.2, 0.5)
CROWDPOSE14 = _skeleton(
    'crowdpose',
    (*SHARED12, 'top_head', 'neck'),
    (
        *(*_LEGS, *_HIPS, *_TRUNK, *_SHOULDERS, *_ARMS),
        ('top_head', 'neck'),
        ('left_shoulder', 'neck'),
    ),
    # mmpose crowdpose.py; the two sides do differ there
    joint_weights=dict(zip((*SHARED12, 'top_head', 'neck'), _CROWDPOSE_WEIGHTS)),
    aliases=dict(top_head='head_top', neck='upper_neck'),
)

POSETRACK18 = _skeleton(
    'posetrack18',
    ('nose', 'head_bottom', 'head_top', *_both('ear'), *SHARED12),
    (
        *(*_LEGS, *_HIPS, *_TRUNK, *_SHOULDERS, *_ARMS),
        ('nose', 'head_bottom'),
        ('nose', 'head_top'),
        ('head_bottom', 'left_shoulder'),
    ),
    # mmpose posetrack18.py puts COCO's eye scale on the two head points
    {**_SIGMAS, 'upper_neck': 0.025, 'head_top': 0.025},
    aliases=dict(head_bottom='upper_neck'),
)

UNION21 = union([COCO17, MPII16], name='union21', sigmas='coco21')

_LIBRARY = dict(
    coco17=COCO17,
    mpii16=MPII16,
    halpe26=HALPE26,
    halpe136=HALPE136,
    aic14=AIC14,
    crowdpose14=CROWDPOSE14,
    posetrack18=POSETRACK18,
    union21=UNION21,
    coco12_shared=COCO17.subset(SHARED12, 'coco12_shared'),
    **MESH_LIBRARY,
    **VIDEO_LIBRARY,
)


def get_skeleton(skeleton: str | Skeleton | Mapping[str, Any]) -> Skeleton:
    """The skeleton a config means.

    Args:
        skeleton: A library name (``'coco17'``, ``'union21'`` …), a skeleton, or an MMPose metainfo.

    Raises:
        ValueError: If the library has no such name, or the metainfo is not valid.
    """
    if isinstance(skeleton, Skeleton):
        return skeleton
    if isinstance(skeleton, Mapping):
        return Skeleton.from_metainfo(skeleton)
    if skeleton not in _LIBRARY:
        raise ValueError(f'got skeleton {skeleton!r}, expected one of {sorted(_LIBRARY)}')
    return _LIBRARY[skeleton]
