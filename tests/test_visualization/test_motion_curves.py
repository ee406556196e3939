import csv

import cv2
import numpy as np
import pytest

from mmpose_ext.visualization import motion_table, save_motion_curves

TIME = np.arange(8.0)[:, None, None]


@pytest.fixture(scope='module')
def motions():
    random = np.random.default_rng(0)
    start = random.normal(0, 0.3, (1, 5, 3))
    push = np.array([0.0, 0.003, 0.004])
    return start + 0.01 * TIME, start + 0.01 * TIME + push * TIME**2 / 2


def column(rows, motion, key):
    return np.array([row[key] for row in rows if row['motion'] == motion])


def test_table_of_a_steady_prediction_and_a_truth_that_speeds_up(motions):
    steady, target = motions
    rows = motion_table(range(3, 11), 25, dict(ours=steady), target)
    assert len(rows) == 16
    assert column(rows, 'ours', 'frame').tolist() == list(range(3, 11))
    np.testing.assert_allclose(column(rows, 'ours', 'seconds'), np.arange(3, 11) / 25)
    np.testing.assert_allclose(column(rows, 'ours', 'mpjpe'), 2.5 * np.arange(8) ** 2, atol=1e-9)
    np.testing.assert_allclose(column(rows, 'ours', 'pa_mpjpe'), 0, atol=1e-6)
    inner = slice(1, -1)
    np.testing.assert_allclose(column(rows, 'ours', 'accel')[inner], 0, atol=1e-9)
    np.testing.assert_allclose(column(rows, 'ours', 'accel_err')[inner], 5, atol=1e-9)
    np.testing.assert_allclose(column(rows, 'ground truth', 'accel')[inner], 5, atol=1e-9)
    assert np.isnan(column(rows, 'ours', 'accel')[[0, -1]]).all()


def test_no_acceleration_across_missing_frames_and_no_error_without_truth(motions):
    steady, target = motions
    target = target.copy()
    target[5] = np.nan
    rows = motion_table([0, 1, 2, 5, 6, 7, 8, 9], 25, dict(ours=steady), target)
    known = ~np.isnan(column(rows, 'ours', 'accel'))
    assert known.tolist() == [False, True, False, False, True, True, True, False]
    assert np.flatnonzero(np.isnan(column(rows, 'ours', 'mpjpe'))).tolist() == [5]
    assert np.flatnonzero(~np.isnan(column(rows, 'ours', 'accel_err'))).tolist() == [1]
    alone = motion_table(range(8), 25, dict(ours=steady))
    assert np.isnan(column(alone, 'ours', 'mpjpe')).all()
    assert {row['motion'] for row in alone} == {'ours'}


def test_files(motions, tmp_path):
    steady, target = motions
    rows = motion_table(range(8), 25, {'ours': steady, 'theirs': target + 0.01}, target)
    picture, table = save_motion_curves(tmp_path / 'new' / 'walk_p1', rows, 'walk')
    assert {path.name for path in picture.parent.iterdir()} == {'walk_p1.png', 'walk_p1.csv'}
    with table.open(newline='') as file:
        found = list(csv.DictReader(file))
    assert len(found) == 24
    assert found[2]['motion'] == 'ours'
    assert float(found[2]['mpjpe']) == pytest.approx(10)
    assert found[0]['accel'] == ''
    drawn = cv2.imread(str(picture))
    assert drawn.shape[:2] == (800, 900)
    # Curves in the first two colours of matplotlib.
    for color in ((0x1F, 0x77, 0xB4), (0xFF, 0x7F, 0x0E)):
        assert (np.abs(drawn[..., ::-1].astype(int) - color).max(-1) < 8).sum() > 100


def test_what_does_not_fit_is_refused(motions, tmp_path):
    steady, target = motions
    for arguments, message in (
        (([0, 1, 1], 25, dict(a=steady[:3])), r'frames got \[0, 1, 1\], expected ascending'),
        ((range(7), 25, dict(a=steady)), r"motion 'a' got shape \(8, 5, 3\), expected one row"),
        ((range(8), 25, dict(a=steady[:, :4]), target), r"motion 'a' got .* expected \(8, 5, 3\)"),
        ((range(8), 25, {'ground truth': steady}), 'motions got the name'),
    ):
        with pytest.raises(ValueError, match=message):
            motion_table(*arguments)
    with pytest.raises(ValueError, match='got no frames'):
        save_motion_curves(tmp_path / 'a', [])
