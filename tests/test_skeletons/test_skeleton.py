import copy
import pickle

import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from mmpose_ext.skeletons import COCO17, UNION21, Skeleton


def arm(**changes):
    fields = dict(
        name='arm',
        keypoints=('neck', 'left_wrist', 'right_wrist'),
        swaps=(('left_wrist', 'right_wrist'),),
        links=(('neck', 'left_wrist'),),
        upper=frozenset({'neck', 'left_wrist', 'right_wrist'}),
        lower=frozenset(),
        joint_weights=(1.0, 1.0, 1.0),
        sigmas=(0.1, 0.1, 0.1),
    )
    return Skeleton(**(fields | changes))


def test_flip_indices_are_the_swaps():
    assert arm().flip_indices == [0, 2, 1]
    assert arm().indices(['right_wrist', 'neck']) == [2, 0]
    assert arm().num_keypoints == 3


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(keypoints=()), 'no keypoints'),
        (dict(keypoints=('neck', 'neck', 'left_wrist')), r"\['neck'\] are repeated"),
        (dict(swaps=()), "'left_wrist' and 'right_wrist' are missing from the swaps"),
        (dict(swaps=(('left_wrist', 'left_elbow'),)), r"swaps name \['left_elbow'\]"),
        (dict(swaps=(('right_wrist', 'left_wrist'),)), r'not in the order \(left, right\)'),
        (dict(swaps=(('left_wrist', 'neck'),)), 'does not pair a left name with its right'),
        (dict(swaps=(('left_wrist', 'right_wrist'),) * 2), 'swaps repeat'),
        (dict(links=(('neck', 'tail'),)), r"links name \['tail'\]"),
        (dict(lower=frozenset({'neck'})), r"upper and lower repeat \['neck'\]"),
        (dict(sigmas=(0.1, 0.1)), 'got 2 sigmas for 3 keypoints'),
        (dict(sigmas=(0.1, 0.0, 0.1)), "sigmas of 'left_wrist' is 0.0"),
        (dict(joint_weights=(1, 1, 1, 1)), 'got 4 joint_weights for 3 keypoints'),
        (dict(joint_weights=(1, 1, float('nan'))), "joint_weights of 'right_wrist' is nan"),
        (dict(aliases=(('elbow', 'x'),)), r"aliases name \['elbow'\]"),
        (dict(aliases=(('neck', 'left_wrist'),)), r"aliases give \['left_wrist'\] to several"),
    ],
)
def test_damaged_skeletons_are_refused_by_name(changes, message):
    with pytest.raises(ValueError, match=f"skeleton 'arm'.*{message}"):
        arm(**changes)


def test_unknown_keypoint_is_named():
    with pytest.raises(ValueError, match="'arm' has no keypoint 'elbow', expected one of"):
        arm().index('elbow')


def test_subset_keeps_what_both_ends_allow():
    part = COCO17.subset(['right_wrist', 'left_wrist', 'left_elbow', 'nose'], 'part')
    assert part.name == 'part'
    assert part.flip_indices == [1, 0, 2, 3]
    assert part.links == (('left_elbow', 'left_wrist'),)
    assert part.sigmas == (0.062, 0.062, 0.072, 0.026)
    assert part.joint_weights == (1.5, 1.5, 1.2, 1.0)


def test_immutable_hashable_and_picklable():
    with pytest.raises(AttributeError):
        COCO17.name = 'other'
    clone = pickle.loads(pickle.dumps(UNION21))
    assert clone == UNION21
    assert hash(clone) == hash(UNION21)
    assert clone.flip_indices == UNION21.flip_indices
    UNION21.flip_indices.reverse()
    assert UNION21.flip_indices == clone.flip_indices


@pytest.mark.parametrize('parsed', [False, True])
def test_metainfo_round_trip(parsed):
    metainfo = UNION21.metainfo()
    read = Skeleton.from_metainfo(parse_pose_metainfo(metainfo) if parsed else metainfo)
    assert read.keypoints == UNION21.keypoints
    assert set(read.swaps) == set(UNION21.swaps)
    assert read.links == UNION21.links
    assert (read.upper, read.lower) == (UNION21.upper, UNION21.lower)
    np.testing.assert_allclose(read.sigmas, UNION21.sigmas, rtol=1e-6)
    np.testing.assert_allclose(read.joint_weights, UNION21.joint_weights, rtol=1e-6)


def test_metainfo_with_a_named_sigma_set():
    parsed = parse_pose_metainfo(UNION21.metainfo(sigmas='halpe26'))
    np.testing.assert_allclose(parsed['sigmas'][17:], [0.066, 0.079, 0.026, 0.026], rtol=1e-6)


def damaged(change):
    metainfo = copy.deepcopy(UNION21.metainfo())
    change(metainfo)
    return metainfo


@pytest.mark.parametrize(
    'change, message',
    [
        (lambda m: m['sigmas'].append(0.1), 'got 22 sigmas for 21 keypoints'),
        (lambda m: m['joint_weights'].append(1.0), 'got 22 joint_weights for 21 keypoints'),
        (lambda m: m['keypoint_info'].update({30: m['keypoint_info'].pop(20)}), 'keypoint ids'),
        (lambda m: m['keypoint_info'][3].update(id=4), "'left_ear' has id 4, expected 3"),
        (lambda m: m['keypoint_info'][3].update(swap=''), "'right_ear' swaps with 'left_ear'"),
        (lambda m: m['keypoint_info'][3].update(swap='fin'), "'left_ear' swaps with 'fin'"),
        (lambda m: m['skeleton_info'].update({30: dict(link=('nose', 'tail'))}), 'tail'),
        (lambda m: m.pop('sigmas'), 'got a metainfo with the keys'),
    ],
)
def test_damaged_metainfo_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Skeleton.from_metainfo(damaged(change))


def test_parsed_metainfo_with_flips_of_another_skeleton_is_refused():
    metainfo = parse_pose_metainfo(UNION21.metainfo())
    metainfo['flip_indices'] = metainfo['flip_indices'][:16]
    with pytest.raises(ValueError, match='got 16 flip_indices for 21 keypoints'):
        Skeleton.from_metainfo(metainfo)
