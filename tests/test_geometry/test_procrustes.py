import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from mmpose_ext.geometry import axis_angle_to_matrix, procrustes, similarity_align

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(6, 14, 3))
OTHERS = POINTS + RNG.normal(0, 0.3, POINTS.shape)
WEIGHTS = RNG.random((6, 14))


def cost(source, target, weights=1.0):
    return (weights * ((source - target) ** 2).sum(-1)).sum(-1)


def test_known_similarity_is_recovered():
    scale, shift = RNG.uniform(0.3, 3, 6), RNG.normal(size=(6, 3))
    rotation = Rotation.random(6, random_state=0).as_matrix()
    target = scale[:, None, None] * POINTS @ rotation.swapaxes(1, 2) + shift[:, None]
    found = procrustes(POINTS, target)
    np.testing.assert_allclose(found[0], scale, rtol=1e-12)
    np.testing.assert_allclose(found[1], rotation, atol=1e-12)
    np.testing.assert_allclose(found[2], shift, atol=1e-12)
    np.testing.assert_allclose(similarity_align(POINTS, target), target, atol=1e-12)


def test_result_does_not_depend_on_the_pose_of_the_source():
    moved = 0.4 * POINTS @ Rotation.random(random_state=1).as_matrix() + [1, -20, 3]
    np.testing.assert_allclose(
        similarity_align(moved, OTHERS), similarity_align(POINTS, OTHERS), atol=1e-11
    )


@pytest.mark.parametrize('weighted', [False, True])
def test_nothing_a_numerical_search_finds_is_closer(weighted):
    weights = WEIGHTS if weighted else np.ones_like(WEIGHTS)
    aligned = similarity_align(POINTS, OTHERS, WEIGHTS if weighted else None)
    for source, target, weight, result in zip(POINTS[:2], OTHERS, weights, aligned):

        def objective(x, source=source, target=target, weight=weight):
            turned = source @ axis_angle_to_matrix(x[:3]).T
            return cost(np.exp(x[3]) * turned + x[4:], target, weight)

        best = min(
            minimize(objective, np.r_[start, 0, 0, 0, 0], options={'gtol': 1e-6}).fun
            for start in Rotation.random(4, random_state=2).as_rotvec()
        )
        np.testing.assert_allclose(cost(result, target, weight), best, rtol=1e-8)


def test_mirrored_points_are_not_mirrored_back():
    mirrored = OTHERS * [-1, 1, 1]
    scale, rotation, _ = procrustes(POINTS, mirrored)
    np.testing.assert_allclose(np.linalg.det(rotation), 1, atol=1e-12)
    assert (scale > 0).all()
    for source, target, found in zip(POINTS, mirrored, rotation):
        expected, _ = Rotation.align_vectors(target - target.mean(0), source - source.mean(0))
        np.testing.assert_allclose(found, expected.as_matrix(), atol=1e-9)


def test_points_without_weight_have_no_influence():
    weights = np.r_[np.ones(10), np.zeros(4)]
    outliers = OTHERS.copy()
    outliers[:, 10:] += 100
    np.testing.assert_allclose(
        similarity_align(POINTS, outliers, np.broadcast_to(weights, (6, 14)))[:, :10],
        similarity_align(POINTS[:, :10], OTHERS[:, :10]),
        atol=1e-10,
    )


def test_planar_and_coincident_points_are_aligned():
    plane = POINTS * [1, 1, 0]
    rotation = procrustes(plane, plane @ Rotation.random(random_state=3).as_matrix())[1]
    np.testing.assert_allclose(np.linalg.det(rotation), 1, atol=1e-9)
    same = np.ones((14, 3))
    scale, rotation, translation = procrustes(same, OTHERS[0])
    assert scale == 0
    np.testing.assert_allclose(np.linalg.det(rotation), 1)
    np.testing.assert_allclose(translation, OTHERS[0].mean(0))


def test_tensors_give_the_same_and_keep_gradients():
    tensors = [torch.tensor(x) for x in (POINTS, OTHERS, WEIGHTS)]
    result = similarity_align(*tensors)
    np.testing.assert_allclose(result, similarity_align(POINTS, OTHERS, WEIGHTS), atol=1e-12)
    source = tensors[0][:2].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: similarity_align(x, tensors[1][:2]), source)


def test_leading_dimensions_and_precision_are_kept():
    source, target = (x.reshape(2, 3, 14, 3).astype(np.float32) for x in (POINTS, OTHERS))
    scale, rotation, translation = procrustes(source, target)
    assert scale.shape == (2, 3)
    assert rotation.shape == (2, 3, 3, 3)
    assert translation.shape == (2, 3, 3)
    aligned = similarity_align(source, target)
    assert {x.dtype for x in (scale, rotation, translation, aligned)} == {np.dtype(np.float32)}
    np.testing.assert_allclose(
        aligned.reshape(6, 14, 3), similarity_align(POINTS, OTHERS), atol=2e-6
    )


def test_wrong_arguments_are_errors():
    with pytest.raises(ValueError, match=r'\(6, 14, 3\) and target points of shape \(5, 14, 3\)'):
        procrustes(POINTS, OTHERS[:5])
    with pytest.raises(ValueError, match='NaN or infinite'):
        procrustes(POINTS * np.nan, OTHERS)
    with pytest.raises(ValueError, match='weights got'):
        procrustes(POINTS, OTHERS, -WEIGHTS)
    with pytest.raises(ValueError, match='weights got'):
        procrustes(POINTS, OTHERS, np.zeros((6, 14)))
    with pytest.raises(TypeError, match='expected only tensors or no tensor'):
        procrustes(torch.tensor(POINTS), OTHERS)
