import dataclasses

import numpy as np
import pytest

from mmpose_ext.geometry import PinholeCamera
from mmpose_ext.synthetic.background import FLOORS, make_background
from mmpose_ext.synthetic.background_places import OPEN_PLACES, PLACES
from mmpose_ext.synthetic.scene_ground import Ground
from mmpose_ext.synthetic.scene_style import STYLES

CAMERA = PinholeCamera(150, 150, 79.5, 59.5, 160, 120)


def test_every_place_has_a_floor_and_every_style_names_places():
    assert set(PLACES) == set(FLOORS)
    assert set(PLACES) > OPEN_PLACES
    assert all(set(style.places) <= set(PLACES) for style in STYLES.values())


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('pitch', [-1.2, 0, 0.3, 1.2, np.pi / 2])
def test_any_place_from_any_pitch(place, pitch):
    style = dataclasses.replace(STYLES['coco'], places={place: 1})
    ground = Ground(np.array([0, -np.cos(pitch), -np.sin(pitch)]), 1.7)
    for seed in range(6):
        image, row = make_background(CAMERA, ground, style, np.random.default_rng(seed))
        assert image.shape == (120, 160, 3)
        assert 0 <= row <= 120
        # Clutter, not a flat colour.
        assert image.std() > 2


@pytest.mark.parametrize('place', PLACES)
@pytest.mark.parametrize('row', [0, 1, 60, 120])
def test_floor_may_begin_in_any_row(place, row):
    for seed in range(6):
        image = np.zeros((120, 160, 3), np.uint8)
        PLACES[place](image, row, np.random.default_rng(seed))
