import numpy as np
import pytest

from mmpose_ext.skeletons import COCO17, HALPE26, MPII16, UNION21
from mmpose_ext.visualization import added_keypoints, draw_keypoints

_RED, _GREEN, _ORANGE, _BLUE = (255, 0, 0), (0, 255, 0), (255, 128, 0), (51, 153, 255)


@pytest.fixture
def spread():
    """21 keypoints far enough apart not to cover each other."""
    return np.array([[30 + 60 * (k % 5), 30 + 60 * (k // 5)] for k in range(21)], float)


def _color_at(image, point):
    x, y = np.round(point).astype(int)
    return tuple(image[y, x].tolist())


def _names(flags):
    return {name for name, flag in zip(UNION21.keypoints, flags, strict=True) if flag}


def test_added_keypoints_are_those_of_the_paper():
    assert _names(added_keypoints(UNION21, 'coco17')) == {
        'pelvis', 'thorax', 'upper_neck', 'head_top',
    }  # fmt: skip
    assert _names(added_keypoints(UNION21, MPII16)) == {
        'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear',
    }  # fmt: skip
    # Halpe calls three of them by other names.
    assert _names(added_keypoints(UNION21, HALPE26)) == {'thorax'}


def test_colors_follow_sides_and_added_ones_are_red(spread):
    image = np.full((300, 320, 3), 90, np.uint8)
    drawn = draw_keypoints(image, spread, base='coco17', channel_order='rgb')
    assert (image == 90).all()
    for name, color in dict(
        left_wrist=_GREEN, right_knee=_ORANGE, nose=_BLUE, head_top=_RED, pelvis=_RED
    ).items():
        assert _color_at(drawn, spread[UNION21.index(name)]) == color
    plain = draw_keypoints(image, spread, channel_order='rgb')
    assert _color_at(plain, spread[UNION21.index('head_top')]) == _BLUE


def test_channel_orders_are_mirror_images(spread):
    image = np.random.default_rng(0).integers(0, 255, (300, 320, 3), np.uint8)
    rgb = draw_keypoints(image[..., ::-1], spread, base=COCO17, channel_order='rgb')
    assert (draw_keypoints(image, spread, base=COCO17) == rgb[..., ::-1]).all()


def test_hidden_and_invalid_keypoints_leave_no_trace(spread):
    image = np.zeros((300, 320, 3), np.uint8)
    scores = np.ones(21)
    k = UNION21.index('left_ankle')
    scores[k] = 0.1
    drawn = draw_keypoints(image, spread, scores)
    x, y = spread[k].astype(int)
    assert not drawn[y - 10 : y + 10, x - 10 : x + 10].any()
    broken = spread.copy()
    broken[k] = np.nan
    assert (draw_keypoints(image, broken) == drawn).all()
    far = spread.copy()
    far[k] = 1e12
    draw_keypoints(image, far)


def test_marks_grow_with_the_person(spread):
    def dot_area(scale):
        image = np.zeros((1000, 1000, 3), np.uint8)
        scores = np.zeros(21)
        scores[[UNION21.index('nose'), UNION21.index('left_ankle')]] = 1
        drawn = draw_keypoints(image, spread * scale, scores)
        return (drawn == np.uint8(_BLUE[::-1])).all(axis=2).sum()

    areas = [dot_area(scale) for scale in (1, 2, 3)]
    assert areas[0] < areas[1] < areas[2]
    # Area grows with the square of the size.
    assert areas[2] / areas[1] == pytest.approx(2.25, rel=0.25)


def test_several_people_in_one_call(spread):
    image = np.zeros((300, 700, 3), np.uint8)
    other = spread + [330, 0]
    both = draw_keypoints(image, np.stack([spread, other]))
    assert (both == draw_keypoints(draw_keypoints(image, spread), other)).all()


def test_wrong_shapes_are_refused(spread):
    image = np.zeros((300, 320, 3), np.uint8)
    with pytest.raises(ValueError, match="'coco': got 21 per person, expected 17"):
        draw_keypoints(image, spread, skeleton='coco17')
    with pytest.raises(ValueError, match='scores'):
        draw_keypoints(image, spread, np.ones(17))
    with pytest.raises(ValueError, match='channel_order'):
        draw_keypoints(image, spread, channel_order='gbr')
