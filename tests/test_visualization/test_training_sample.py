import numpy as np
import pytest

from mmpose_ext.datasets.label_tier import DERIVED, LABELLED, NONE, TEACHER
from mmpose_ext.skeletons import UNION21
from mmpose_ext.visualization import draw_training_sample

_INPUT, _CANVAS = (48, 64), (64, 64)


@pytest.fixture
def sample():
    image = np.full((*_CANVAS[::-1], 3), 100, np.uint8)
    keypoints = np.zeros((21, 2))
    weights = np.zeros(21)
    tiers = np.full(21, NONE)
    names = dict(left_wrist=(10, 20), right_hip=(40, 50), pelvis=(20, 40))
    for name, place in names.items():
        keypoints[UNION21.index(name)] = place
        weights[UNION21.index(name)] = 1
        tiers[UNION21.index(name)] = LABELLED
    tiers[UNION21.index('pelvis')] = DERIVED
    tiers[UNION21.index('head_top')] = TEACHER
    return dict(image=image, keypoints=keypoints, weights=weights, tiers=tiers)


def test_keypoints_lie_in_the_student_window(sample):
    shown = draw_training_sample(**sample, skeleton=UNION21, input_size=_INPUT, zoom=4)
    window = draw_training_sample(
        **sample, skeleton=UNION21, input_size=_INPUT, zoom=4, canvas=False
    )
    green = (0, 255, 0)
    # The canvas is 16 px wider, so the window begins 8 px from its left edge.
    assert tuple(shown[4 * 20 + 2, 4 * (10 + 8) + 2]) == green
    assert tuple(window[4 * 20 + 2, 4 * 10 + 2]) == green


def test_outside_of_the_window_is_dark(sample):
    shown = draw_training_sample(**sample, skeleton=UNION21, input_size=_INPUT, zoom=1)
    assert (shown[30, :8] < 60).all()
    assert (shown[5, 20] == 100).all()


def test_tiers_have_marks_of_their_own(sample):
    shown = draw_training_sample(**sample, skeleton=UNION21, input_size=_INPUT, zoom=4)
    blue = (255, 153, 51)
    y, x = 4 * 40 + 2, 4 * (20 + 8) + 2
    # A diamond is hollow, a dot is not.
    assert tuple(shown[y, x]) != blue
    assert (shown[y - 8 : y + 9, x - 8 : x + 9] == np.uint8(blue)).all(axis=2).any()
    legend = shown[:, 4 * _CANVAS[0] :]
    rows = {name: legend[16 * k : 16 * (k + 1), :20] for k, name in enumerate(UNION21.keypoints)}
    marks = {rows[name].tobytes() for name in ('right_hip', 'pelvis', 'head_top', 'nose')}
    assert len(marks) == 4
