import pickle

import numpy as np
import pytest
import torch

from mmpose_ext.skeletons import (
    AIC14,
    COCO17,
    CROWDPOSE14,
    HALPE26,
    HALPE136,
    MPII16,
    POSETRACK18,
    UNION21,
    KeypointMap,
    Skeleton,
)

# MPII index -> union index, from the datasets' own definitions
MPII_TO_UNION = dict(enumerate((16, 14, 12, 11, 13, 15, 17, 18, 19, 20, 10, 8, 6, 5, 7, 9)))


def people(skeleton, count=5, seed=0):
    random = np.random.default_rng(seed)
    keypoints = random.uniform(0, 100, (count, skeleton.num_keypoints, 2)).astype(np.float32)
    visible = random.integers(0, 3, (count, skeleton.num_keypoints)).astype(np.float32)
    return keypoints, visible


def test_mpii_to_union():
    mapping = KeypointMap.between(MPII16, UNION21)
    assert {(i, j) for i, j in mapping.pairs()} == set(MPII_TO_UNION.items())
    assert mapping.mapped.tolist() == [False] * 5 + [True] * 16
    assert not mapping.derived.any()
    assert mapping.source_indices[:6] == (-1, -1, -1, -1, -1, 13)


def test_coco_to_union_with_and_without_midpoints():
    plain = KeypointMap.between(COCO17, UNION21)
    assert plain.source_indices == (*range(17), -1, -1, -1, -1)
    derived = KeypointMap.between(COCO17, UNION21, derive=True)
    assert derived.source_indices == plain.source_indices
    assert np.flatnonzero(derived.derived).tolist() == [17, 18]
    assert derived.mapped.tolist() == [True] * 19 + [False] * 2
    keypoints, visible = people(COCO17)
    mapped, mapped_visible = derived.apply(keypoints, visible)
    np.testing.assert_allclose(mapped[:, 17], (keypoints[:, 11] + keypoints[:, 12]) / 2)
    np.testing.assert_allclose(mapped[:, 18], (keypoints[:, 5] + keypoints[:, 6]) / 2)
    np.testing.assert_array_equal(mapped_visible[:, 17], visible[:, 11:13].min(axis=1))
    assert (mapped[:, 19:] == 0).all()
    assert (mapped_visible[:, 19:] == 0).all()


@pytest.mark.parametrize('source', [HALPE26, HALPE136])
def test_halpe_to_union(source):
    mapping = KeypointMap.between(source, UNION21, derive=True)
    assert mapping.source_indices == (*range(17), 19, -1, 18, 17)
    assert np.flatnonzero(mapping.derived).tolist() == [18]


def test_other_datasets_to_union():
    ends = {name: UNION21.index(name) for name in ('upper_neck', 'head_top', 'thorax')}
    crowdpose = dict(map(reversed, KeypointMap.between(CROWDPOSE14, UNION21).pairs()))
    assert (crowdpose[ends['head_top']], crowdpose[ends['upper_neck']]) == (12, 13)
    posetrack = dict(map(reversed, KeypointMap.between(POSETRACK18, UNION21).pairs()))
    assert (posetrack[ends['upper_neck']], posetrack[ends['head_top']]) == (1, 2)
    aic = KeypointMap.between(AIC14, UNION21)
    assert aic.mapped[ends['head_top']]
    assert not aic.mapped[ends['upper_neck']]
    chosen = KeypointMap.between(AIC14, UNION21, aliases=dict(neck='thorax'))
    assert chosen.source_indices[ends['thorax']] == 13
    # Halpe also has a joint called neck, but means another place.
    assert not KeypointMap.between(AIC14, HALPE26).mapped[HALPE26.index('neck')]


def test_is_the_affine_matrix_it_says():
    mapping = KeypointMap.between(HALPE26, UNION21, derive=True)
    assert mapping.matrix.dtype == np.float32
    np.testing.assert_allclose(mapping.matrix.sum(axis=1), mapping.mapped.astype(float))
    keypoints, visible = people(HALPE26)
    mapped, _ = mapping.apply(keypoints, visible)
    np.testing.assert_allclose(mapped, mapping.matrix @ keypoints, rtol=1e-6)
    with pytest.raises(ValueError, match='read-only'):
        mapping.matrix[0, 0] = 2


@pytest.mark.parametrize('source', [COCO17, MPII16, HALPE26, POSETRACK18, CROWDPOSE14])
def test_commutes_with_flipping(source):
    mapping = KeypointMap.between(source, UNION21, derive=True)
    keypoints, visible = people(source)
    first, first_visible = mapping.apply(
        keypoints[:, source.flip_indices], visible[:, source.flip_indices]
    )
    then, then_visible = mapping.apply(keypoints, visible)
    np.testing.assert_allclose(first, then[:, UNION21.flip_indices])
    np.testing.assert_array_equal(first_visible, then_visible[:, UNION21.flip_indices])


@pytest.mark.parametrize('source', [COCO17, MPII16, HALPE26])
def test_there_and_back_is_the_identity_on_one_to_one_joints(source):
    mapping = KeypointMap.between(source, UNION21, derive=True)
    inverse = mapping.inverse()
    assert (inverse.source, inverse.target) == (UNION21, source)
    keypoints, visible = people(source)
    back, back_visible = inverse.apply(*mapping.apply(keypoints, visible))
    kept = [i for i, _ in mapping.pairs()]
    np.testing.assert_array_equal(back[:, kept], keypoints[:, kept])
    np.testing.assert_array_equal(back_visible[:, kept], visible[:, kept])
    assert inverse.mapped.sum() == len(kept)


def test_torch_and_numpy_agree():
    mapping = KeypointMap.between(COCO17, UNION21, derive=True)
    keypoints, visible = people(COCO17)
    expected = mapping.apply(keypoints, visible)
    tensor = torch.from_numpy(keypoints).requires_grad_()
    result = mapping.apply(tensor, torch.from_numpy(visible))
    np.testing.assert_array_equal(result[0].detach().numpy(), expected[0])
    np.testing.assert_array_equal(result[1].numpy(), expected[1])
    result[0].sum().backward()
    np.testing.assert_allclose(tensor.grad[0, :, 0], mapping.matrix.sum(axis=0))


@pytest.mark.parametrize('dtype', [np.float32, np.float64, np.int64, bool])
def test_leading_axes_and_types(dtype):
    mapping = KeypointMap.between(COCO17, UNION21, derive=True)
    visible = np.ones((2, 3, 17), dtype)
    keypoints = np.arange(2 * 3 * 17 * 3).reshape(2, 3, 17, 3)
    mapped, mapped_visible = mapping.apply(keypoints, visible)
    assert mapped.shape == (2, 3, 21, 3)
    assert mapped_visible.shape == (2, 3, 21)
    np.testing.assert_allclose(mapped[..., 17, :], keypoints[..., 11:13, :].mean(axis=-2))
    assert mapped_visible.sum() == 2 * 3 * 19
    assert mapping.apply_scores(np.full(17, 0.5))[18] == 0.5


@pytest.mark.parametrize('rule, expected', [('min', 1), ('all', 2), ('any', 2)])
def test_visibility_rules(rule, expected):
    mapping = KeypointMap.between(COCO17, UNION21, derive=True, visibility=rule)
    keypoints, visible = people(COCO17, 1)
    visible[0, 5:7] = (1, 2)
    assert mapping.apply(keypoints, visible)[1][0, 18] == expected
    visible[0, 5:7] = (0, 2)
    mapped, mapped_visible = mapping.apply(keypoints, visible)
    assert mapped_visible[0, 18] == (2 if rule == 'any' else 0)
    if rule == 'any':
        np.testing.assert_array_equal(mapped[0, 18], keypoints[0, 6])


def test_nan_of_an_unused_joint_stays_out():
    mapping = KeypointMap.between(HALPE26, UNION21, derive=True)
    keypoints, visible = people(HALPE26)
    keypoints[:, 20:] = np.nan
    assert np.isfinite(mapping.apply(keypoints, visible)[0]).all()


def test_subset():
    mapping = KeypointMap.between(MPII16, UNION21).subset(['thorax', 'left_wrist'])
    assert [UNION21.keypoints[j] for _, j in mapping.pairs()] == ['left_wrist', 'thorax']
    with pytest.raises(ValueError, match="no keypoint 'tail'"):
        mapping.subset(['tail'])


def test_hash_equality_and_pickle():
    mapping = KeypointMap.between(HALPE136, UNION21, derive=True)
    again = KeypointMap.between(HALPE136, UNION21, derive=True)
    assert mapping.matrix is mapping.matrix
    assert mapping == again
    assert len({mapping, again, KeypointMap.between(HALPE136, UNION21)}) == 2
    clone = pickle.loads(pickle.dumps(mapping))
    assert clone == mapping
    np.testing.assert_array_equal(clone.matrix, mapping.matrix)


@pytest.mark.parametrize(
    'joints',
    [
        dict(left_knee='right_knee', right_knee='left_knee'),
        dict(left_knee='right_knee'),
        dict(left_knee='left_knee', right_knee='right_hip'),
        dict(thorax='left_shoulder'),
        dict(thorax=('left_shoulder', 'right_hip')),
    ],
)
def test_left_and_right_cannot_be_exchanged(joints):
    with pytest.raises(ValueError, match="'coco' to 'union21' exchanges left and right"):
        KeypointMap.from_names(COCO17, UNION21, joints)


def test_unknown_names_and_shapes_are_refused():
    with pytest.raises(ValueError, match="'coco' has no keypoint 'pelvis'"):
        KeypointMap.from_names(COCO17, UNION21, dict(pelvis='pelvis'))
    with pytest.raises(ValueError, match="'union21' has no keypoint 'tail'"):
        KeypointMap.between(COCO17, UNION21, aliases=dict(nose='tail'))
    with pytest.raises(ValueError, match='visibility rule'):
        KeypointMap.between(COCO17, UNION21, visibility='most')
    with pytest.raises(ValueError, match='expected a sum of 1'):
        KeypointMap(COCO17, COCO17, (((0, 0.5),), *[()] * 16))
    with pytest.raises(ValueError, match='got 1 rows for 21 keypoints'):
        KeypointMap(COCO17, UNION21, ((),))
    with pytest.raises(ValueError, match='reads index 17 of 17 keypoints'):
        KeypointMap(COCO17, COCO17, (((17, 1.0),), *[()] * 16))
    mapping = KeypointMap.between(COCO17, UNION21)
    with pytest.raises(ValueError, match=r'keypoints of shape \(1, 16, 2\), expected 17'):
        mapping.apply(np.zeros((1, 16, 2)), np.zeros((1, 16)))
    with pytest.raises(ValueError, match=r'scores of shape \(21,\), expected 17'):
        mapping.apply_scores(np.zeros(21))


def test_a_copy_made_twice_has_no_inverse():
    pair = Skeleton('pair', ('a', 'b'), (), (), frozenset(), frozenset(), (1, 1), (1, 1))
    mapping = KeypointMap.from_names(pair, pair, dict(a='a', b='a'))
    with pytest.raises(ValueError, match="copies 'a' twice"):
        mapping.inverse()
