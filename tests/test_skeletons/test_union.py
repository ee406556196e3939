import numpy as np
import pytest

from mmpose_ext.skeletons import (
    AIC14,
    COCO17,
    CROWDPOSE14,
    HALPE26,
    MPII16,
    POSETRACK18,
    UNION21,
    KeypointMap,
    union,
)

# name, type, flip, weight: the table of the 21 keypoints, COCO's first, then MPII's own four
TABLE = """
nose upper 0 1.0
left_eye upper 2 1.0
right_eye upper 1 1.0
left_ear upper 4 1.0
right_ear upper 3 1.0
left_shoulder upper 6 1.0
right_shoulder upper 5 1.0
left_elbow upper 8 1.2
right_elbow upper 7 1.2
left_wrist upper 10 1.5
right_wrist upper 9 1.5
left_hip lower 12 1.0
right_hip lower 11 1.0
left_knee lower 14 1.2
right_knee lower 13 1.2
left_ankle lower 16 1.5
right_ankle lower 15 1.5
pelvis lower 17 1.0
thorax upper 18 1.0
upper_neck upper 19 1.0
head_top upper 20 1.0
"""
LINKS = """
left_ankle-left_knee left_knee-left_hip right_ankle-right_knee right_knee-right_hip
left_shoulder-left_hip right_shoulder-right_hip left_shoulder-left_elbow right_shoulder-right_elbow
left_elbow-left_wrist right_elbow-right_wrist left_eye-right_eye nose-left_eye nose-right_eye
left_eye-left_ear right_eye-right_ear left_ear-left_shoulder right_ear-right_shoulder
right_hip-pelvis pelvis-left_hip pelvis-thorax thorax-upper_neck upper_neck-head_top
upper_neck-right_shoulder upper_neck-left_shoulder
"""


def test_union_of_coco_and_mpii_is_the_21():
    rows = [line.split() for line in TABLE.strip().splitlines()]
    assert UNION21.keypoints == tuple(row[0] for row in rows)
    assert UNION21.flip_indices == [int(row[2]) for row in rows]
    assert UNION21.joint_weights == tuple(float(row[3]) for row in rows)
    assert UNION21.upper == {row[0] for row in rows if row[1] == 'upper'}
    assert UNION21.lower == {row[0] for row in rows if row[1] == 'lower'}
    assert UNION21.sigmas == (*COCO17.sigmas, 0.107, 0.079, 0.079, 0.079)
    links = {frozenset(link) for link in UNION21.links}
    assert links == {frozenset(link.split('-')) for link in LINKS.split()}
    assert len(UNION21.links) == 24


def test_without_a_sigma_set_scales_come_from_the_first_that_has_the_joint():
    plain = union([COCO17, MPII16])
    assert plain.sigmas == (*COCO17.sigmas, 0.026, 0.026, 0.026, 0.026)
    assert plain.keypoints == UNION21.keypoints


def test_order_of_the_sources_decides_the_order_of_the_joints():
    other = union([MPII16, COCO17])
    assert other.keypoints[:16] == MPII16.keypoints
    assert set(other.keypoints) == set(UNION21.keypoints)
    assert {frozenset(link) for link in other.links} == {frozenset(link) for link in UNION21.links}


def test_names_of_other_datasets_join_by_alias():
    assert union([COCO17, MPII16, POSETRACK18, CROWDPOSE14]).keypoints == UNION21.keypoints
    feet = union([COCO17, MPII16, HALPE26]).keypoints[21:]
    assert feet == HALPE26.keypoints[20:]


def test_the_neck_of_aic_stays_a_joint_of_its_own():
    assert union([COCO17, MPII16, HALPE26, AIC14]).keypoints[-1] == 'neck'
    joined = union([COCO17, MPII16, AIC14], aliases=dict(aic=dict(neck='thorax')))
    assert joined.keypoints == UNION21.keypoints


@pytest.mark.parametrize('source', [COCO17, MPII16, HALPE26, POSETRACK18, CROWDPOSE14])
def test_every_source_maps_into_its_union(source):
    whole = union([COCO17, MPII16, HALPE26, POSETRACK18, CROWDPOSE14])
    mapping = KeypointMap.between(source, whole)
    assert len(mapping.pairs()) == source.num_keypoints
    assert not mapping.derived.any()
    flipped = np.array(whole.flip_indices)
    assert (mapping.mapped == mapping.mapped[flipped]).all()


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match='got no skeletons'):
        union([])
    with pytest.raises(ValueError, match=r"aliases name skeletons \['lsp'\]"):
        union([COCO17], aliases=dict(lsp={}))
    with pytest.raises(ValueError, match="'aic' has no keypoint 'tail'"):
        union([COCO17, AIC14], aliases=dict(aic=dict(tail='thorax')))
