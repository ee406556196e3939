import numpy as np
import pytest

from mmpose_ext.skeletons import COCO17, OPENPOSE18
from mmpose_ext.synthetic.observation import Observation, Points
from mmpose_ext.synthetic.openpose import simulate_openpose

AREA = 8000.0


def someone(at, visible=True, covered=False, inside=True):
    pixels = np.float32(at) + np.float32([10, 7]) * np.arange(26, dtype=np.float32)[:, None]
    flags = [np.full(26, flag) for flag in (inside, visible and inside, covered)]
    points = Points(pixels, *flags)
    return Observation(
        points, points.part(slice(16)), np.ones((1, 1), bool), (0, 0, 1, 1), 1, np.zeros(4)
    )


def results(people, count=200, index=0):
    rng = np.random.default_rng(0)
    areas = [AREA] * len(people)
    return np.stack([simulate_openpose(people, areas, index, rng) for _ in range(count)])


def test_what_is_visible_is_found_where_it_is():
    person = someone((20, 30))
    found = results([person])
    truth = {name: person.coco17.pixels[COCO17.index(name)] for name in COCO17.keypoints}
    truth['neck'] = (truth['left_shoulder'] + truth['right_shoulder']) / 2
    expected = np.array([truth[name] for name in OPENPOSE18.keypoints])
    seen = found[..., 2] > 0
    assert seen.mean() == pytest.approx(0.98, abs=0.01)
    assert found[seen][:, 2].min() > 0.4
    means = (found * seen[..., None]).sum(0)[:, :2] / seen.sum(0)[:, None]
    assert np.abs(means - expected).max() < 1.5


def test_errors_scale_with_the_keypoint_and_the_person():
    found = results([someone((20, 30))], 1000)
    found[found[..., 2] == 0] = np.nan
    spread = np.nanstd(found[..., :2], axis=0).mean(-1)
    ratio = spread / (2 * np.array(OPENPOSE18.sigmas) * np.sqrt(AREA))
    assert np.ptp(ratio) < 0.15 * ratio.mean()


def test_what_is_covered_is_missed_more_often_and_less_certain():
    seen, hidden = results([someone((20, 30))]), results([someone((20, 30), False, True)])
    assert (hidden[..., 2] == 0).mean() > 0.4 > 0.1 > (seen[..., 2] == 0).mean()
    assert hidden[..., 2].max() < seen[seen[..., 2] > 0][:, 2].min() + 0.05
    assert (hidden[hidden[..., 2] > 0][:, 2] > 0.05).all()


def test_missed_keypoints_are_zero_and_none_lies_outside_of_the_image():
    hidden = results([someone((20, 30), False, True)])
    assert (hidden[hidden[..., 2] == 0] == 0).all()
    assert not results([someone((20, 30), inside=False)]).any()


def test_covered_keypoints_are_confused_with_those_in_front():
    behind, front = someone((20, 30), False, True), someone((50, 30))
    alone, crowded = results([behind], 600), results([behind, front], 600)

    def offset(found):
        x = np.where(found[..., 2] > 0, found[..., 0], np.nan)
        return np.nanmean(x, axis=0)

    # Half of them are moved by 30 pixels with the probability of 0.35; the neck as the others.
    assert np.abs(offset(crowded) - offset(alone) - 0.35 * 30).max() < 5
    far = results([behind, someone((500, 30))], 600)
    assert np.abs(offset(far) - offset(alone)).max() < 3
