import numpy as np
import pytest

from mmpose_ext.apis.label_extension import ExtensionSettings, extend_person
from mmpose_ext.skeletons import COCO17, UNION21

_LABELLED, _DERIVED, _PREDICTED, _NONE = 3, 2, 1, 0


@pytest.fixture
def labels():
    """A COCO person with one hip and one wrist unlabelled."""
    rows = np.column_stack([np.arange(17) * 3.25, np.arange(17) * 7.0, np.full(17, 2.0)])
    rows[COCO17.index('left_shoulder'), 2] = 1
    rows[COCO17.index('left_hip')] = 0
    rows[COCO17.index('left_wrist')] = 0
    return rows


@pytest.fixture
def predictions():
    return np.full((21, 2), 500.123), np.linspace(0.2, 1, 21)


def _of(result, name):
    keypoints, tiers, confidences = result
    k = UNION21.index(name)
    return keypoints[k].tolist(), tiers[k], confidences[k]


def test_labels_come_through_untouched(labels, predictions):
    result = extend_person(labels, *predictions, ExtensionSettings())
    for name, row in zip(COCO17.keypoints, labels, strict=True):
        keypoint, tier, confidence = _of(result, name)
        assert keypoint == row.tolist()
        assert (tier, confidence) == ((_LABELLED, 1.0) if row[2] else (_NONE, 0.0))


def test_midpoint_comes_before_prediction(labels, predictions):
    result = extend_person(labels, *predictions, ExtensionSettings())
    left, right = labels[COCO17.index('left_shoulder')], labels[COCO17.index('right_shoulder')]
    middle = ((left + right) / 2)[:2].tolist()
    # The lower visibility of the two shoulders.
    assert _of(result, 'thorax') == ([*middle, 1.0], _DERIVED, 1.0)
    # One hip is not labelled, so the pelvis is no midpoint.
    assert _of(result, 'pelvis')[:2] == ([500.12, 500.12, 1.0], _PREDICTED)
    assert _of(result, 'head_top') == ([500.12, 500.12, 1.0], _PREDICTED, 1.0)


def test_settings_decide_what_is_filled(labels, predictions):
    filled = extend_person(labels, *predictions, ExtensionSettings(fill='unlabelled'))
    assert _of(filled, 'left_wrist')[1] == _PREDICTED
    no_midpoints = extend_person(labels, *predictions, ExtensionSettings(derive=False))
    assert _of(no_midpoints, 'thorax')[1] == _PREDICTED
    strict = extend_person(labels, *predictions, ExtensionSettings(threshold=0.99))
    assert _of(strict, 'upper_neck') == ([0, 0, 0], _NONE, 0)
    assert _of(strict, 'head_top')[1] == _PREDICTED


def test_unknown_words_are_refused(labels, predictions):
    with pytest.raises(ValueError, match="fill: got 'all'"):
        ExtensionSettings(fill='all')
    with pytest.raises(ValueError, match="source: got 'halpe'"):
        extend_person(labels, *predictions, ExtensionSettings(source='halpe'))
