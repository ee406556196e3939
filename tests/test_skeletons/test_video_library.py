import numpy as np
import pytest

from mmpose_ext.skeletons import (
    COCO17,
    HALPE26,
    LSP14,
    MPI_INF_3DHP17,
    MPI_INF_3DHP28,
    MPII16,
    OPENPOSE18,
    OPENPOSE25,
    PENN13,
    PENN14,
    SPIN24,
    SPIN49,
    KeypointMap,
    get_skeleton,
    spin49_map,
)

SKELETONS = [OPENPOSE25, SPIN24, SPIN49, MPI_INF_3DHP28, MPI_INF_3DHP17, PENN13, PENN14]
SOURCES = [*SKELETONS, COCO17, MPII16, HALPE26, OPENPOSE18, LSP14]

# The orders as published, in the abbreviations of their files.
BODY25 = (
    'Nose Neck RSho RElb RWri LSho LElb LWri MidHip RHip RKne RAnk LHip LKne LAnk REye LEye REar '
    'LEar LBigToe LSmallToe LHeel RBigToe RSmallToe RHeel'
)
ANNOTATED = (
    'RAnk RKne RHip LHip LKne LAnk RWri RElb RSho LSho LElb LWri Neck HeadTop Pelvis Thorax Spine '
    'Jaw Head Nose LEye REye LEar REar'
)
RAW_PENN = 'Head LSho RSho LElb RElb LWri RWri LHip RHip LKne RKne LAnk RAnk'
MPI28 = (
    'Spine3 Spine4 Spine2 Spine Pelvis Neck Head HeadTop LClavicle LSho LElb LWri LHand RClavicle '
    'RSho RElb RWri RHand LHip LKne LAnk LFoot LToe RHip RKne RAnk RFoot RToe'
)
MPI17 = 'HeadTop Neck RSho RElb RWri LSho LElb LWri RHip RKne RAnk LHip LKne LAnk Pelvis Spine Head'
ABBREVIATED = dict(Sho='shoulder', Elb='elbow', Wri='wrist', Kne='knee', Ank='ankle')
ABBREVIATED |= dict(BigToe='big_toe', SmallToe='small_toe', HeadTop='head_top', MidHip='mid_hip')


def ours(name: str) -> str:
    side = dict(L='left_', R='right_').get(name[0]) if name[1].isupper() else None
    part = name[1:] if side else name
    return f'{side or ""}{ABBREVIATED.get(part, part.lower())}'


@pytest.mark.parametrize(
    ('skeleton', 'names'),
    [
        (OPENPOSE25, BODY25),
        (SPIN24, ANNOTATED),
        (PENN13, RAW_PENN),
        (MPI_INF_3DHP28, MPI28),
        (MPI_INF_3DHP17, MPI17),
    ],
)
def test_order_is_the_published_one(skeleton, names):
    assert skeleton.keypoints == tuple(ours(name) for name in names.split())


def test_spins_joints_are_both_halves_and_hold_the_14_evaluated_ones():
    assert len(SPIN49.keypoints) == 49
    assert SPIN49.keypoints[:25] == tuple(f'op_{name}' for name in OPENPOSE25.keypoints)
    assert SPIN49.keypoints[25:] == SPIN24.keypoints
    assert SPIN49.indices(LSP14.keypoints) == list(range(25, 39))


@pytest.mark.parametrize('skeleton', SKELETONS, ids=lambda skeleton: skeleton.name)
def test_flipping_exchanges_sides_within_a_half(skeleton):
    assert get_skeleton(skeleton.name) is skeleton
    flips = skeleton.flip_indices
    for i, name in enumerate(skeleton.keypoints):
        other = skeleton.keypoints[flips[i]]
        swapped = name.replace('left_', '*').replace('right_', 'left_').replace('*', 'right_')
        assert other == swapped


def random_keypoints(skeleton, dims=2):
    rng = np.random.default_rng(0)
    return rng.normal(size=(5, skeleton.num_keypoints, dims)), rng.random(
        (5, skeleton.num_keypoints)
    )


def test_14_joints_go_to_49_and_back_unchanged():
    keypoints, scores = random_keypoints(LSP14, dims=3)
    there = spin49_map(LSP14)
    mapped, mapped_scores = there.apply(keypoints, scores)
    np.testing.assert_array_equal(mapped[:, 25:39], keypoints)
    assert not np.delete(mapped_scores, range(25, 39), axis=1).any()
    back, back_scores = there.inverse().apply(mapped, mapped_scores)
    np.testing.assert_array_equal(back, keypoints)
    np.testing.assert_array_equal(back_scores, scores)
    by_name, _ = KeypointMap.between(SPIN49, LSP14).apply(mapped, mapped_scores)
    np.testing.assert_array_equal(by_name, keypoints)


def test_49_joints_map_to_themselves():
    keypoints, scores = random_keypoints(SPIN49)
    mapped, mapped_scores = spin49_map(SPIN49).apply(keypoints, scores)
    np.testing.assert_array_equal(mapped, keypoints)
    np.testing.assert_array_equal(mapped_scores, scores)


@pytest.mark.parametrize('source', SOURCES, ids=lambda skeleton: skeleton.name)
def test_every_joint_is_used_at_most_once_and_keeps_its_name(source):
    pairs = spin49_map(source).pairs()
    assert len({j for j, _ in pairs}) == len(pairs)
    necks = {'neck', 'upper_neck'}
    for j, i in pairs:
        own = source.canonical(source.keypoints[j])
        goal = SPIN49.keypoints[i]
        plain = OPENPOSE25.canonical(goal.removeprefix('op_'))
        assert own in (goal, plain) or {own, plain} <= necks


@pytest.mark.parametrize('source', [OPENPOSE18, OPENPOSE25])
def test_detections_go_to_the_detected_half_only(source):
    mapped = spin49_map(source).mapped
    assert mapped[:25].sum() == source.num_keypoints
    assert not mapped[25:].any()


@pytest.mark.parametrize(
    ('source', 'missing'),
    [
        (COCO17, {'neck', 'head_top', 'pelvis', 'thorax', 'spine', 'jaw', 'head'}),
        (
            MPII16,
            {'spine', 'jaw', 'head', 'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear'},
        ),
        (MPI_INF_3DHP17, {'thorax', 'jaw', *SPIN24.keypoints[19:]}),
        (MPI_INF_3DHP28, {'thorax', 'jaw', *SPIN24.keypoints[19:]}),
        (PENN13, {'neck', 'head_top', 'pelvis', 'thorax', 'spine', 'jaw', *SPIN24.keypoints[19:]}),
    ],
)
def test_annotations_go_to_the_annotated_half(source, missing):
    mapped = spin49_map(source).mapped
    assert not mapped[:25].any()
    assert {name for name, known in zip(SPIN24.keypoints, mapped[25:]) if not known} == missing


def test_halpes_feet_are_not_lost():
    mapped = spin49_map(HALPE26).mapped
    feet = [i for i, name in enumerate(SPIN49.keypoints) if 'toe' in name or 'heel' in name]
    assert len(feet) == 6
    assert mapped[feet].all()
    assert mapped[:25].sum() == 6


def test_spines_and_feet_of_3dhp_are_not_taken_for_smpls():
    superset = KeypointMap.between(MPI_INF_3DHP28, get_skeleton('superset30')).mapped
    names = [n for n, known in zip(get_skeleton('superset30').keypoints, superset) if known]
    assert not {'spine1', 'spine2', 'spine3', 'left_foot', 'right_foot'} & set(names)


def test_vibes_14_joints_of_pennaction_are_not_read_as_13():
    """VIBE writes PennAction in the order of LSP and reads it in PennAction's own."""
    keypoints, scores = random_keypoints(PENN14)
    with pytest.raises(ValueError, match="map from 'penn13' to 'spin49': got keypoints of shape"):
        spin49_map(PENN13).apply(keypoints, scores)
    mapped, _ = spin49_map(PENN14).apply(keypoints, scores)
    assert PENN14.keypoints == LSP14.keypoints
    np.testing.assert_array_equal(mapped[:, 25:39], keypoints)


def test_raw_pennaction_arrives_joint_by_joint():
    keypoints, scores = random_keypoints(PENN13)
    mapped, _ = spin49_map(PENN13).apply(keypoints, scores)
    for column, name in enumerate(RAW_PENN.split()):
        np.testing.assert_array_equal(mapped[:, SPIN49.index(ours(name))], keypoints[:, column])
