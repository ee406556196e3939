import dataclasses

import numpy as np
import pytest

from mmpose_ext.synthetic.background_textures import (
    TILES,
    choose,
    fractal_noise,
    make_tile,
    random_colour,
    warp_tile,
)
from mmpose_ext.synthetic.scene_effects import photograph
from mmpose_ext.synthetic.scene_style import STYLES

NEUTRAL = dataclasses.replace(
    STYLES['coco'],
    motion_blur=0,
    resample=0,
    jpeg=0,
    exposure=(1, 1),
    contrast=(1, 1),
    saturation=(1, 1),
    white_balance=0,
    noise=(0, 0),
    vignette=(0, 0),
)


def photograph_grey(value: float = 100, **changes):
    image = np.full((120, 160, 3), value, np.uint8)
    style = dataclasses.replace(NEUTRAL, **changes)
    return photograph(image, style, np.random.default_rng(0)).astype(float)


def test_neutral_camera_keeps_a_flat_picture():
    assert (photograph_grey() == 100).all()


def test_each_effect_does_what_its_name_says():
    assert photograph_grey(exposure=(1.2, 1.2)).mean() == pytest.approx(120, abs=1)
    assert photograph_grey(contrast=(0.5, 0.5)).mean() == pytest.approx(114, abs=1)
    assert photograph_grey(saturation=(0, 0)).mean() == pytest.approx(100, abs=1)
    assert photograph_grey(noise=(5, 5)).std() == pytest.approx(5, rel=0.1)
    vignetted = photograph_grey(vignette=(0.3, 0.3))
    assert vignetted[60, 80].mean() == pytest.approx(100, abs=1)
    assert vignetted[0, 0].mean() == pytest.approx(70, abs=2)
    warm = photograph_grey(white_balance=0.2)
    assert np.ptp(warm[0, 0]) > 2


def test_saturation_zero_is_grey():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    grey = photograph(
        image, dataclasses.replace(NEUTRAL, saturation=(0, 0)), np.random.default_rng(0)
    )
    assert np.ptp(grey.astype(int), axis=-1).max() <= 1


def test_choose_follows_the_frequencies():
    rng = np.random.default_rng(0)
    drawn = [choose(dict(a=3, b=0, c=1), rng) for _ in range(4000)]
    assert drawn.count('b') == 0
    assert drawn.count('a') / 4000 == pytest.approx(0.75, abs=0.03)


def test_noise_fills_its_range_smoothly():
    noise = fractal_noise(90, 120, np.random.default_rng(0))
    assert noise.shape == (90, 120)
    assert 0 <= noise.min() < 0.35
    assert 0.65 < noise.max() <= 1
    assert np.abs(np.diff(noise, axis=1)).max() < 0.3


@pytest.mark.parametrize('kind', TILES)
def test_tiles_have_texture_and_repeat_without_seams(kind):
    rng = np.random.default_rng(1)
    tile = make_tile(kind, rng, (80, 120, 160), (200, 60, 30))
    assert tile.std(axis=(0, 1)).min() > 1
    wide = warp_tile(tile, np.eye(3), 600, 900)
    np.testing.assert_array_equal(wide[:256, :256], tile)
    np.testing.assert_array_equal(wide[:256, 256:512], tile[:, ::-1])
    np.testing.assert_array_equal(wide[:88, 512:768], wide[512:, :256])


def test_colour_ranges():
    rng = np.random.default_rng(0)
    colours = np.array([random_colour(rng, (0, 0), (0.5, 0.6)) for _ in range(50)])
    assert np.ptp(colours, axis=1).max() < 1e-9
    assert 127 <= colours.min() <= colours.max() <= 153.1
