import numpy as np
import pytest

from mmpose_ext.evaluation.functional import (
    acceleration,
    acceleration_error,
    consecutive_triples,
    whole_triples,
)


def test_equals_a_loop():
    random = np.random.default_rng(0)
    predicted, target = random.normal(size=(2, 9, 5, 3))
    for values, expected in (
        (acceleration(predicted), predicted),
        (acceleration_error(predicted, target), predicted - target),
    ):
        for t in range(1, 8):
            lengths = [
                np.linalg.norm(expected[t - 1, j] - 2 * expected[t, j] + expected[t + 1, j])
                for j in range(5)
            ]
            assert values[t - 1] == pytest.approx(np.mean(lengths))
        assert len(values) == 7


def test_steady_motion_has_none_and_a_parabola_its_factor():
    random = np.random.default_rng(1)
    time = np.arange(8.0)[:, None, None]
    start, speed = random.normal(size=(2, 4, 3))
    np.testing.assert_allclose(acceleration(start + speed * time), 0, atol=1e-12)
    push = np.array([[3.0, 0, 4], [0, 0, 0], [0, 12, 5], [0, 2, 0]])
    moved = start + speed * time + push * time**2 / 2
    np.testing.assert_allclose(acceleration(moved), np.mean([5, 0, 13, 2]), atol=1e-12)
    np.testing.assert_allclose(acceleration_error(moved, speed * time), 5, atol=1e-12)
    # A body that does not move has no acceleration, and the whole of the true one as error.
    frozen = np.zeros_like(moved)
    assert acceleration(frozen).max() == 0
    np.testing.assert_allclose(acceleration_error(frozen, moved), 5, atol=1e-12)


def test_float32_is_computed_in_float64():
    points = (1e3 + np.arange(6)[:, None, None] * np.ones((6, 2, 3))).astype(np.float32)
    assert acceleration(points).dtype == np.float64
    assert acceleration(points).max() == 0


@pytest.mark.parametrize('frames', [0, 1, 2])
def test_fewer_than_three_frames_have_none(frames):
    assert acceleration(np.zeros((frames, 4, 3))).shape == (0,)
    assert whole_triples(np.ones(frames)).shape == (0,)
    assert consecutive_triples(np.zeros(frames), np.arange(frames)).shape == (0,)


def test_triples_end_where_a_frame_is_invalid_or_missing_or_another_track_begins():
    assert whole_triples([1, 1, 1, 0, 1, 1, 1]).tolist() == [True, False, False, False, True]
    tracks = [0, 0, 0, 0, 0, 1, 1, 1]
    frames = [4, 5, 6, 8, 9, 10, 11, 12]
    found = consecutive_triples(tracks, frames)
    assert found.tolist() == [True, False, False, False, False, True]


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r'points got shape \(4, 3\), expected \(F, J, 3\)'):
        acceleration(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r'shapes \(4, 2, 3\) and \(3, 2, 3\)'):
        acceleration_error(np.zeros((4, 2, 3)), np.zeros((3, 2, 3)))
