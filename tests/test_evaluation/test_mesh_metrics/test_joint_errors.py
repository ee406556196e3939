import numpy as np
import pytest
import scipy.spatial
from scipy.spatial.transform import Rotation

from mmpose_ext.evaluation.functional import auc, joint_distances, mpjpe, mpvpe, pa_mpjpe, pck3d


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.fixture
def bodies(random):
    target = random.normal(0, 0.3, (4, 5, 14, 3))
    return target + random.normal(0, 0.05, target.shape), target


def aligned_by_hand(source, target):
    """One body: rotation by SciPy's Kabsch, then the best scale for that rotation."""
    centred, wanted = source - source.mean(0), target - target.mean(0)
    turned = Rotation.align_vectors(wanted, centred)[0].apply(centred)
    scale = (turned * wanted).sum() / (centred**2).sum()
    return scale * turned + target.mean(0)


def error_by_hand(predicted, target):
    return np.mean([np.sqrt(((a - b) ** 2).sum()) for a, b in zip(predicted, target)])


def test_errors_are_those_of_a_loop_over_bodies(bodies):
    predicted, target = bodies
    assert mpjpe(*bodies).shape == pa_mpjpe(*bodies).shape == (4, 5)
    for i in np.ndindex(4, 5):
        assert mpjpe(*bodies)[i] == pytest.approx(error_by_hand(predicted[i], target[i]))
        aligned = aligned_by_hand(predicted[i], target[i])
        assert pa_mpjpe(*bodies)[i] == pytest.approx(error_by_hand(aligned, target[i]))
        assert mpvpe(*bodies)[i] == pytest.approx(error_by_hand(predicted[i], target[i]))
    assert (pa_mpjpe(*bodies) < mpjpe(*bodies)).all()


def test_similarities_do_not_change_the_aligned_error(bodies, random):
    predicted, target = bodies
    rotations = Rotation.random(20, random_state=1).as_matrix().reshape(4, 5, 3, 3)
    scales = random.uniform(0.2, 5, (4, 5, 1, 1))
    moved = scales * predicted @ rotations + random.normal(0, 3, (4, 5, 1, 3))
    np.testing.assert_allclose(pa_mpjpe(moved, target), pa_mpjpe(predicted, target))
    exact = scales * target @ rotations + 1
    np.testing.assert_allclose(pa_mpjpe(exact, target), 0, atol=1e-12)


def test_a_mirrored_body_stays_wrong(bodies):
    _, target = bodies
    mirrored = target * [-1, 1, 1]
    errors = pa_mpjpe(mirrored, target)
    for i in np.ndindex(4, 5):
        # SciPy's procrustes may mirror, and then nothing is wrong.
        assert scipy.spatial.procrustes(target[i], mirrored[i])[2] < 1e-12
        aligned = aligned_by_hand(mirrored[i], target[i])
        assert errors[i] == pytest.approx(error_by_hand(aligned, target[i]))
    assert (errors > 0.02).all()


def test_moved_and_scaled_bodies_have_known_errors(bodies):
    _, target = bodies
    shift = np.array([0.3, -0.4, 1.2])
    np.testing.assert_allclose(mpjpe(target + shift, target), 1.3)
    np.testing.assert_allclose(mpvpe(target + shift, target), 1.3)
    root = target.mean(axis=-2)
    np.testing.assert_allclose(mpvpe(target + shift, target, root + shift, root), 0, atol=1e-12)
    np.testing.assert_allclose(mpvpe(target, target, None, shift), 1.3)
    sizes = np.linalg.norm(target - root[..., None, :], axis=-1).mean(-1)
    np.testing.assert_allclose(mpvpe(1.5 * target, target, 1.5 * root, root), 0.5 * sizes)
    np.testing.assert_allclose(pa_mpjpe(1.5 * target + shift, target), 0, atol=1e-12)


def test_errors_keep_the_precision_of_the_points(random):
    target = random.normal(0, 0.3, (2, 6000, 3))
    np.testing.assert_allclose(mpvpe(target + [1e-9, 0, 0], target), 1e-9, rtol=1e-5)
    far = (target + [0, 0, 8]).astype(np.float32)
    close = far + np.float32(2**-10)
    expected = np.linalg.norm(close.astype(float) - far, axis=-1).mean(-1)
    np.testing.assert_allclose(mpvpe(close, far), expected, rtol=1e-6)


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_bad_points_show_in_the_error_of_their_body_only(bodies, value):
    predicted, target = (points.copy() for points in bodies)
    predicted[1, 2, 3, 0] = value
    for measure in (mpjpe, mpvpe):
        finite = np.isfinite(measure(predicted, target))
        assert not finite[1, 2]
        assert finite.sum() == 19


def test_shares_of_correct_keypoints_count_distances():
    target = np.zeros((2, 4, 3))
    predicted = target.copy()
    predicted[0, :, 0] = 0, 0.1499, 0.15, 0.4
    predicted[1, :, 2] = 0.012, 0.02, 0.149, 0.0001
    np.testing.assert_array_equal(joint_distances(predicted, target)[0], predicted[0, :, 0])
    np.testing.assert_allclose(pck3d(predicted, target), [0.5, 1])
    np.testing.assert_allclose(pck3d(predicted, target, threshold=0.02), [0.25, 0.5])
    # Of the 31 thresholds 0, 5, … 150 mm: how many exceed each distance.
    counts = np.array([[30, 1, 0, 0], [28, 26, 1, 30]])
    np.testing.assert_allclose(auc(predicted, target), counts.mean(1) / 31)


def test_joints_that_are_not_valid_do_not_count(bodies, random):
    predicted, target = (points.copy() for points in bodies)
    valid = random.random((4, 5, 14)) < 0.6
    valid[0, 0], valid[0, 1] = False, True
    predicted[~valid] = np.nan
    for measure in (mpjpe, pa_mpjpe, pck3d, auc):
        errors = measure(predicted, target, valid=valid)
        for i in np.ndindex(4, 5):
            if valid[i].any():
                alone = measure(predicted[i][valid[i]], target[i][valid[i]])
                assert errors[i] == pytest.approx(float(alone))
        assert np.isnan(errors[0, 0])


def test_shapes_must_agree():
    for measure in (mpjpe, pa_mpjpe, mpvpe, pck3d, auc):
        with pytest.raises(ValueError, match=r'\(2, 14, 3\).*\(2, 17, 3\)'):
            measure(np.zeros((2, 14, 3)), np.zeros((2, 17, 3)))
