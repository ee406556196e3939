import numpy as np
import pytest
import torch

from mmpose_ext.body_models import JOINTS, KEYPOINT_SETS
from mmpose_ext.skeletons import (
    COCO17,
    CROWDPOSE14,
    GRAPH15,
    H36M17,
    HALPE26,
    LSP14,
    MPII16,
    MUCO21,
    MUPOTS17,
    OPENPOSE18,
    SUPERSET30,
    KeypointMap,
    get_skeleton,
    superset_map,
)

MESH_SKELETONS = [SUPERSET30, GRAPH15, H36M17, LSP14, MUPOTS17, MUCO21, OPENPOSE18]
SOURCES = [COCO17, MPII16, CROWDPOSE14, HALPE26, OPENPOSE18, H36M17, LSP14, MUPOTS17, MUCO21]

# 3DCrowdNet's own names, in its order, and ours.
CROWDNET30 = (
    'Pelvis L_Hip R_Hip Torso L_Knee R_Knee Spine L_Ankle R_Ankle Chest L_Toe R_Toe Neck L_Thorax '
    'R_Thorax Head L_Shoulder R_Shoulder L_Elbow R_Elbow L_Wrist R_Wrist L_Hand R_Hand Nose L_Eye '
    'R_Eye L_Ear R_Ear Head_top'
)
CROWDNET15 = (
    'Pelvis L_Hip R_Hip L_Knee R_Knee L_Ankle R_Ankle Neck Head_top L_Shoulder R_Shoulder L_Elbow '
    'R_Elbow L_Wrist R_Wrist'
)
CROWDNET_H36M = (
    'Pelvis R_Hip R_Knee R_Ankle L_Hip L_Knee L_Ankle Torso Neck Nose Head_top L_Shoulder L_Elbow '
    'L_Wrist R_Shoulder R_Elbow R_Wrist'
)
OTHER_NAMES = {'torso': 'spine1', 'spine': 'spine2', 'chest': 'spine3'}
OTHER_PARTS = {'toe': 'foot', 'thorax': 'collar'}


def ours(name: str) -> str:
    side, _, part = name.lower().rpartition('_')
    if side in ('l', 'r'):
        return f'{dict(l="left", r="right")[side]}_{OTHER_PARTS.get(part, part)}'
    return OTHER_NAMES.get(name.lower(), name.lower())


@pytest.mark.parametrize(
    ('skeleton', 'names'),
    [(SUPERSET30, CROWDNET30), (GRAPH15, CROWDNET15), (H36M17, CROWDNET_H36M)],
)
def test_order_is_that_of_3dcrowdnet(skeleton, names):
    assert skeleton.keypoints == tuple(ours(name) for name in names.split())


def test_superset_starts_with_smpls_joints():
    assert SUPERSET30.keypoints[:24] == JOINTS


@pytest.mark.parametrize('skeleton', MESH_SKELETONS, ids=lambda skeleton: skeleton.name)
def test_swaps_are_all_pairs_of_sides_and_flipping_twice_changes_nothing(skeleton):
    assert get_skeleton(skeleton.name) is skeleton
    left = {name[5:] for name in skeleton.keypoints if name.startswith('left_')}
    right = {name[6:] for name in skeleton.keypoints if name.startswith('right_')}
    assert left == right == {first[5:] for first, _ in skeleton.swaps}
    flips = skeleton.flip_indices
    assert [flips[i] for i in flips] == list(range(skeleton.num_keypoints))


def test_swaps_of_the_superset_are_3dcrowdnets():
    lefts = (1, 4, 7, 10, 13, 16, 18, 20, 22, 25, 27)
    expected = {(left, left + 1) for left in lefts}
    flips = SUPERSET30.flip_indices
    assert {(i, j) for i, j in enumerate(flips) if i < j} == expected


def test_graph_has_14_bones_and_with_mirrored_pairs_the_known_degrees():
    adjacency = np.eye(15, dtype=int)
    assert len(GRAPH15.links) == 14
    assert len(GRAPH15.swaps) == 6
    for start, end in (*GRAPH15.links, *GRAPH15.swaps):
        i, j = GRAPH15.indices([start, end])
        adjacency[i, j] += 1
        adjacency[j, i] += 1
    assert adjacency.max() == 1
    assert adjacency.sum(1).tolist() == [4, 4, 4, 4, 4, 3, 3, 5, 2, 4, 4, 4, 4, 3, 3]


def test_bones_of_the_graph_are_a_tree_that_mirrors_into_itself():
    links = {frozenset(GRAPH15.indices(link)) for link in GRAPH15.links}
    flips = GRAPH15.flip_indices
    assert {frozenset(flips[i] for i in link) for link in links} == links
    reached = {GRAPH15.index('pelvis')}
    for _ in range(15):
        reached |= {i for link in links if link & reached for i in link}
    assert len(reached) == 15


def test_joints_of_the_graph_are_all_in_the_superset():
    keypoint_map = KeypointMap.between(SUPERSET30, GRAPH15)
    assert all(len(row) == 1 for row in keypoint_map.rows)
    indices = [row[0][0] for row in keypoint_map.rows]
    assert [SUPERSET30.keypoints[i] for i in indices] == list(GRAPH15.keypoints)


def test_14_evaluation_joints_are_human36ms_without_trunk_and_face():
    assert len(LSP14.keypoints) == 14
    assert set(H36M17.keypoints) - set(LSP14.keypoints) == {'pelvis', 'spine1', 'nose'}
    assert set(LSP14.keypoints) < set(H36M17.keypoints)


def test_h36m_regressor_rows_are_the_joints_by_name():
    # The body's keypoint set names the points anatomically, the skeleton as 3DCrowdNet does.
    for point, joint in zip(KEYPOINT_SETS['h36m17'], H36M17.keypoints):
        if joint.startswith(('left_', 'right_')):
            assert point.removesuffix('_joint') == joint


def random_keypoints(skeleton, dims=2):
    rng = np.random.default_rng(0)
    return rng.normal(size=(4, skeleton.num_keypoints, dims)), rng.integers(
        0, 2, (4, skeleton.num_keypoints)
    ).astype(float)


@pytest.mark.parametrize('source', SOURCES, ids=lambda skeleton: skeleton.name)
def test_joints_with_one_name_are_copied_and_others_absent(source):
    keypoints, visible = random_keypoints(source, dims=3)
    mapped, mapped_visible = superset_map(source).apply(keypoints, visible)
    canonical = {source.canonical(name): i for i, name in enumerate(source.keypoints)}
    for j, name in enumerate(SUPERSET30.keypoints):
        if name in canonical and name != 'neck':
            np.testing.assert_array_equal(mapped[:, j], keypoints[:, canonical[name]])
            np.testing.assert_array_equal(mapped_visible[:, j], visible[:, canonical[name]])
        elif name not in canonical and name not in ('pelvis', 'neck'):
            assert not mapped[:, j].any()
            assert not mapped_visible[:, j].any()


@pytest.mark.parametrize('source', [COCO17, OPENPOSE18, CROWDPOSE14])
def test_pelvis_of_sources_without_one_is_the_midpoint_of_the_hips(source):
    keypoints, visible = random_keypoints(source)
    mapped, mapped_visible = superset_map(source).apply(keypoints, visible)
    left, right = source.indices(['left_hip', 'right_hip'])
    pelvis = SUPERSET30.index('pelvis')
    np.testing.assert_allclose(mapped[:, pelvis], keypoints[:, [left, right]].mean(1))
    np.testing.assert_array_equal(mapped_visible[:, pelvis], visible[:, left] * visible[:, right])


def test_neck_of_coco_is_the_midpoint_of_the_shoulders_with_the_product_of_scores():
    keypoints, _ = random_keypoints(COCO17)
    scores = np.random.default_rng(1).random((4, 17))
    mapped, mapped_scores = superset_map(COCO17).apply(keypoints, scores)
    left, right = COCO17.indices(['left_shoulder', 'right_shoulder'])
    neck = SUPERSET30.index('neck')
    np.testing.assert_allclose(mapped[:, neck], keypoints[:, [left, right]].mean(1))
    np.testing.assert_allclose(mapped_scores[:, neck], scores[:, left] * scores[:, right])


@pytest.mark.parametrize(
    ('source', 'neck', 'head_top'),
    [
        (MPII16, 'upper_neck', 'head_top'),
        (CROWDPOSE14, 'neck', 'top_head'),
        (HALPE26, 'neck', 'head'),
        (OPENPOSE18, 'neck', None),
        (H36M17, 'neck', 'head_top'),
    ],
)
def test_neck_and_head_top_are_the_annotated_ones(source, neck, head_top):
    keypoints, visible = random_keypoints(source)
    mapped, _ = superset_map(source).apply(keypoints, visible)
    np.testing.assert_array_equal(
        mapped[:, SUPERSET30.index('neck')], keypoints[:, source.index(neck)]
    )
    top = mapped[:, SUPERSET30.index('head_top')]
    np.testing.assert_array_equal(
        top, keypoints[:, source.index(head_top)] if head_top else 0 * top
    )


def test_pelvis_of_mpii_is_the_annotated_one():
    keypoints, visible = random_keypoints(MPII16)
    mapped, mapped_visible = superset_map(MPII16).apply(keypoints, visible)
    pelvis = SUPERSET30.index('pelvis')
    np.testing.assert_array_equal(mapped[:, pelvis], keypoints[:, MPII16.index('pelvis')])
    np.testing.assert_array_equal(mapped_visible[:, pelvis], visible[:, MPII16.index('pelvis')])


@pytest.mark.parametrize('source', SOURCES, ids=lambda skeleton: skeleton.name)
def test_mapping_and_flipping_can_be_exchanged(source):
    keypoints, visible = random_keypoints(source)
    keypoint_map = superset_map(source)
    mapped, mapped_visible = keypoint_map.apply(
        keypoints[:, source.flip_indices], visible[:, source.flip_indices]
    )
    expected, expected_visible = keypoint_map.apply(keypoints, visible)
    np.testing.assert_allclose(mapped, expected[:, SUPERSET30.flip_indices])
    np.testing.assert_allclose(mapped_visible, expected_visible[:, SUPERSET30.flip_indices])


def test_tensors_are_mapped_alike():
    keypoints, visible = random_keypoints(COCO17)
    expected = superset_map(COCO17).apply(keypoints, visible)
    result = superset_map(COCO17).apply(torch.tensor(keypoints), torch.tensor(visible))
    for got, value in zip(result, expected):
        np.testing.assert_allclose(got, value)
