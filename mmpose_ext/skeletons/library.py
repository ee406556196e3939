"""The skeletons of known datasets, and the union of COCO and MPII."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .sigmas import SIGMA_SETS
from .skeleton import Skeleton, mirror_name
from .union import union

_FACE = ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear')
_COCO_SIGMAS = SIGMA_SETS['coco21']
# Limb joints weigh more the further out they are (mmpose _base_/datasets/coco.py).
_WEIGHTS = {
    f'{side}_{joint}': weight
    for side in ('left', 'right')
    for joint, weight in dict(elbow=1.2, wrist=1.5, knee=1.2, ankle=1.5).items()
}
_LOWER = frozenset({
    'pelvis', 'hip', *(f'{side}_{joint}' for side in ('left', 'right')
                       for joint in ('hip', 'knee', 'ankle', 'big_toe', 'small_toe', 'heel'))
})

#: The joints that COCO and MPII have in common, in the order of the union.
SHARED12 = tuple(f'{side}_{joint}' for joint in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
                 for side in ('left', 'right'))


def _sided(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Each pair, followed by its mirror image where that is another pair."""
    result = []
    for start, end in pairs:
        result.append((start, end))
        if (mirror_name(start), mirror_name(end)) not in ((start, end), (end, start)):
            result.append((mirror_name(start), mirror_name(end)))
    return tuple(result)


def _skeleton(name: str, keypoints: tuple[str, ...], links: tuple[tuple[str, str], ...],
              sigmas: Mapping[str, float], joint_weights: Mapping[str, float], **options: Any) -> Skeleton:
    """A skeleton whose swaps follow from the names and whose weights are 1 unless given."""
    return Skeleton(**dict(
        name=name,
        keypoints=keypoints,
        swaps=tuple((joint, mirror_name(joint)) for joint in keypoints if joint.startswith('left_')),
        links=_sided(links),
        upper=frozenset(keypoints) - _LOWER,
        lower=frozenset(keypoints) & _LOWER,
        joint_weights=tuple(joint_weights.get(joint, 1.0) for joint in keypoints),
        sigmas=tuple(sigmas[joint] for joint in keypoints)) | options)


_LEG_LINKS = (('left_ankle', 'left_knee'), ('left_knee', 'left_hip'))
_ARM_LINKS = (('left_shoulder', 'left_elbow'), ('left_elbow', 'left_wrist'))
_FACE_LINKS = (('left_eye', 'right_eye'), ('nose', 'left_eye'), ('left_eye', 'left_ear'),
               ('left_ear', 'left_shoulder'))
_BOX_LINKS = (('left_hip', 'right_hip'), ('left_shoulder', 'left_hip'), ('left_shoulder', 'right_shoulder'))

COCO17 = _skeleton(
    'coco', (*_FACE, *SHARED12), (*_LEG_LINKS, *_BOX_LINKS, *_ARM_LINKS, *_FACE_LINKS), _COCO_SIGMAS, _WEIGHTS)

MPII16 = _skeleton(
    'mpii',
    ('right_ankle', 'right_knee', 'right_hip', 'left_hip', 'left_knee', 'left_ankle', 'pelvis', 'thorax',
     'upper_neck', 'head_top', 'right_wrist', 'right_elbow', 'right_shoulder', 'left_shoulder', 'left_elbow',
     'left_wrist'),
    (*_LEG_LINKS, ('left_hip', 'pelvis'), ('pelvis', 'thorax'), ('thorax', 'upper_neck'),
     ('upper_neck', 'head_top'), ('upper_neck', 'left_shoulder'), *_ARM_LINKS),
    # mmpose mpii.py, where knees and shoulders differ from COCO's
    {**SIGMA_SETS['mpii'], 'left_knee': .083, 'right_knee': .083, 'left_shoulder': .179, 'right_shoulder': .179},
    _WEIGHTS)

_HALPE_ALIASES = (('head', 'head_top'), ('neck', 'upper_neck'), ('hip', 'pelvis'))
_FEET = tuple(f'{side}_{joint}' for joint in ('big_toe', 'small_toe', 'heel') for side in ('left', 'right'))
_HALPE_BODY = (*_FACE, *SHARED12, 'head', 'neck', 'hip', *_FEET)
_HALPE_LINKS = (*_LEG_LINKS, ('left_hip', 'hip'), ('head', 'neck'), ('neck', 'hip'), ('neck', 'left_shoulder'),
                *_ARM_LINKS, *_FACE_LINKS, *(('left_ankle', joint) for joint in _FEET if joint.startswith('left_')))


def _halpe_sigmas(set_name: str) -> dict[str, float]:
    values = SIGMA_SETS[set_name]
    return {joint: values[dict(_HALPE_ALIASES).get(joint, joint)] for joint in _HALPE_BODY}


HALPE26 = _skeleton(
    'halpe26', _HALPE_BODY, _HALPE_LINKS, _halpe_sigmas('halpe26'),
    _WEIGHTS | dict(hip=1.2) | dict.fromkeys(_FEET, 1.5), aliases=_HALPE_ALIASES)

# A face of 68 points mirrors within runs: the points of a run (first, last) reverse their order.
_FACE68_RUNS = ((0, 16), (17, 26), (31, 35), (48, 54), (55, 59), (60, 64), (65, 67))
_FACE68_PAIRS = tuple(
    [(first + i, last - i) for first, last in _FACE68_RUNS for i in range((last - first + 1) // 2)]
    + [(36 + i, 45 - i) for i in range(4)] + [(40, 47), (41, 46)])
_FACE68 = tuple(f'face-{i}' for i in range(68))
_HAND = ('hand_root', *(f'{finger}{i}' for finger in ('thumb', 'forefinger', 'middle_finger', 'ring_finger',
                                                      'pinky_finger') for i in range(1, 5)))
_HANDS = tuple(f'{side}_{joint}' for side in ('left', 'right') for joint in _HAND)
_HALPE136_KEYPOINTS = (*_HALPE_BODY, *_FACE68, *_HANDS)
_FINGER_LINKS = tuple(
    ('left_wrist' if joint.endswith('1') else f'left_{joint[:-1]}{int(joint[-1]) - 1}', f'left_{joint}')
    for joint in _HAND[1:])

HALPE136 = _skeleton(
    'halpe', _HALPE136_KEYPOINTS, (*_HALPE_LINKS, *_FINGER_LINKS),
    _halpe_sigmas('halpe136') | dict.fromkeys((*_FACE68, *_HANDS), .015), {},
    swaps=(*((joint, mirror_name(joint)) for joint in _HALPE136_KEYPOINTS if joint.startswith('left_')),
           *((f'face-{i}', f'face-{j}') for i, j in _FACE68_PAIRS)),
    upper=frozenset(_HALPE_BODY) - _LOWER, aliases=_HALPE_ALIASES)

# The neck of AIC lies at the collar, below MPII's upper_neck and Halpe's neck. It keeps a name of its own, so that
# it joins neither unless a map's aliases say so.
AIC14 = _skeleton(
    'aic',
    ('right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder', 'left_elbow', 'left_wrist', 'right_hip',
     'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle', 'head_top', 'neck'),
    (*_ARM_LINKS, ('left_shoulder', 'neck'), *_LEG_LINKS, ('left_hip', 'right_hip'), ('head_top', 'neck'),
     ('left_shoulder', 'left_hip')),
    dict(right_shoulder=.01388152, right_elbow=.01515228, right_wrist=.01057665, left_shoulder=.01417709,
         left_elbow=.01497891, left_wrist=.01402144, right_hip=.03909642, right_knee=.03686941,
         right_ankle=.01981803, left_hip=.03843971, left_knee=.03412318, left_ankle=.02415081,
         head_top=.01291456, neck=.01236173),
    _WEIGHTS)

CROWDPOSE14 = _skeleton(
    'crowdpose', (*SHARED12, 'top_head', 'neck'),
    (*_LEG_LINKS, *_BOX_LINKS, *_ARM_LINKS, ('top_head', 'neck'), ('left_shoulder', 'neck')),
    {**_COCO_SIGMAS, 'top_head': .079, 'neck': .079},
    # mmpose crowdpose.py as published; they are not symmetric
    dict(left_shoulder=.2, right_shoulder=.2, left_elbow=.2, right_elbow=1.3, left_wrist=1.5, right_wrist=.2,
         left_hip=1.3, right_hip=1.5, left_knee=.2, right_knee=.2, left_ankle=.5, right_ankle=.2, top_head=.2,
         neck=.5),
    aliases=(('top_head', 'head_top'), ('neck', 'upper_neck')))

POSETRACK18 = _skeleton(
    'posetrack18', ('nose', 'head_bottom', 'head_top', 'left_ear', 'right_ear', *SHARED12),
    (*_LEG_LINKS, *_BOX_LINKS, *_ARM_LINKS, ('nose', 'head_bottom'), ('nose', 'head_top'),
     ('head_bottom', 'left_shoulder')),
    {**_COCO_SIGMAS, 'head_bottom': .025, 'head_top': .025, 'nose': .026},
    _WEIGHTS, aliases=(('head_bottom', 'upper_neck'),))

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
    coco12_shared=COCO17.subset(SHARED12, 'coco12_shared'))


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
