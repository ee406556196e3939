import numpy as np
import pytest

from mmpose_ext.rendering import canny_edges, smooth_texture


@pytest.fixture
def wall():
    """A step in brightness, and on both sides of it a fine checkerboard."""
    rows, columns = np.mgrid[:48, :64]
    return (60 + 120 * (columns >= 32) + 40 * ((rows // 4 + columns // 4) % 2)).astype(np.uint8)


def test_texture_goes_and_structure_stays(wall):
    smooth = smooth_texture(wall).astype(float)
    for part in (smooth[:, 6:26], smooth[:, 38:58]):
        assert part.std() < 2
    assert smooth[:, 38:58].mean() - smooth[:, 6:26].mean() > 100
    # The step has not been smeared.
    assert (smooth[:, 34] - smooth[:, 29] > 90).all()


def test_canny_then_finds_the_structure_alone(wall):
    assert (canny_edges(wall)[:, :26].sum(1) > 3).mean() > 0.7
    columns = np.nonzero(canny_edges(smooth_texture(wall)))[1]
    assert set(columns) <= {30, 31, 32, 33}
    assert len(columns) >= 46


def test_the_result_minimises_the_energy_of_its_weights(wall):
    """One iteration solves a quadratic problem: no nearby picture has a lower energy."""
    from mmpose_ext.rendering.texture import _weights

    gray = wall / 255
    strength, scale = 0.01, 3.0
    solved = smooth_texture((wall / 255).astype(np.float32), strength, scale, iterations=1)
    across = _weights(np.diff(gray, axis=1, append=gray[:, -1:]), scale)[:, :-1]
    down = _weights(np.diff(gray, axis=0, append=gray[-1:]), scale)[:-1]

    def energy(picture):
        smoothness = (across * np.diff(picture, axis=1) ** 2).sum()
        smoothness += (down * np.diff(picture, axis=0) ** 2).sum()
        return ((picture - gray) ** 2).sum() + strength * smoothness

    rng = np.random.default_rng(0)
    least = energy(solved.astype(float))
    for _ in range(20):
        assert energy(solved + 0.01 * rng.normal(size=gray.shape)) > least
    assert energy(gray) > least


def test_types_and_ranges_stay(wall):
    assert smooth_texture(wall).dtype == np.uint8
    smooth = smooth_texture((wall / 255).astype(np.float32))
    assert smooth.dtype == np.float32
    np.testing.assert_allclose(smooth, smooth_texture(wall) / 255, atol=0.003)
    np.testing.assert_array_equal(smooth_texture(np.full((9, 7), 200, np.uint8)), 200)


def test_wrong_arguments_are_refused(wall):
    with pytest.raises(ValueError, match='strength got 0'):
        smooth_texture(wall, strength=0)
    with pytest.raises(ValueError, match='expected'):
        smooth_texture(wall[..., None])
